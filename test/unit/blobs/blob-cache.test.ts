import { expect } from "chai";
import fc from "fast-check";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobCache } from "../../../src/blobs/blob-cache.js";
import { newBlobName, packedBlobId, packedBlobName } from "../../../src/blobs/blob-id.js";
import { BlobMissing } from "../../../src/blobs/blobs.js";
import { FileBlobs } from "../../../src/blobs/file-blobs.js";
import type { BlobId } from "../../../src/model/object.js";
import { KIB } from "../../../src/model/sizes.js";
import { collect } from "../../support/collect.js";

// eslint-disable-next-line @typescript-eslint/require-await
async function* one(bytes: Uint8Array) {
  yield bytes;
}

describe("Small blobs that were just written", () => {
  let folder: string;
  let blobs: FileBlobs;
  const open = async (recentBytes: number) => {
    blobs = await FileBlobs.open({ folder, recentBytes });
  };
  const write = async (bytes: Uint8Array | string) => (await blobs.write(one(Buffer.from(bytes)))).id;
  const text = async (id: BlobId) => (await collect(blobs.read(id))).toString();
  /** What is on the disk is of no use any more. */
  const spoil = async () => {
    for (const name of await readdir(join(folder, "packs"))) await writeFile(join(folder, "packs", name), "");
  };
  const failure = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "recent-"));
  });
  afterEach(async () => {
    await blobs.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("are read from memory, whole and in ranges, wherever in their pack they lie", async () => {
    await open(100 * KIB);
    const first = await write("first");
    const [second, third] = await Promise.all([write("second"), write("third")]);
    await spoil();
    expect([await text(first), await text(second), await text(third)]).to.deep.equal(["first", "second", "third"]);
    expect((await collect(blobs.read(third, { start: 1, end: 4 }))).toString()).to.equal("hir");
    expect(Buffer.from(blobs.inMemory(second, { start: 2, end: 6 })!).toString()).to.equal("cond");
    expect(await collect(blobs.read(third, { start: 2, end: 2 }))).to.deep.equal(Buffer.alloc(0));
  });

  it("are read from the disk when later ones have taken their room, the oldest first", async () => {
    await open(3 * KIB);
    const ids: BlobId[] = [];
    for (let n = 0; n < 4; n++) ids.push(await write(Buffer.alloc(700, n)));
    expect(ids.map((id) => blobs.inMemory(id)?.length)).to.deep.equal([undefined, 700, 700, 700]);
    expect(await collect(blobs.read(ids[0]!))).to.deep.equal(Buffer.alloc(700, 0));
  });

  it("take the room of their records, too, so that a limit holds for the smallest", async () => {
    await open(3 * KIB);
    const ids: BlobId[] = [];
    for (let n = 0; n < 100; n++) ids.push(await write("x"));
    expect(ids.filter((id) => blobs.inMemory(id)).length).to.be.within(5, 12);
  });

  it("are not kept where there is no room for them, or none is wanted", async () => {
    await open(1 * KIB);
    expect(blobs.inMemory(await write(Buffer.alloc(2 * KIB)))).to.equal(undefined);
    await blobs.close();
    await open(0);
    const id = await write("on the disk alone");
    expect(blobs.inMemory(id)).to.equal(undefined);
    expect(await text(id)).to.equal("on the disk alone");
  });

  it("are gone when they are removed", async () => {
    await open(100 * KIB);
    const [id, other] = await Promise.all([write("gone"), write("stays")]);
    blobs.settle([id, other]);
    await blobs.remove([id]);
    expect(blobs.inMemory(id)).to.equal(undefined);
    expect(await failure(collect(blobs.read(id)))).to.be.instanceOf(BlobMissing);
    expect(await text(other)).to.equal("stays");
  });

  it("are the bytes that were written, from memory or from the disk, in whatever order they come and go", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.uint8Array({ maxLength: 900 }), { maxLength: 6 })), async (groups) => {
        await open(4 * KIB);
        const written: { readonly id: BlobId; readonly bytes: Uint8Array }[] = [];
        for (const group of groups)
          written.push(...(await Promise.all(group.map(async (bytes) => ({ id: await write(bytes), bytes })))));
        for (const { id, bytes } of written) expect(await collect(blobs.read(id))).to.deep.equal(Buffer.from(bytes));
        await blobs.close();
      }),
      { numRuns: 25 },
    );
    await open(0);
  });
});

const pack = newBlobName();
const LIMIT = 64 * KIB;

/** Writes some bytes, each a blob of its own of 1 KiB, as one group. */
function written(cache: BlobCache, ...values: readonly number[]) {
  const begin = values[0]! * KIB;
  const memory = Buffer.concat(values.map((value) => Buffer.alloc(KIB, value)));
  const ids = values.map((value) => {
    const offset = value * KIB;
    return packedBlobId(packedBlobName(pack, offset), { pack, offset, length: KIB }, 0);
  });
  cache.add(ids, memory, begin);
  return ids;
}

describe("Small blobs that were written as one", () => {
  it("give way together, in the order in which they came", () => {
    const cache = new BlobCache(LIMIT);
    const ids = Array.from({ length: 100 }, (_, group) => written(cache, 2 * group, 2 * group + 1));
    const kept = ids.map((group) => group.filter((id) => cache.read(id)).length);
    const first = kept.indexOf(2);
    expect(kept).to.deep.equal([...Array<number>(first).fill(0), ...Array<number>(100 - first).fill(2)]);
    // Two KiB, and what it takes to find them.
    expect(100 - first).to.equal(Math.floor(LIMIT / (2 * KIB + 2 * 256)));
  });

  it("may all give way to one group, and others come after it", () => {
    const cache = new BlobCache(4 * KIB);
    const [before] = written(cache, 1);
    const [alone] = written(cache, 2, 3, 4);
    expect([before, alone].map((id) => cache.read(id!) !== undefined)).to.deep.equal([false, true]);
    const [after] = written(cache, 5, 6);
    expect([alone, after].map((id) => cache.read(id!) !== undefined)).to.deep.equal([false, true]);
    written(cache, 7, 8, 9, 10);
    expect(cache.read(after!), "what is larger than the limit is not kept, and nothing makes room for it").not.to.equal(
      undefined,
    );
  });
});
