import { expect } from "chai";
import { BlobCache } from "../../../src/blobs/blob-cache.js";
import { newBlobName, packedBlobId, packedBlobName } from "../../../src/blobs/blob-id.js";
import { KIB } from "../../../src/model/sizes.js";

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

describe("The small blobs that were written last", () => {
  it("are there with their bytes, those of a range too, until they are deleted", () => {
    const cache = new BlobCache(LIMIT);
    const [first, second] = written(cache, 3, 4);
    expect(cache.read(second!)).to.deep.equal(Buffer.alloc(KIB, 4));
    expect(cache.read(first!, { start: 10, end: 12 })).to.deep.equal(Buffer.alloc(2, 3));
    cache.delete(first!);
    expect(cache.read(first!)).to.equal(undefined);
    expect(cache.read(second!)).not.to.equal(undefined);
  });

  it("give way in the order in which they came, those that were written together together", () => {
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
