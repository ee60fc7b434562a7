import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Fid, ZERO_FRAGMENT_HASH } from "../../../src/model/hash.js";
import { FRAGMENT_SIZE, KIB } from "../../../src/model/sizes.js";
import { FragmentMismatch, FragmentStore } from "../../../src/storage-node/fragment-store.js";
import { failure, sha256 } from "../../suites/nodes.js";

const fid = sha256(Buffer.from("fid")) as Fid;

async function* chunks(bytes: Uint8Array, size = 100_001): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size)
    yield await Promise.resolve(bytes.subarray(start, start + size));
}

describe("FragmentStore", () => {
  let folder: string;
  let store: FragmentStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "cess-s3-store-"));
    store = new FragmentStore(folder);
    await store.open();
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function content(of = store, hash = ZERO_FRAGMENT_HASH): Promise<Buffer> {
    const file = await of.read(fid, hash);
    const bytes = await file!.readFile();
    await file!.close();
    return bytes;
  }

  it("keeps a fragment that is mostly zeros in less than 100 KiB, and gives it back whole", async () => {
    const bytes = new Uint8Array(FRAGMENT_SIZE);
    bytes.set(randomBytes(10 * KIB), 3_000_001);
    bytes[FRAGMENT_SIZE - 5] = 1;
    const hash = sha256(bytes);
    await store.put(fid, hash, chunks(bytes));
    const { blocks, size } = await stat(join(folder, fid, hash));
    expect(size).to.equal(FRAGMENT_SIZE);
    expect(blocks * 512).to.be.lessThan(100 * KIB);
    expect(store.usage).to.equal(blocks * 512);
    expect((await content(store, hash)).equals(bytes)).to.equal(true);
  });

  it("keeps the fragment of zeros for nothing, whether named or sent", async () => {
    await store.putZeros(fid);
    expect(store.usage).to.be.lessThan(8 * KIB);
    await store.put(fid, ZERO_FRAGMENT_HASH, chunks(new Uint8Array(FRAGMENT_SIZE)));
    expect(store.usage).to.be.lessThan(8 * KIB);
    expect(sha256(await content())).to.equal(ZERO_FRAGMENT_HASH);
  });

  it("counts what it holds once, again after a restart, and down when it drops", async () => {
    const bytes = randomBytes(FRAGMENT_SIZE);
    const hash = sha256(bytes);
    await Promise.all([store.put(fid, hash, chunks(bytes)), store.put(fid, hash, chunks(bytes))]);
    expect(store.usage).to.be.within(FRAGMENT_SIZE, FRAGMENT_SIZE + 64 * KIB);
    const again = new FragmentStore(folder);
    await again.open();
    expect(again.usage).to.equal(store.usage);
    await again.exclusive(fid, () => again.remove(fid, [hash]));
    expect(again.usage).to.equal(0);
    expect(await readdir(folder)).to.deep.equal(["incoming"]);
  });

  it("leaves nothing of bytes that are too few, too many, of another hash, or cut off", async () => {
    const bytes = randomBytes(FRAGMENT_SIZE);
    const put = (data: Uint8Array, hash = sha256(data)) => failure(store.put(fid, hash, chunks(data)));
    expect(await put(bytes.subarray(1)))
      .to.be.instanceOf(FragmentMismatch)
      .with.property("what", "size");
    expect(await put(Buffer.concat([bytes, Buffer.from("x")]))).to.have.property("what", "size");
    expect(await put(bytes, sha256(Buffer.from("other")))).to.have.property("what", "hash");
    const reason = new Error("cut");
    const cut = (async function* () {
      yield* chunks(bytes.subarray(0, 1_000_000));
      throw reason;
    })();
    expect(await failure(store.put(fid, sha256(bytes), cut))).to.equal(reason);
    expect(await readdir(folder)).to.deep.equal(["incoming"]);
    expect(await readdir(join(folder, "incoming"))).to.deep.equal([]);
    expect(store.usage).to.equal(0);
  });

  it("removes what a crash left unfinished", async () => {
    await writeFile(join(folder, "incoming", "half"), "x");
    await new FragmentStore(folder).open();
    expect(await readdir(join(folder, "incoming"))).to.deep.equal([]);
  });
});
