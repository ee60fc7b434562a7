import { expect } from "chai";
import fc from "fast-check";
import { BlobMissing, type Blobs } from "../../src/blobs/blobs.js";
import { damageOf } from "../../src/model/damage.js";
import type { ByteRange } from "../../src/model/byte-range.js";
import type { BlobId } from "../../src/model/object.js";
import { eventually } from "../support/eventually.js";

const missing = "0123456789abcdef0123456789abcdef" as BlobId;

async function* chunksOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    await Promise.resolve();
    yield chunk;
  }
}

async function bytesOf(blobs: Blobs, id: BlobId, range?: ByteRange): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of blobs.read(id, range)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.fail("it should have failed"),
    (error: unknown) => error,
  );
}

/**
 * What every implementation of Blobs does. `open` gives an empty one; `damage` flips a bit of a blob's byte; `age` lets all
 * that was written become old enough to be swept, where that is a matter of time.
 */
export function blobsContract(
  open: () => Promise<Blobs>,
  damage: (blobs: Blobs, id: BlobId, position: number) => Promise<unknown>,
  age: () => Promise<void> = () => Promise.resolve(),
): void {
  let blobs: Blobs;
  const listed = async () => {
    const ids: BlobId[] = [];
    for await (const blob of blobs.list()) ids.push(blob.id);
    return ids.sort();
  };

  beforeEach(async () => {
    blobs = await open();
  });
  afterEach(() => blobs.close());

  it("gives back exactly the bytes that were written, however they were cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 30 }), async (chunks) => {
        const { id, size } = await blobs.write(chunksOf(...chunks));
        expect(size).to.equal(Buffer.concat(chunks).length);
        expect((await bytesOf(blobs, id)).equals(Buffer.concat(chunks))).to.equal(true);
      }),
      { numRuns: 25 },
    );
  });

  it("gives back any range, the empty one included", async () => {
    const bytes = Buffer.from(Array.from({ length: 700_000 }, (_, index) => (index * 7919) & 0xff));
    const { id } = await blobs.write(chunksOf(bytes.subarray(0, 300_000), bytes.subarray(300_000)));
    for (const [start, end] of [
      [0, 1],
      [0, 0],
      [5, 5],
      [299_999, 300_001],
      [262_143, 262_145],
      [699_999, 700_000],
      [0, 700_000],
    ] as const) {
      expect((await bytesOf(blobs, id, { start, end })).equals(bytes.subarray(start, end)), `${start}-${end}`).to.equal(
        true,
      );
    }
  });

  it("fails a range beyond the bytes instead of giving fewer", async () => {
    const { id } = await blobs.write(chunksOf(Buffer.alloc(10)));
    expect(await failureOf(bytesOf(blobs, id, { start: 5, end: 11 })))
      .to.be.an("error")
      .with.property("message")
      .that.matches(/ends at byte 10/);
  });

  it("fails with BlobMissing where there is no blob, for the empty range too", async () => {
    expect(await failureOf(bytesOf(blobs, missing))).to.be.instanceOf(BlobMissing);
    expect(await failureOf(bytesOf(blobs, missing, { start: 0, end: 0 }))).to.be.instanceOf(BlobMissing);
  });

  it("passes the source's error on and leaves nothing behind", async () => {
    const error = new Error("the client went away");
    async function* broken() {
      yield* chunksOf(Buffer.alloc(100_000));
      throw error;
    }
    expect(await failureOf(blobs.write(broken()))).to.equal(error);
    expect(await listed()).to.deep.equal([]);
  });

  it("stops at once when aborted, even while the source is silent, and tells the source", async () => {
    const abort = new AbortController();
    let told = false;
    let given = 0;
    let silent: () => void = () => undefined;
    const isSilent = new Promise<void>((resolve) => (silent = resolve));
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          if (given++ === 0) return Promise.resolve({ value: Buffer.alloc(1000) });
          silent();
          return new Promise(() => undefined);
        },
        return: () => {
          told = true;
          return new Promise(() => undefined);
        },
      }),
    };
    const writing = failureOf(blobs.write(source, { signal: abort.signal }));
    await isSilent;
    const reason = new Error("enough");
    abort.abort(reason);
    expect(await writing).to.equal(reason);
    expect(told).to.equal(true);
    expect(await listed()).to.deep.equal([]);
  });

  it("refuses an aborted signal before it takes a byte", async () => {
    const reason = new Error("never");
    expect(await failureOf(blobs.write(chunksOf(Buffer.alloc(1)), { signal: AbortSignal.abort(reason) }))).to.equal(
      reason,
    );
  });

  it("lists a blob with its size once it is settled, and not before", async () => {
    const blob = await blobs.write(chunksOf(Buffer.alloc(12)));
    expect(await listed()).to.deep.equal([]);
    blobs.settle([blob.id]);
    await age();
    const found = [];
    for await (const one of blobs.list()) found.push(one);
    expect(found).to.deep.equal([blob]);
  });

  it("removes blobs, again and unknown ones without error", async () => {
    const { id } = await blobs.write(chunksOf(Buffer.alloc(12)));
    await blobs.remove([id, missing]);
    await blobs.remove([id]);
    expect(await failureOf(bytesOf(blobs, id))).to.be.instanceOf(BlobMissing);
  });

  it("keeps a pinned blob readable through its removal until the last pin is given back", async () => {
    const { id } = await blobs.write(chunksOf(Buffer.from("held")));
    const first = blobs.pin([id]);
    const second = blobs.pin([id]);
    await blobs.remove([id]);
    expect((await bytesOf(blobs, id)).toString()).to.equal("held");
    expect(await listed(), "a pinned blob is not swept").to.deep.equal([]);
    first();
    first();
    expect((await bytesOf(blobs, id)).toString()).to.equal("held");
    second();
    await eventually("the blob is gone", async () => {
      const failure = await failureOf(bytesOf(blobs, id)).catch(() => undefined);
      return failure instanceof BlobMissing;
    });
  });

  it("keeps a blob that was pinned and never removed", async () => {
    const { id } = await blobs.write(chunksOf(Buffer.from("kept")));
    blobs.settle([id]);
    blobs.pin([id])();
    await age();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await listed()).to.deep.equal([id]);
  });

  it("writes many blobs at once, each under an id of its own", async () => {
    const written = await Promise.all(
      Array.from({ length: 100 }, (_, index) => blobs.write(chunksOf(Buffer.from(`blob ${index}`)))),
    );
    expect(new Set(written.map((blob) => blob.id)).size).to.equal(100);
    for (const [index, blob] of written.entries())
      expect((await bytesOf(blobs, blob.id)).toString()).to.equal(`blob ${index}`);
  });

  for (const size of [10, 65_536, 65_537, 200_000]) {
    it(`fails where a byte of ${size} is not what was written, before any byte of that piece`, async () => {
      const bytes = Buffer.from(Array.from({ length: size }, (_, index) => (index * 31) & 0xff));
      for (const position of [0, size >> 1, size - 1]) {
        const { id } = await blobs.write(chunksOf(bytes));
        expect(blobs.isChecked(id)).to.equal(true);
        await damage(blobs, id, position);
        const got: Uint8Array[] = [];
        const failure = await failureOf(
          (async () => {
            for await (const chunk of blobs.read(id)) got.push(Uint8Array.from(chunk));
          })(),
        );
        const start = Math.floor(position / 65_536) * 65_536;
        const length = Math.min(65_536, size - start);
        expect(damageOf(failure)?.slices).to.deep.equal([{ blob: id, offset: start, length }]);
        const before = Buffer.concat(got);
        expect(before.equals(bytes.subarray(0, before.length)) && before.length <= start, "wrong bytes").to.equal(true);
      }
    });
  }

  it("gives every range that touches no damaged piece", async () => {
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 31) & 0xff));
    const { id } = await blobs.write(chunksOf(bytes));
    await damage(blobs, id, 70_000);
    for (const [start, end] of [
      [0, 65_536],
      [131_072, 200_000],
      [199_999, 200_000],
      [70_000, 70_000],
    ] as const)
      expect((await bytesOf(blobs, id, { start, end })).equals(bytes.subarray(start, end)), `${start}`).to.equal(true);
    for (const [start, end] of [
      [65_535, 65_537],
      [131_071, 131_072],
      [70_001, 70_002],
    ] as const)
      expect(damageOf(await failureOf(bytesOf(blobs, id, { start, end }))), `${start}`).not.to.equal(undefined);
  });

  it("says how many bytes are free", async () => {
    expect(await blobs.free()).to.be.greaterThan(0);
  });

  describe("in quarantine", () => {
    /** A blob of its own file where there are such. */
    const large = async (text: string) => {
      const { id } = await blobs.write(chunksOf(Buffer.from(text.padEnd(100_000, "."))));
      blobs.settle([id]);
      await age();
      return id;
    };
    const inQuarantine = async () => {
      const all = (await blobs.quarantine.files()).map(({ name }) => blobs.quarantine.blobs(name));
      return (await Promise.all(all)).flat().sort();
    };

    it("are missing, and are there again with every byte when they are put back", async () => {
      const [kept, aside] = [await large("kept"), await large("aside")];
      await blobs.quarantine.add([aside, missing]);
      expect(await failureOf(bytesOf(blobs, aside))).to.be.instanceOf(BlobMissing);
      expect(await listed()).to.deep.equal([kept]);
      expect(await inQuarantine()).to.deep.equal([aside]);
      const [file] = await blobs.quarantine.files();
      expect(file?.size, "with what it is checked against").to.be.within(100_000, 100_100);
      await blobs.quarantine.putBack(file!.name);
      expect((await bytesOf(blobs, aside)).toString()).to.equal("aside".padEnd(100_000, "."));
      expect(await blobs.quarantine.files()).to.deep.equal([]);
      expect(await listed()).to.deep.equal([kept, aside].sort());
    });

    it("go for good when they are discarded, however often", async () => {
      const id = await large("garbage");
      await blobs.quarantine.add([id]);
      const [file] = await blobs.quarantine.files();
      await blobs.quarantine.discard(file!.name);
      await blobs.quarantine.discard(file!.name);
      await blobs.quarantine.putBack(file!.name);
      expect(await failureOf(bytesOf(blobs, id))).to.be.instanceOf(BlobMissing);
      expect(await inQuarantine()).to.deep.equal([]);
    });

    it("are never those that are pinned, or whose row may be about to be written", async () => {
      const [pinned, { id: arriving }] = [await large("pinned"), await blobs.write(chunksOf(Buffer.alloc(100_000)))];
      const unpin = blobs.pin([pinned]);
      await blobs.quarantine.add([pinned, arriving]);
      unpin();
      for (const id of [pinned, arriving]) expect(await bytesOf(blobs, id)).to.have.length(100_000);
    });
  });

  describe("while removals are held", () => {
    it("stay readable although they are removed, until the last hold ends", async () => {
      const { id } = await blobs.write(chunksOf(Buffer.from("held")));
      const [first, second] = [await blobs.holdRemovals(), await blobs.holdRemovals()];
      await blobs.remove([id]);
      await blobs.quarantine.add([id]);
      first();
      first();
      expect((await bytesOf(blobs, id)).toString()).to.equal("held");
      second();
      await eventually("the blob is gone", async () => {
        const failure = await failureOf(bytesOf(blobs, id)).catch(() => undefined);
        return failure instanceof BlobMissing;
      });
    });
  });
}
