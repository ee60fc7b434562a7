import { expect } from "chai";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileBlobs, type FileBlobsSettings } from "../../../src/blobs/file-blobs.js";
import { FolderSync } from "../../../src/files/folder-sync.js";
import { WriteBuffer } from "../../../src/blobs/write-buffer.js";
import { DomainError } from "../../../src/model/errors.js";
import type { BlobId } from "../../../src/model/object.js";
import { MIB } from "../../../src/model/sizes.js";
import { blobsContract } from "../../suites/blobs.js";
import { damageBlob } from "../../support/damage-blob.js";
import { collect } from "../../support/collect.js";

// eslint-disable-next-line @typescript-eslint/require-await
async function* one(bytes: Uint8Array) {
  yield bytes;
}

describe("Blobs in files", () => {
  let folder: string;
  const opened: FileBlobs[] = [];
  const open = async (settings: Partial<FileBlobsSettings> = {}) => {
    const blobs = await FileBlobs.open({ folder, ...settings });
    opened.push(blobs);
    return blobs;
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "blobs-"));
  });
  afterEach(async () => {
    for (const blobs of opened.splice(0)) await blobs.close();
    await rm(folder, { recursive: true, force: true });
  });

  blobsContract(() => FileBlobs.open({ folder: join(folder, "new", "staging") }), damageBlob);

  const filesBelow = async () =>
    (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name);

  it("find again after a restart what was written, all of it settled", async () => {
    const { id } = await (await open()).write(one(Buffer.from("still here")));
    const again = await open();
    expect((await collect(again.read(id))).toString()).to.equal("still here");
    const listed = [];
    for await (const blob of again.list()) listed.push(blob);
    expect(listed).to.deep.equal([{ id, size: 10 }]);
  });

  it("remove at start what an earlier process left unfinished", async () => {
    await open();
    await writeFile(join(folder, "unfinished", "0123456789abcdef0123456789abcdef"), "half");
    await open();
    expect(await filesBelow()).to.deep.equal([]);
  });

  it("leave no file of a write that failed in the middle", async () => {
    const blobs = await open({ writeBuffer: 10, packedBytes: 0 });
    async function* broken() {
      for (let at = 0; at < 50; at++) yield await Promise.resolve(Buffer.alloc(9, at));
      throw new Error("cut");
    }
    await blobs.write(broken()).then(
      () => expect.fail("it should have failed"),
      () => undefined,
    );
    expect(await filesBelow()).to.deep.equal([]);
  });

  it("tell a full device as InsufficientStorage and leave nothing", async () => {
    const blobs = await open();
    // eslint-disable-next-line @typescript-eslint/require-await
    async function* full() {
      yield Buffer.alloc(10);
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    }
    const refusal = await blobs.write(full()).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).to.be.instanceOf(DomainError).with.property("kind", "storageFull");
    expect(await filesBelow()).to.deep.equal([]);
  });

  it("never touch a path outside their folder, whatever they are asked for", async () => {
    const blobs = await open();
    const outside = "../../etc/passwd" as BlobId;
    expect(() => blobs.locate({ blob: outside, offset: 0, length: 1 })).to.throw(/no blob id/);
    expect(() => blobs.read(outside)).to.throw(/no blob id/);
    await blobs.remove([outside]);
  });

  it("carry a body of many megabytes through a small buffer unchanged", async () => {
    const blobs = await open({ writeBuffer: 100_000 });
    const hash = createHash("sha256");
    async function* body() {
      for (let at = 0; at < 400; at++) {
        const chunk = randomBytes(1 + ((at * 97) % 50_000));
        hash.update(chunk);
        yield await Promise.resolve(chunk);
      }
    }
    const { id, size } = await blobs.write(body());
    const file = await readFile(blobs.locate({ blob: id, offset: 0, length: 1 }).path);
    expect(createHash("sha256").update(file.subarray(0, size)).digest("hex")).to.equal(hash.digest("hex"));
  });
});

describe("A write buffer", () => {
  it("goes on where the kernel took fewer bytes than it was given", async () => {
    const taken = Buffer.alloc(1000);
    const file = {
      write: (bytes: Uint8Array, offset: number, length: number, position: number) => {
        const some = Buffer.from(bytes.subarray(offset, offset + Math.min(length, 7)));
        some.copy(taken, position);
        return Promise.resolve({ bytesWritten: some.length, buffer: bytes });
      },
      datasync: () => Promise.resolve(),
    };
    const buffer = new WriteBuffer(file as never, 50);
    const bytes = randomBytes(1000);
    for (let at = 0; at < 1000; at += 13) await buffer.add(bytes.subarray(at, at + 13));
    expect(await buffer.finish()).to.equal(1000);
    expect(taken.equals(bytes)).to.equal(true);
  });

  it("keeps nothing of a chunk that its maker may use again", async () => {
    const written: Buffer[] = [];
    const file = {
      write: (bytes: Uint8Array, offset: number, length: number) => {
        written.push(Buffer.from(bytes.subarray(offset, offset + length)));
        return Promise.resolve({ bytesWritten: length, buffer: bytes });
      },
      datasync: () => Promise.resolve(),
    };
    const buffer = new WriteBuffer(file as never, 10);
    const chunk = Buffer.alloc(30);
    for (const [value, length] of [
      [1, 4],
      [2, 4],
      [3, 4],
      [4, 30],
      [5, 1],
    ] as const) {
      await buffer.add(chunk.fill(value).subarray(0, length));
    }
    expect(await buffer.finish()).to.equal(43);
    expect(
      Buffer.concat(written).equals(
        Buffer.concat(
          [
            [1, 4],
            [2, 4],
            [3, 4],
            [4, 30],
            [5, 1],
          ].map(([value, length]) => Buffer.alloc(length!, value)),
        ),
      ),
    ).to.equal(true);
  });

  it("fails the writer when a write fails", async () => {
    const buffer = new WriteBuffer({ write: () => Promise.reject(new Error("disk gone")) } as never, 10);
    const failure = await buffer.add(Buffer.alloc(10)).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).to.have.property("message", "disk gone");
  });

  it("syncs while bytes still arrive, and fails at its end when that failed, though a later sync would not", async () => {
    let syncs = 0;
    const file = {
      write: (_bytes: Uint8Array, _offset: number, length: number) => Promise.resolve({ bytesWritten: length }),
      datasync: () => (syncs++ === 0 ? Promise.reject(new Error("not on the disk")) : Promise.resolve()),
    };
    const buffer = new WriteBuffer(file as never, 10);
    for (let n = 0; n < 20; n++) await buffer.add(Buffer.alloc(MIB));
    expect(syncs).to.equal(1);
    const failure = await buffer.finish().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).to.have.property("message", "not on the disk");
  });
});

describe("A folder's sync", () => {
  it("serves all who wait with one more sync than the one that runs", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sync-"));
    const sync = new FolderSync(folder);
    const first = sync.sync();
    const waiting = [sync.sync(), sync.sync(), sync.sync()];
    expect(new Set(waiting).size, "they share a sync").to.equal(1);
    expect(waiting[0], "that begins after the one that may have missed them").not.to.equal(first);
    await Promise.all([first, ...waiting]);
    await rm(folder, { recursive: true });
  });

  it("fails those it concerns and works for the next", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sync-"));
    const sync = new FolderSync(join(folder, "later"));
    expect(
      await sync.sync().then(
        () => "synced",
        () => "failed",
      ),
    ).to.equal("failed");
    await writeFile(join(folder, "x"), "");
    expect(
      await new FolderSync(folder).sync().then(
        () => "synced",
        () => "failed",
      ),
    ).to.equal("synced");
    await rm(folder, { recursive: true });
  });
});
