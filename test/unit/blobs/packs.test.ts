import { expect } from "chai";
import { appendFile, mkdtemp, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { placeInPack } from "../../../src/blobs/blob-id.js";
import { BlobMissing } from "../../../src/blobs/blobs.js";
import { FileBlobs, type FileBlobsSettings } from "../../../src/blobs/file-blobs.js";
import { Packs } from "../../../src/blobs/packs.js";
import { BlobCache } from "../../../src/blobs/blob-cache.js";
import type { BlobId } from "../../../src/model/object.js";
import { flip } from "../../support/damage-blob.js";
import { collect } from "../../support/collect.js";

// eslint-disable-next-line @typescript-eslint/require-await
async function* one(bytes: Uint8Array) {
  yield bytes;
}

describe("Small blobs in packs", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "blobs-"));
  });
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (settings: Partial<FileBlobsSettings> = {}) => {
    const blobs = await FileBlobs.open({ folder, ...settings });
    opened.push(blobs);
    return blobs;
  };
  const packs = () => readdir(join(folder, "packs"));
  const write = async (blobs: FileBlobs, text: string) => (await blobs.write(one(Buffer.from(text)))).id;
  const read = async (blobs: FileBlobs, id: BlobId) => (await collect(blobs.read(id))).toString();
  const listed = async (blobs: FileBlobs) => {
    const found: [BlobId, number][] = [];
    for await (const { id, size } of blobs.list()) found.push([id, size]);
    return found.sort();
  };
  const texts = (count: number) => Array.from({ length: count }, (_, n) => `blob ${n}`.padEnd(10 + n, "."));

  it("lie together in one file, however many come at once", async () => {
    const blobs = await open();
    const ids = await Promise.all(texts(200).map((text) => write(blobs, text)));
    expect(await packs()).to.have.length(1);
    expect(new Set(ids.map((id) => placeInPack(id)?.offset)).size).to.equal(200);
    for (const [n, text] of texts(200).entries()) expect(await read(blobs, ids[n]!)).to.equal(text);
  });

  it("share a sync with all that waited for the one before", async () => {
    const named: BlobId[] = [];
    await open();
    const packed = new Packs(join(folder, "packs"), {
      retire: () => Promise.resolve(),
      linked: () => Promise.resolve([]),
      recent: new BlobCache(0),
    });
    opened.push(packed);
    const first = packed.append(Buffer.from("first"), (id) => named.push(id));
    const rest = texts(50).map((text) => packed.append(Buffer.from(text), (id) => named.push(id)));
    expect(await Promise.race([first, ...rest])).to.equal(await first);
    expect(await rest[0]).to.equal(named[1]);
    expect(named, "all of them were named before one was acknowledged").to.have.length(51);
    expect(await Promise.race([rest[49], Promise.resolve("not yet")]), "and all at once").not.to.equal("not yet");
  });

  it("are files of their own beyond the limit", async () => {
    const blobs = await open({ packedBytes: 100 });
    const [small, large] = [await write(blobs, "s".repeat(100)), await write(blobs, "l".repeat(101))];
    expect([placeInPack(small) !== undefined, placeInPack(large) !== undefined]).to.deep.equal([true, false]);
    for (const [id, text] of [
      [small, "s".repeat(100)],
      [large, "l".repeat(101)],
    ] as const)
      expect(await read(blobs, id)).to.equal(text);
  });

  it("are all written before the close, which ends their pack", async () => {
    const blobs = await open();
    const writing = Promise.all(texts(20).map((text) => write(blobs, text)));
    await new Promise((resolve) => setImmediate(resolve));
    await blobs.close();
    await blobs.remove(await writing);
    expect(await packs()).to.deep.equal([]);
  });

  it("are where a worker is told that they are", async () => {
    const blobs = await open();
    await write(blobs, "another");
    const id = await write(blobs, "0123456789");
    const { path, offset, length } = blobs.locate({ blob: id, offset: 3, length: 4 });
    const place = placeInPack(id)!;
    expect({ path, offset, length }).to.deep.equal({
      path: join(folder, "packs", place.pack),
      offset: place.offset + 3,
      length: 4,
    });
  });

  it("go with their pack when the last of them goes, once it takes no more", async () => {
    const blobs = await open({ packBytes: 60 });
    const ids = [await write(blobs, "1234567890"), await write(blobs, "1234567890")];
    expect(placeInPack(ids[0]!)?.pack).to.equal(placeInPack(ids[1]!)?.pack);
    await blobs.remove([ids[0]!]);
    expect(await read(blobs, ids[1]!)).to.equal("1234567890");
    expect(await collect(blobs.read(ids[0]!)).catch((error: unknown) => error)).to.be.instanceOf(BlobMissing);
    await blobs.remove([ids[1]!, ids[1]!]);
    expect(await packs()).to.deep.equal([]);
    const next = await write(blobs, "next");
    await blobs.remove([next]);
    expect(await packs(), "that one is still open").to.have.length(1);
    expect(await read(blobs, await write(blobs, "again"))).to.equal("again");
  });

  it("are all found after a restart, those that were removed before as well, until the sweeper removes them", async () => {
    const before = await open();
    const ids = await Promise.all(texts(3).map((text) => write(before, text)));
    await before.remove([ids[0]!]);
    const after = await open();
    expect(await listed(after)).to.deep.equal(ids.map((id, n) => [id, 10 + n]).sort());
    expect(await read(after, ids[2]!)).to.equal(texts(3)[2]);
    expect(await write(after, "new").then((id) => placeInPack(id)?.pack), "an old pack takes no more").not.to.equal(
      placeInPack(ids[0]!)?.pack,
    );
    await after.remove(ids);
    expect(await packs()).to.have.length(1);
  });

  it("stay while something needs them, also where their headers cannot be read any more", async () => {
    const before = await open();
    const [needed, forgotten] = [await write(before, "needed"), await write(before, "forgotten")];
    const { pack, offset } = placeInPack(needed)!;
    await before.close();
    for (const at of [offset, placeInPack(forgotten)!.offset]) await flip(join(folder, "packs", pack), at - 10);
    const linkedInPack = (asked: string) => Promise.resolve(asked === pack ? [needed] : []);
    const after = await open({ linkedInPack });
    expect(await listed(after)).to.deep.equal([[needed, 6]]);
    expect(await packs()).to.deep.equal([pack]);
    expect(await read(after, needed)).to.equal("needed");
    await after.remove([needed]);
    expect(await packs(), "nothing needs it").to.deep.equal([]);
    const [file] = await after.quarantine.files();
    expect(await after.quarantine.blobs(file!.name), "as the catalog says that was put back").to.deep.equal([needed]);
    await after.quarantine.putBack(file!.name);
    expect(await read(after, needed)).to.equal("needed");
  });

  it("leave no pack behind that was made and never written to", async () => {
    await open();
    await writeFile(join(folder, "packs", "0".repeat(32)), "");
    expect(await listed(await open())).to.deep.equal([]);
    expect(await packs()).to.deep.equal([]);
  });

  it("are found up to where a power cut has cut their pack off", async () => {
    const before = await open();
    const ids: BlobId[] = [];
    for (const text of texts(4)) ids.push(await write(before, text));
    const [pack] = await packs();
    const path = join(folder, "packs", pack!);
    await truncate(path, (await stat(path)).size - 20);
    await appendFile(path, Buffer.alloc(5000));
    const found = (await listed(await open())).map(([id]) => id);
    expect(found).to.include.members(ids.slice(0, 3));
    for (const id of ids.slice(0, 3)) expect(await read(await open(), id)).to.equal(texts(4)[ids.indexOf(id)]);
  });

  it("leave nothing of those whose pack could not be written, and the next ones are written to another", async () => {
    const blobs = await open();
    const kept = await write(blobs, "kept");
    const { file } = (blobs as unknown as { packs: { current: { file: { datasync: () => Promise<void> } } } }).packs
      .current;
    file.datasync = () =>
      Promise.reject(Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" }));
    expect(await write(blobs, "lost").catch((error: unknown) => error)).to.have.property("kind", "storageFull");
    const next = await write(blobs, "next");
    expect(placeInPack(next)?.pack).not.to.equal(placeInPack(kept)?.pack);
    blobs.settle([kept, next]);
    expect((await listed(blobs)).map(([id]) => id)).to.have.members([kept, next]);
    expect(await read(blobs, kept)).to.equal("kept");
  });
});
