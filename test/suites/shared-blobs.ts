import { expect } from "chai";
import { BlobMissing, type Blobs } from "../../src/blobs/blobs.js";
import type { BlobId } from "../../src/model/object.js";
import { ByteStream } from "../../src/streams/byte-stream.js";
import { collect } from "../support/collect.js";
import { eventually } from "../support/eventually.js";

export interface SharedBlobs extends Blobs {
  upkeep(): Promise<void>;
}

/** Staging that several processes use. */
export interface SharedStaging {
  /** One more process. `linked`: what the catalog links. */
  open(linked: ReadonlySet<BlobId>): Promise<SharedBlobs>;
  /** Lets all that was written until now, and is finished, become as old as anything in staging may be. */
  age(): Promise<void>;
  /** How many files or objects with blobs there are, unfinished ones included. */
  stored(): Promise<number>;
}

const LARGE = 200_000;

/** What every implementation of Blobs does that several processes may use at once. */
export function sharedBlobsContract(prepare: () => Promise<SharedStaging>): void {
  let staging: SharedStaging;
  let linked: Set<BlobId>;
  let one: SharedBlobs;
  let other: SharedBlobs;
  let opened: SharedBlobs[];

  const open = async () => {
    const blobs = await staging.open(linked);
    opened.push(blobs);
    return blobs;
  };
  beforeEach(async () => {
    opened = [];
    linked = new Set();
    staging = await prepare();
    one = await open();
    other = await open();
  });
  afterEach(async () => {
    for (const blobs of opened) await blobs.close();
  });

  /** Writes it and links it, as a request does. */
  const put = async (blobs: Blobs, text: string, size = text.length): Promise<BlobId> => {
    const { id } = await blobs.write(ByteStream.of(Buffer.from(text.padEnd(size, "."))));
    blobs.requireFresh([id]);
    linked.add(id);
    blobs.settle([id]);
    return id;
  };
  /** Removes it as a request does whose transaction has unlinked it. */
  const remove = async (blobs: Blobs, ...ids: BlobId[]) => {
    for (const id of ids) linked.delete(id);
    await blobs.remove(ids);
  };
  const read = async (blobs: Blobs, id: BlobId) => (await collect(blobs.read(id))).toString().replace(/\.+$/, "");
  const listed = async (blobs: Blobs) => {
    const ids: BlobId[] = [];
    for await (const { id } of blobs.list()) ids.push(id);
    return ids.sort();
  };
  const upkeep = async () => {
    // What one has written down the other sees in its next round.
    for (let round = 0; round < 2; round++) for (const blobs of opened) await blobs.upkeep();
  };
  const isMissing = (blobs: Blobs, id: BlobId) =>
    read(blobs, id).then(
      () => false,
      (error: unknown) => error instanceof BlobMissing,
    );

  it("gives every process what any of them has written, at once", async () => {
    for (const [writer, reader] of [
      [one, other],
      [other, one],
    ] as const)
      for (const size of [10, LARGE]) {
        expect(await read(reader, await put(writer, "text", size))).to.equal("text");
        expect(await read(reader, await put(writer, "more", size))).to.equal("more");
      }
  });

  it("frees what another process wrote: a large blob at once", async () => {
    const id = await put(one, "large", LARGE);
    await remove(other, id);
    expect(await isMissing(one, id)).to.equal(true);
    expect(await staging.stored()).to.equal(0);
  });

  it("frees small blobs that several processes remove, in any order, when the last of them is removed", async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, (_, n) => put(one, `blob ${n}`)));
    const third = await open();
    for (const [n, id] of ids.slice(1).entries()) await remove([one, other, third][n % 3]!, id);
    await staging.age();
    await upkeep();
    expect(await read(other, ids[0]!), "one is needed").to.equal("blob 0");
    await remove(other, ids[0]!);
    await upkeep();
    expect(await staging.stored()).to.equal(0);
  });

  it("never removes what another process has just written and not linked, whatever else is removed beside it", async () => {
    const gone = await put(one, "gone");
    const { id: fresh } = await one.write(ByteStream.of(Buffer.from("fresh")));
    await remove(other, gone);
    await upkeep();
    expect(await listed(other)).to.deep.equal([]);
    await other.quarantine.add([fresh, gone]);
    await upkeep();
    expect(await read(one, fresh)).to.equal("fresh");
    expect(await read(other, fresh)).to.equal("fresh");
  });

  for (const size of [10, LARGE])
    it(`leaves a fresh blob of ${size} bytes to its writer, and sweeps it when it is old and nothing links it`, async () => {
      const { id } = await one.write(ByteStream.of(Buffer.alloc(size)));
      expect(await listed(other)).to.deep.equal([]);
      await other.quarantine.add([id]);
      expect(await collect(one.read(id))).to.have.length(size);
      one.settle([id]);
      expect(await listed(other), "its row may be on its way to a catalog that answers late").to.deep.equal([]);
      await staging.age();
      expect(await listed(other)).to.deep.equal([id]);
      await other.quarantine.add([id]);
      expect(await isMissing(other, id)).to.equal(true);
      const files = await other.quarantine.files();
      expect(files).to.have.length(1);
      expect(await other.quarantine.blobs(files[0]!.name)).to.deep.equal([id]);
    });

  it("gives a blob that was swept and is needed after all to whoever reads it", async () => {
    const { id } = await one.write(ByteStream.of(Buffer.from("needed".padEnd(LARGE, "."))));
    await staging.age();
    await other.quarantine.add([id]);
    linked.add(id);
    expect(await read(one, id)).to.equal("needed");
    expect(await read(other, id)).to.equal("needed");
  });

  it("lets one process put back what another has set aside", async () => {
    const id = await put(one, "aside", LARGE);
    linked.delete(id);
    await staging.age();
    await other.quarantine.add([id]);
    const third = await open();
    const [file] = await third.quarantine.files();
    await third.quarantine.putBack(file!.name);
    await other.quarantine.putBack(file!.name);
    await other.quarantine.discard(file!.name);
    for (const blobs of opened) expect(await read(blobs, id)).to.equal("aside");
  });

  it("writes many small blobs of two processes at once, and keeps each until it is removed", async () => {
    const ids = await Promise.all(Array.from({ length: 60 }, (_, n) => put(n % 2 === 0 ? one : other, `blob ${n}`)));
    for (const [n, id] of ids.entries()) if (n % 3 === 0) await remove(n % 4 === 0 ? one : other, id);
    await staging.age();
    await upkeep();
    for (const [n, id] of ids.entries())
      if (n % 3 !== 0) for (const blobs of opened) expect(await read(blobs, id)).to.equal(`blob ${n}`);
  });

  it("leaves alone what another process is writing when one starts", async () => {
    let go: () => void = () => undefined;
    const paused = new Promise<void>((resolve) => (go = resolve));
    let began: () => void = () => undefined;
    const beginning = new Promise<void>((resolve) => (began = resolve));
    async function* slow() {
      yield Buffer.alloc(LARGE, "a");
      began();
      await paused;
      yield Buffer.alloc(LARGE, "b");
    }
    const writing = one.write(slow());
    await beginning;
    await open();
    await upkeep();
    go();
    const { id } = await writing;
    expect(await collect(other.read(id))).to.have.length(2 * LARGE);
  });

  it("keeps everything, whichever process removes it, while one of them holds removals", async () => {
    const ids = [await put(one, "large", LARGE), await put(one, "small")];
    const release = await one.holdRemovals();
    await remove(other, ids[0]!);
    await remove(one, ids[1]!);
    await staging.age();
    await upkeep();
    const third = await open();
    await third.quarantine.add(ids);
    for (const [n, text] of ["large", "small"].entries()) {
      const stored = await collect(third.read(ids[n]!)).catch((error: unknown) => error);
      expect(String(stored)).to.match(new RegExp(`^${text}`));
    }
    release();
    await eventually("all is gone", async () => {
      await upkeep();
      return (await staging.stored()) === 0;
    });
  });
}
