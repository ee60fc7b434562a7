import { expect } from "chai";
import { createHash } from "node:crypto";
import { fidOf, fidOfRoot } from "../../../src/encoding/merkle.js";
import { decryptRange } from "../../../src/encoding/segment-cipher.js";
import { digestFile, EmptyFileError } from "../../../src/encoding/file-digest.js";
import { ThreadEncoder } from "../../../src/encoding/thread-encoder.js";
import { PLAIN } from "../../../src/model/file.js";
import { type Hash, ZERO_FRAGMENT_HASH } from "../../../src/model/hash.js";
import { FRAGMENT_SIZE, SEGMENT_SIZE } from "../../../src/model/sizes.js";
import { TestFolder, vectorBytes } from "./vector-bytes.js";
import { madeFragment } from "../../support/made-fragment.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex") as Hash;

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("it should have been rejected"),
    (error: unknown) => error,
  );
}

describe("ThreadEncoder", () => {
  const folder = new TestFolder();
  const encoder = new ThreadEncoder({ threads: 2 });
  const size = 3_000_001;
  const bytes = vectorBytes(11, size);
  const path = folder.write("small", bytes);
  const whole = [{ path, offset: 0, length: size }];
  after(async () => {
    await encoder.close();
    folder.remove();
  });

  it("gives each of the twelve fragments with the hash it announced", async () => {
    const { fragments } = await encoder.hashSegment(whole, PLAIN);
    const wanted = fragments.map((hash, index) => ({ index, hash }));
    const made = await encoder.fragments(whole, PLAIN, wanted);
    expect(made.map((bytes) => bytes && sha256(bytes))).to.deep.equal(fragments);
    const wrong = await encoder.fragments(whole, PLAIN, [wanted[5]!, { index: 6, hash: ZERO_FRAGMENT_HASH }]);
    expect(
      wrong.map((bytes) => bytes && sha256(bytes)),
      "another hash is wanted",
    ).to.deep.equal([fragments[5], undefined]);
    expect(fragments.slice(1, 4)).to.deep.equal([ZERO_FRAGMENT_HASH, ZERO_FRAGMENT_HASH, ZERO_FRAGMENT_HASH]);
  });

  it("writes fragments into the memory that it is given, and returns that", async () => {
    const { fragments } = await encoder.hashSegment(whole, PLAIN);
    const wanted = [5, 0, 6].map((index) => ({ index, hash: fragments[index]! }));
    const into = wanted.map(() => new Uint8Array(new SharedArrayBuffer(FRAGMENT_SIZE)).fill(0xaa));
    const [fifth, , wrong] = await encoder.fragments(
      whole,
      PLAIN,
      [...wanted.slice(0, 2), { ...wanted[2]!, hash: ZERO_FRAGMENT_HASH }],
      {
        into,
      },
    );
    expect(fifth).to.equal(into[0]);
    expect(into.map(sha256)).to.deep.equal(wanted.map(({ hash }) => hash));
    expect(wrong, "another hash is wanted").to.equal(undefined);
  });

  it("hashes the same however the content is cut into slices of several files", async () => {
    const second = folder.write("second", Buffer.concat([Buffer.alloc(5), bytes.subarray(1_234_567)]));
    const cut = [
      { path, offset: 0, length: 65_535 },
      { path, offset: 65_535, length: 0 },
      { path, offset: 65_535, length: 1_234_567 - 65_535 },
      { path: second, offset: 5, length: size - 1_234_567 },
    ];
    expect(await encoder.hashSegment(cut, PLAIN)).to.deep.equal(await encoder.hashSegment(whole, PLAIN));
  });

  it("restores the data fragments from parity alone, and verifies them", async () => {
    const { fragments } = await encoder.hashSegment(whole, PLAIN);
    const available = await Promise.all(
      [11, 4, 7, 9].map(async (index) => ({ index, bytes: await madeFragment(encoder, whole, PLAIN, index) })),
    );
    const wanted = fragments.slice(0, 4).map((hash, index) => ({ index, hash }));
    const last = await encoder.reconstruct(available, wanted.slice(3));
    expect(last.made.map((made) => made && sha256(made))).to.deep.equal([fragments[3]]);
    const { made } = await encoder.reconstruct(last.available, wanted);
    expect(made.map((data) => data && sha256(data))).to.deep.equal(fragments.slice(0, 4));
    expect(Buffer.compare(made[0]!.subarray(0, size), bytes)).to.equal(0);
    expect(await encoder.verify(made[1]!, ZERO_FRAGMENT_HASH)).to.have.length(FRAGMENT_SIZE);
    expect(await encoder.verify(made[0]!, ZERO_FRAGMENT_HASH)).to.equal(undefined);
  });

  it("does not give what it made when that has another hash than wanted", async () => {
    const available = await Promise.all(
      [1, 2, 3, 4].map(async (index) => ({ index, bytes: await madeFragment(encoder, whole, PLAIN, index) })),
    );
    const { made } = await encoder.reconstruct(available, [{ index: 0, hash: ZERO_FRAGMENT_HASH }]);
    expect(made).to.deep.equal([undefined]);
  });

  it("verifies a view into a larger buffer without taking the buffer away", async () => {
    const shared = new Uint8Array(64).fill(7);
    const view = shared.subarray(16, 32);
    expect(await encoder.verify(view, sha256(view))).to.deep.equal(new Uint8Array(16).fill(7));
    expect(shared).to.have.length(64);
  });

  it("encrypts as cess-cbc says, and any range of the ciphertext decrypts by itself", async () => {
    const cipher = "correct-horse";
    const format = { name: "cess-cbc", cipher } as const;
    const ciphertext = await madeFragment(encoder, whole, format, 0);
    const clear = (from: number, to: number) =>
      decryptRange(
        cipher,
        from === 0 ? undefined : ciphertext.subarray(from - 16, from),
        ciphertext.subarray(from, to),
      );
    expect(Buffer.compare(clear(0, 160), bytes.subarray(0, 160))).to.equal(0);
    expect(Buffer.compare(clear(1_000_000, 2_000_000), bytes.subarray(1_000_000, 2_000_000))).to.equal(0);
    const last = await madeFragment(encoder, whole, format, 3);
    const tail = decryptRange(cipher, last.subarray(-48, -32), last.subarray(-32));
    expect([...tail]).to.deep.equal([...new Array<number>(16).fill(0), ...new Array<number>(16).fill(16)]);
  });

  it("refuses content that is too long, a file shorter than its slice, and a cipher of no or 33 bytes", async () => {
    expect(
      await rejection(encoder.hashSegment([{ path, offset: 0, length: SEGMENT_SIZE + 1 }], PLAIN)),
    ).to.be.instanceOf(RangeError);
    expect(await rejection(encoder.hashSegment([{ path, offset: 1, length: size }], PLAIN)))
      .to.have.property("message")
      .that.includes("ends before");
    for (const cipher of ["", "x".repeat(33)])
      expect(await rejection(encoder.hashSegment(whole, { name: "cess-cbc", cipher })))
        .to.have.property("message")
        .that.includes("1 to 32 bytes");
  });

  it("lets a caller leave at once, whether its task waits or runs", async () => {
    const controllers = Array.from({ length: 6 }, () => new AbortController());
    const tasks = controllers.map(({ signal }) => rejection(encoder.hashSegment(whole, PLAIN, { signal })));
    for (const controller of controllers) controller.abort(new Error("gone"));
    for (const error of await Promise.all(tasks)) expect(error).to.have.property("message", "gone");
    expect(await madeFragment(encoder, whole, PLAIN, 1)).to.have.length(FRAGMENT_SIZE);
  });

  it("does foreground work before background work that came earlier", async () => {
    const single = new ThreadEncoder({ threads: 1 });
    const order: string[] = [];
    const run = (name: string, priority: "foreground" | "background") =>
      single.hashSegment(whole, PLAIN, { priority }).then(() => order.push(name));
    await Promise.all([
      ...["b1", "b2", "b3"].map((name) => run(name, "background")),
      ...["f1", "f2"].map((name) => run(name, "foreground")),
    ]);
    expect(order).to.deep.equal(["b1", "f1", "f2", "b2", "b3"]);
    await single.close();
  });

  it("refuses with SlowDown when too many callers wait, and rejects the waiting ones when it is closed", async () => {
    const narrow = new ThreadEncoder({ threads: 1, waitingTasks: 2 });
    const running = rejection(narrow.hashSegment(whole, PLAIN));
    const waiting = [1, 2].map(() => rejection(narrow.hashSegment(whole, PLAIN)));
    expect(await rejection(narrow.hashSegment(whole, PLAIN))).to.have.property("kind", "overloaded");
    await narrow.close();
    for (const error of await Promise.all(waiting)) expect(error).to.have.property("message", "the encoder is closed");
    expect(await running).to.be.instanceOf(Error);
    expect(await rejection(narrow.hashSegment(whole, PLAIN))).to.have.property("message", "the encoder is closed");
  });

  it("hashes a segment alone to the same hash, though nothing that codes is accepted any more", async () => {
    const narrow = new ThreadEncoder({ threads: 1, waitingTasks: 1 });
    const coding = [1, 2].map(() => narrow.hashSegment(whole, PLAIN));
    expect(await rejection(narrow.hashSegment(whole, PLAIN))).to.have.property("kind", "overloaded");
    const hash = await narrow.segmentHash(whole, PLAIN);
    for (const segment of await Promise.all(coding)) expect(segment.hash).to.equal(hash);
    const left = AbortSignal.abort(new Error("gone"));
    expect(await rejection(narrow.segmentHash(whole, PLAIN, { signal: left }))).to.have.property("message", "gone");
    await narrow.close();
    expect(await rejection(narrow.segmentHash(whole, PLAIN))).to.have.property("message", "the encoder is closed");
  });

  it("digests a local file as its segments, one by one, would be", async () => {
    const digest = await digestFile(encoder, path, PLAIN);
    const segment = await encoder.hashSegment(whole, PLAIN);
    expect(digest).to.deep.equal({ fid: fidOf([segment.hash]), size, segments: [segment] });
    expect(fidOfRoot([[segment], [segment]])).to.equal(fidOf([segment.hash, segment.hash]));
    const empty = folder.write("empty", new Uint8Array());
    expect(await rejection(digestFile(encoder, empty, PLAIN))).to.be.instanceOf(EmptyFileError);
  });
});
