import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { ThreadEncoder } from "../../../src/encoding/thread-encoder.js";
import { DomainError } from "../../../src/model/errors.js";
import { type CessFile, type DataKey, PLAIN, type SegmentFormat } from "../../../src/model/file.js";
import { ZERO_FRAGMENT_HASH } from "../../../src/model/hash.js";
import { FRAGMENT_SIZE, SEGMENT_SIZE } from "../../../src/model/sizes.js";
import type { FragmentPlace } from "../../../src/retrieval/fragment-source.js";
import { StoredForm } from "../../../src/retrieval/stored-form.js";
import { TestFolder } from "../encoding/vector-bytes.js";
import { MemoryNetwork, nodeAccount } from "./memory-network.js";

describe("How a file of the network is stored", () => {
  const folder = new TestFolder();
  const encoder = new ThreadEncoder({ threads: 2 });
  const network = new MemoryNetwork(encoder);
  const cbc: SegmentFormat = { name: "cess-cbc", cipher: "open sesame" };
  /** Fragments that were fetched, as segment and index. */
  let fetched: string[];
  let lost: boolean;
  let form: StoredForm;

  const get = ({ file, segment, fragment }: FragmentPlace): Promise<Uint8Array> => {
    fetched.push(`${segment}/${fragment}`);
    const hash = file.segments[segment]!.fragments[fragment]!;
    if (hash === ZERO_FRAGMENT_HASH) return Promise.resolve(new Uint8Array(FRAGMENT_SIZE));
    const bytes = network.nodes.fragments.get(`${nodeAccount(fragment)}/${hash}`)!;
    return lost
      ? Promise.reject(new DomainError({ kind: "objectUnavailable" }, "it is lost"))
      : Promise.resolve(bytes.slice());
  };

  beforeEach(() => {
    fetched = [];
    lost = false;
    form = new StoredForm({ get });
  });
  after(async () => {
    await encoder.close();
    folder.remove();
  });

  /** As the chain describes a file that was stored in this format: it says nothing of the format. */
  async function stored(size: number, format: SegmentFormat, content = randomBytes(size)): Promise<CessFile> {
    const file = await network.store(folder.write("content", content), size, format);
    return { ...file, format: PLAIN };
  }
  const made = new Map<number, Promise<CessFile>>();
  /** So many random bytes in DeOSS's format: made once, since it takes a second for each segment. */
  const encrypted = (size: number): Promise<CessFile> => {
    const file = made.get(size) ?? stored(size, cbc);
    made.set(size, file);
    return file;
  };
  const kind = (promise: Promise<unknown>) =>
    promise.then(
      () => "none",
      (error: unknown) => (error as { kind?: string }).kind,
    );

  for (const [size, where] of [
    [10, ["0/0"]],
    [FRAGMENT_SIZE, []],
    [2 * FRAGMENT_SIZE + 1, ["0/2"]],
    [SEGMENT_SIZE - 3, ["0/3"]],
    [SEGMENT_SIZE, []],
    [SEGMENT_SIZE + FRAGMENT_SIZE + 5, ["1/1"]],
  ] as const)
    it(`is plain where zeros follow its ${size} bytes`, async () => {
      const file = await stored(size, PLAIN);
      expect(await form.asStored(file)).to.deep.equal(file);
      expect(fetched).to.deep.equal(where);
      await form.asStored(file);
      expect(fetched, "it is remembered").to.deep.equal(where);
      expect(await kind(form.decrypted(file, "open sesame"))).to.equal("noCipherNeeded");
    });

  it("is plain if it ends in zeros itself", async () => {
    const file = await stored(100, PLAIN, Buffer.concat([randomBytes(50), Buffer.alloc(50)]));
    expect((await form.asStored(file)).size).to.equal(100);
    const zeros = await stored(100, PLAIN, Buffer.alloc(100));
    expect((await form.asStored(zeros)).size).to.equal(100);
  });

  it("is encrypted where other bytes follow, and then all that is stored is given", async () => {
    for (const [size, segments, where] of [
      // Its other fragments are no zeros: nothing is fetched.
      [10, 1, []],
      [FRAGMENT_SIZE, 1, []],
      [SEGMENT_SIZE - 20, 1, ["0/3"]],
      // One byte more than an encrypted segment holds, and fewer than a plain one.
      [SEGMENT_SIZE - 15, 2, []],
    ] as const) {
      fetched = [];
      const file = await encrypted(size);
      expect(await form.asStored(file)).to.deep.equal({ ...file, size: segments * SEGMENT_SIZE });
      expect(fetched, String(size)).to.deep.equal(where);
    }
  });

  it("is encrypted, too, in this gateway's own format", async () => {
    const file = await stored(70_000, { name: "aes-256-gcm", key: "ab".repeat(32) as DataKey, first: 0 });
    expect((await form.asStored(file)).size).to.equal(SEGMENT_SIZE);
    expect(await kind(form.decrypted(file, "open sesame"))).to.equal("wrongCipher");
  });

  it("is decrypted with its cipher, of which the end of the last segment is the proof", async () => {
    for (const size of [10, SEGMENT_SIZE - 16, SEGMENT_SIZE + 5]) {
      const file = await encrypted(size);
      fetched = [];
      expect(await form.decrypted(file, "open sesame")).to.deep.equal({ ...file, format: cbc });
      await form.decrypted(file, "open sesame");
      expect(fetched).to.deep.equal([`${file.segments.length - 1}/3`]);
    }
  });

  it("is refused with another cipher, again and again, whatever its size", async () => {
    for (const size of [10, SEGMENT_SIZE + 5]) {
      const file = await encrypted(size);
      for (const cipher of ["open sesam", "Open sesame", "x", "y".repeat(32), "open sesame"])
        expect(await kind(form.decrypted(file, cipher)), cipher).to.equal(
          cipher === "open sesame" ? "none" : "wrongCipher",
        );
      expect(await kind(form.decrypted(file, "x"))).to.equal("wrongCipher");
    }
  });

  it("is not guessed when the bytes that tell it cannot be had, and found out later", async () => {
    const file = await stored(10, PLAIN);
    lost = true;
    expect(await kind(form.asStored(file))).to.equal("objectUnavailable");
    lost = false;
    expect((await form.asStored(file)).size).to.equal(10);
  });
});
