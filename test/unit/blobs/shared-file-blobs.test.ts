import { expect } from "chai";
import { mkdtemp, readdir, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/async/system-clock.js";
import { placeInPack } from "../../../src/blobs/blob-id.js";
import type { Blobs } from "../../../src/blobs/blobs.js";
import { FileBlobs } from "../../../src/blobs/file-blobs.js";
import type { SharedFolderSettings } from "../../../src/blobs/shared-folder.js";
import { DomainError } from "../../../src/model/errors.js";
import type { BlobId } from "../../../src/model/object.js";
import { ByteStream } from "../../../src/streams/byte-stream.js";
import { blobsContract } from "../../suites/blobs.js";
import { sharedBlobsContract } from "../../suites/shared-blobs.js";
import { collect } from "../../support/collect.js";
import { damageBlob } from "../../support/damage-blob.js";

const DAY = 86_400;

/** Sets the times of all files back by a day, and those of folders of `unfinished`. */
async function age(folder: string): Promise<void> {
  const old = Date.now() / 1000 - DAY;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && !/\/(holds|unfinished)(\/|$)/.test(entry.parentPath))
      await utimes(join(entry.parentPath, entry.name), old, old);
}

async function blobFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name !== "clock" && !/\/(holds|removed)(\/|$)/.test(entry.parentPath))
    .map((entry) => entry.name);
}

describe("Blobs in files that several processes share", () => {
  let folder: string;
  const opened: FileBlobs[] = [];
  const open = async (linked: ReadonlySet<BlobId> = new Set(), settings: Partial<SharedFolderSettings> = {}) => {
    const blobs = await FileBlobs.open({
      folder,
      onDamage: ({ slices }) => Promise.resolve(slices.some(({ blob }) => linked.has(blob as BlobId))),
      linkedInPack: (pack) => Promise.resolve([...linked].filter((id) => placeInPack(id)?.pack === pack)),
      shared: {
        clock: systemClock,
        orphans: (ids) => Promise.resolve(ids.filter((id) => !linked.has(id))),
        upkeepMs: 0,
        holdLookMs: 1,
        ...settings,
      },
    });
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
  const refusal = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      return error;
    }
    return undefined;
  };

  sharedBlobsContract(() =>
    Promise.resolve({ open, age: () => age(folder), stored: async () => (await blobFiles(folder)).length }),
  );

  describe("where one writes and another reads and removes", () => {
    /** What is written is another process's, for whoever reads, removes and lists. */
    class Crossed {
      constructor(
        private readonly writer: Blobs,
        private readonly other: Blobs,
      ) {}
      of(): Blobs {
        const ofWriter: ReadonlySet<PropertyKey> = new Set(["write", "settle", "requireFresh"]);
        return new Proxy(this.other, {
          get: (other, name) => {
            const target = ofWriter.has(name) ? this.writer : other;
            const member = Reflect.get(target, name, target) as unknown;
            return typeof member === "function" ? (member.bind(target) as unknown) : member;
          },
        });
      }
    }
    blobsContract(
      async () => new Crossed(await open(), await open()).of(),
      damageBlob,
      () => age(folder),
    );
  });

  it("leave nothing of a process that was killed while it wrote, once it gives no more sign of life", async () => {
    const killed = await open();
    let began: () => void = () => undefined;
    const beginning = new Promise<void>((resolve) => (began = resolve));
    async function* endless() {
      yield Buffer.alloc(200_000);
      began();
      await new Promise(() => undefined);
    }
    const stillWrites = new AbortController();
    const writing = killed.write(endless(), { signal: stillWrites.signal }).catch(() => undefined);
    await beginning;
    const other = await open();
    expect(await blobFiles(folder)).to.have.length(1);
    const unfinished = join(folder, "unfinished");
    for (const name of await readdir(unfinished))
      if (!(await readdir(join(unfinished, name))).every((file) => file === "clock"))
        await utimes(join(unfinished, name), Date.now() / 1000 - DAY, Date.now() / 1000 - DAY);
    await other.upkeep();
    expect(await blobFiles(folder)).to.deep.equal([]);
    stillWrites.abort();
    await writing;
  });

  it("can be written by a process whose folder was removed while it stood still", async () => {
    const blobs = await open();
    await rm(join(folder, "unfinished"), { recursive: true });
    const { id } = await blobs.write(ByteStream.of(Buffer.alloc(200_000)));
    expect(await collect(blobs.read(id))).to.have.length(200_000);
  });

  for (const size of [10, 200_000])
    it(`keep one of ${size} bytes young while it waits for the catalog, and refuse to link one that was not`, async () => {
      const blobs = await open(new Set(), { linkMs: 0 });
      const { id } = await blobs.write(ByteStream.of(Buffer.alloc(size)));
      await new Promise((resolve) => setTimeout(resolve, 2));
      expect(refusal(() => blobs.requireFresh([id])))
        .to.be.instanceOf(DomainError)
        .with.property("kind", "dependencyUnavailable");
      await age(folder);
      await blobs.upkeep();
      expect((await stat(blobs.where(id))).mtimeMs).to.be.greaterThan(Date.now() - 60_000);
    });

  it("can be looked after again before the last round has ended, though each round writes the same file", async () => {
    const blobs = await open();
    const rounds: Promise<void>[] = [];
    for (let n = 0; n < 200; n++) {
      rounds.push(blobs.upkeep());
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(rounds);
  });

  it("may be linked until they are settled, and by their writer alone", async () => {
    const blobs = await open(new Set(), { linkMs: 3_600_000 });
    const { id } = await blobs.write(ByteStream.of(Buffer.alloc(200_000)));
    blobs.requireFresh([id]);
    const other = await open();
    expect(refusal(() => other.requireFresh([id]))).to.be.instanceOf(DomainError);
    blobs.settle([id]);
    expect(refusal(() => blobs.requireFresh([id]))).to.be.instanceOf(DomainError);
  });

  it("go to another pack when theirs was taken away, and no blob of the lost write is acknowledged", async () => {
    const [one, other] = [await open(), await open()];
    const first = await one.write(ByteStream.of(Buffer.from("first")));
    await one.remove([first.id]);
    await age(folder);
    // The writer stands still meanwhile, and has not closed its pack.
    await other.remove([first.id]);
    await other.upkeep();
    const second = await one.write(ByteStream.of(Buffer.from("second"))).catch((error: unknown) => error);
    if (second instanceof Error) expect(second).to.have.property("kind", "dependencyUnavailable");
    else expect((await collect(other.read((second as { id: BlobId }).id))).toString()).to.equal("second");
    const third = await one.write(ByteStream.of(Buffer.from("third")));
    expect((await collect(other.read(third.id))).toString()).to.equal("third");
  });
});
