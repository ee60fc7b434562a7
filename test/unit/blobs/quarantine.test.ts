import { expect } from "chai";
import { appendFile, mkdtemp, open as openFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { placeInPack } from "../../../src/blobs/blob-id.js";
import { FileBlobs } from "../../../src/blobs/file-blobs.js";
import type { BlobId } from "../../../src/model/object.js";
import { ByteStream } from "../../../src/streams/byte-stream.js";
import { eventually } from "../../support/eventually.js";
import { collect } from "../../support/collect.js";

describe("The quarantine of staged files", () => {
  let folder: string;
  let time = 1_000;
  const opened: FileBlobs[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "quarantine-"));
    time = 1_000;
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    await rm(folder, { recursive: true, force: true });
  });
  const open = async () => {
    const blobs = await FileBlobs.open({ folder, packedBytes: 100, now: () => time });
    opened.push(blobs);
    return blobs;
  };
  const write = async (blobs: FileBlobs, text: string) => {
    const { id } = await blobs.write(ByteStream.of(Buffer.from(text)));
    blobs.settle([id]);
    return id;
  };
  const read = async (blobs: FileBlobs, id: BlobId) => (await collect(blobs.read(id))).toString();
  const names = (of: string) => readdir(join(folder, of));
  const idle = (blobs: FileBlobs) => blobs.close();

  it("holds a blob with its time, also for the next process, which can put it back", async () => {
    const before = await open();
    const [old, young] = [await write(before, "o".repeat(200)), await write(before, "y".repeat(300))];
    await before.quarantine.add([young]);
    time = 500;
    await before.quarantine.add([old]);
    const after = await open();
    expect((await after.quarantine.files()).map(({ since, size }) => [since, size])).to.deep.equal([
      [500, 200],
      [1000, 300],
    ]);
    await after.quarantine.putBack((await after.quarantine.files())[1]!.name);
    expect(await read(after, young)).to.equal("y".repeat(300));
    expect((await (await open()).quarantine.blobs((await after.quarantine.files())[0]!.name)).length).to.equal(1);
  });

  it("gets a pack only when nothing in it is needed, and never loses a blob of it before", async () => {
    const before = await open();
    const ids = [await write(before, "needed"), await write(before, "forgotten"), await write(before, "removed")];
    const { pack } = placeInPack(ids[0]!)!;
    await idle(before);
    const blobs = await open();
    await blobs.quarantine.add([ids[1]!]);
    await blobs.remove([ids[2]!]);
    expect(await names("packs")).to.deep.equal([pack]);
    expect(await names("quarantine")).to.deep.equal([]);
    expect(await read(blobs, ids[0]!)).to.equal("needed");
    time = 2_000;
    await blobs.remove([ids[0]!]);
    expect(await names("packs")).to.deep.equal([]);
    const [file] = await blobs.quarantine.files();
    expect(file?.since, "since the last of them was set aside").to.equal(1_000);
    expect([...(await blobs.quarantine.blobs(file!.name))].sort()).to.deep.equal([...ids].sort());
    await blobs.quarantine.putBack(file!.name);
    for (const [n, text] of ["needed", "forgotten", "removed"].entries())
      expect(await read(blobs, ids[n]!)).to.equal(text);
  });

  it("does not get a pack of which this process knows that all was removed", async () => {
    const blobs = await open();
    const id = await write(blobs, "wrote it, and removed it");
    await idle(blobs);
    await blobs.remove([id]);
    expect([await names("packs"), await names("quarantine")]).to.deep.equal([[], []]);
  });

  it("gets what is removed while the catalog may be an old one, small and large", async () => {
    let old = true;
    const blobs = await FileBlobs.open({ folder, packedBytes: 100, now: () => time, keepRemoved: () => old });
    opened.push(blobs);
    const ids = [await write(blobs, "small"), await write(blobs, "l".repeat(200))];
    await blobs.close();
    const unpin = blobs.pin([ids[1]!]);
    await blobs.remove(ids);
    expect(await names("quarantine")).to.have.length(1);
    unpin();
    const all = async () => {
      const kept = await Promise.all((await blobs.quarantine.files()).map(({ name }) => blobs.quarantine.blobs(name)));
      return kept.flat().sort();
    };
    await eventually("both are there", async () => (await all()).length === 2);
    expect(await all()).to.deep.equal([...ids].sort());
    old = false;
    const another = await write(blobs, "n".repeat(200));
    await blobs.remove([another]);
    expect(await names("quarantine")).to.have.length(2);
  });

  it("gets a pack that is damaged, in which there may be more than can be listed", async () => {
    const before = await open();
    const first = await write(before, "first");
    const second = await write(before, "second");
    await idle(before);
    const place = placeInPack(second)!;
    const path = join(folder, "packs", place.pack);
    const file = await openFile(path, "r+");
    await file.write(Buffer.from("x"), 0, 1, place.offset - 24);
    await file.close();
    await appendFile(path, "");
    const blobs = await open();
    await blobs.remove([first]);
    expect(await names("packs")).to.deep.equal([]);
    expect(await names("quarantine")).to.have.length(1);
  });
});
