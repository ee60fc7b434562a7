import { expect } from "chai";
import { mkdir, mkdtemp, rename, rm, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { placeInPack } from "../../../src/blobs/blob-id.js";
import { BlobMissing } from "../../../src/blobs/blobs.js";
import { FileBlobs } from "../../../src/blobs/file-blobs.js";
import { damageOf, type Damage } from "../../../src/model/damage.js";
import type { BlobId } from "../../../src/model/object.js";
import { collect } from "../../support/collect.js";
import { damageBlob, flip } from "../../support/damage-blob.js";

// eslint-disable-next-line @typescript-eslint/require-await
async function* one(bytes: Uint8Array) {
  yield bytes;
}

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("Damage to blobs in files", () => {
  let folder: string;
  let blobs: FileBlobs;
  let told: Damage[];
  let needed: boolean;
  const open = () =>
    FileBlobs.open({
      folder,
      onDamage: (damage) => {
        told.push(damage);
        return Promise.resolve(needed);
      },
    });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "blobs-"));
    told = [];
    needed = true;
    blobs = await open();
  });
  afterEach(async () => {
    await blobs.close();
    await rm(folder, { recursive: true, force: true });
  });

  const write = async (bytes: Uint8Array) => (await blobs.write(one(bytes))).id;
  const pathOf = (id: BlobId) => blobs.locate({ blob: id, offset: 0, length: 1 }).path;
  const read = (id: BlobId) => collect(blobs.read(id));
  const small = Buffer.from("a small object");
  const large = Buffer.alloc(300_000, "large");
  const damageIn = async (id: BlobId) => damageOf(await failureOf(read(id)));

  it("is told before the reader, with file, place and reason", async () => {
    const id = await write(large);
    const path = await damageBlob(blobs, id, 299_999);
    const damage = await damageIn(id);
    expect(damage).to.deep.include({ path, why: "bytes 262144 to 300000 do not have their checksum" });
    expect(told).to.deep.equal([damage]);
  });

  it("is found by the next process, too, and in the list of checksums itself", async () => {
    for (const position of [5, large.length + 1]) {
      const id = await write(large);
      await flip(pathOf(id), position);
      await blobs.close();
      blobs = await open();
      expect(await damageIn(id)).not.to.equal(undefined);
    }
  });

  it("is a file that ends too early, whether its bytes or their checksums are missing", async () => {
    for (const left of [0, 100_000, 299_999, large.length, large.length + 7]) {
      const id = await write(large);
      await truncate(pathOf(id), left);
      const offset = left < large.length ? left - (left % 65_536) : undefined;
      // While the list of checksums is in memory, what is left of the bytes can be told.
      expect((await damageIn(id))?.slices[0]?.offset, `${left}`).to.equal(offset);
      await blobs.close();
      blobs = await open();
      expect((await damageIn(id))?.slices, `${left}`).to.deep.equal([{ blob: id, offset: 0, length: large.length }]);
    }
  });

  it("is a file that is missing, unless nothing needs it", async () => {
    const ids = [await write(large), await write(small)];
    for (const id of ids) await unlink(pathOf(id));
    for (const id of ids) expect(await damageIn(id)).to.deep.include({ why: "the file is missing" });
    needed = false;
    for (const id of ids) expect(await failureOf(read(id))).to.be.instanceOf(BlobMissing);
  });

  it("is not what is missing with its whole folder: that disk is not mounted", async () => {
    const ids = [await write(large), await write(small)];
    for (const id of ids) {
      const path = join(pathOf(id), "..");
      await rename(path, `${path}.away`);
      const failure = await failureOf(read(id));
      expect(failure)
        .to.be.an("error")
        .with.property("message")
        .that.matches(/^the folder .* is missing$/);
      await rename(`${path}.away`, path);
      expect((await read(id)).length).to.be.greaterThan(0);
    }
    expect(told).to.deep.equal([]);
  });

  it("to the header of one small blob leaves all others of its pack, after a restart as well", async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, (_, n) => write(Buffer.from(`blbcblob object ${n}`))));
    await blobs.close();
    await flip(pathOf(ids[7]!), placeInPack(ids[7]!)!.offset - 30);
    blobs = await open();
    const listed = [];
    for await (const { id } of blobs.list()) listed.push(id);
    expect(listed.sort()).to.deep.equal(ids.filter((_, n) => n !== 7).sort());
    for (const [n, id] of ids.entries())
      if (n !== 7) expect((await read(id)).toString()).to.equal(`blbcblob object ${n}`);
    await blobs.remove(ids.slice(0, 7));
    expect((await read(ids[19]!)).toString()).to.equal("blbcblob object 19");
  });

  it("is not seen in blobs from before there were checksums, which go on being read", async () => {
    const name = "0123456789abcdef0123456789abcdef" as BlobId;
    await writeFile(join(folder, "0", name), large);
    const pack = "f".repeat(32);
    const header = Buffer.alloc(24);
    header.write("blob");
    header.writeUInt32LE(small.length, 4);
    header.write(name, 8, "hex");
    await writeFile(join(folder, "packs", pack), Buffer.concat([header, small, header, small]));
    const packed = [24, 48 + small.length].map((at) => `${name}-${pack}-${at}-${small.length}` as BlobId);
    const listed = [];
    for await (const { id, size } of blobs.list()) listed.push([id, size]);
    expect(listed).to.deep.equal([[name, large.length], ...packed.map((id) => [id, small.length])]);
    for (const id of packed) expect((await read(id)).equals(small)).to.equal(true);
    expect((await read(name)).equals(large)).to.equal(true);
    expect((await collect(blobs.read(name, { start: 7, end: 99 }))).equals(large.subarray(7, 99))).to.equal(true);
    expect([name, ...packed].map((id) => blobs.isChecked(id))).to.deep.equal([false, false, false]);
    await truncate(join(folder, "0", name), 50);
    expect(damageOf(await failureOf(collect(blobs.read(name, { start: 7, end: 99 }))))).not.to.equal(undefined);
    await blobs.remove([name, ...packed]);
    for await (const { id } of blobs.list()) expect.fail(id);
  });

  it("of another kind, an I/O error, is passed on and marks nothing", async () => {
    const id = await write(large);
    await unlink(pathOf(id));
    // A folder in a file's place: reading it is EISDIR.
    await mkdir(pathOf(id));
    await blobs.close();
    blobs = await open();
    expect(await failureOf(read(id))).to.have.property("code", "EISDIR");
    expect(told).to.deep.equal([]);
  });
});
