import { expect } from "chai";
import { ByteStream } from "../../../src/streams/byte-stream.js";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryBlobs } from "../../../src/blobs/memory-blobs.js";
import { openSqliteCatalog } from "../../../src/catalog/sqlite/sqlite-catalog.js";
import { OrphanSweeper } from "../../../src/maintenance/orphan-sweeper.js";
import { PreparationGc } from "../../../src/maintenance/preparation-gc.js";
import { TakeOverGc } from "../../../src/maintenance/take-over-gc.js";
import { UploadGc } from "../../../src/maintenance/upload-gc.js";
import type { BlobId } from "../../../src/model/object.js";
import { CatalogFixture, file, segment, version } from "../../suites/catalog-fixture.js";
import { testKeys } from "../../support/test-keys.js";

const HOUR = 3_600_000;

describe("Maintenance", () => {
  const on = CatalogFixture.forEach(async (clock) => {
    const folder = await mkdtemp(join(tmpdir(), "maintenance-"));
    const catalog = await openSqliteCatalog({ clock, sealer: testKeys }, { path: join(folder, "catalog.db") });
    return { catalog, end: () => catalog.close().then(() => rm(folder, { recursive: true, force: true })) };
  });

  const write = async (blobs: MemoryBlobs, settled: boolean): Promise<BlobId> => {
    const { id } = await blobs.write(ByteStream.of(Buffer.from("bytes")));
    if (settled) blobs.settle([id]);
    return id;
  };
  const remaining = async (blobs: MemoryBlobs, ids: readonly BlobId[]) => {
    blobs.settle(ids);
    const listed = new Set<string>();
    for await (const { id } of blobs.list()) listed.add(id);
    return ids.filter((id) => listed.has(id));
  };

  describe("The orphan sweeper", () => {
    it("removes settled blobs that nothing links, in bounded steps, and no others", async () => {
      const blobs = new MemoryBlobs();
      const linked = await write(blobs, true);
      await on.catalog.objects.put(version("key"), { blobs: [{ blob: linked, offset: 0, length: 5 }] });
      const arriving = await write(blobs, false);
      const orphans = await Promise.all(Array.from({ length: 7 }, () => write(blobs, true)));
      const sweeper = new OrphanSweeper(
        { catalog: on.catalog, blobs, clock: on.clock },
        { batch: 3, intervalMs: HOUR },
      );
      const steps = [];
      do steps.push(await sweeper.step());
      while (steps.at(-1)?.kind === "busy");
      expect(steps.length).to.be.greaterThan(2);
      expect(steps.at(-1)).to.deep.equal({ kind: "idle", until: on.clock.time + HOUR });
      expect(await remaining(blobs, [linked, arriving, ...orphans])).to.deep.equal([linked, arriving]);
    });

    it("sweeps again only after its interval, however often it is woken", async () => {
      const blobs = new MemoryBlobs();
      const sweeper = new OrphanSweeper({ catalog: on.catalog, blobs, clock: on.clock }, { intervalMs: HOUR });
      const until = on.clock.time + HOUR;
      await sweeper.step();
      const orphan = await write(blobs, true);
      expect(await sweeper.step()).to.deep.equal({ kind: "idle", until });
      expect(await remaining(blobs, [orphan])).to.deep.equal([orphan]);
      on.clock.time += HOUR;
      await sweeper.step();
      expect(await remaining(blobs, [orphan])).to.deep.equal([]);
    });

    it("begins anew after a list that failed", async () => {
      const blobs = new MemoryBlobs();
      const orphan = await write(blobs, true);
      const list = blobs.list.bind(blobs);
      blobs.list = () => {
        throw new Error("disk gone");
      };
      const sweeper = new OrphanSweeper({ catalog: on.catalog, blobs, clock: on.clock });
      expect(
        await sweeper.step().then(
          () => "swept",
          () => "failed",
        ),
      ).to.equal("failed");
      blobs.list = list;
      await sweeper.step();
      expect(await remaining(blobs, [orphan])).to.deep.equal([]);
    });
  });

  it("The upload forgetter forgets what ended longer ago than it is to be remembered", async () => {
    const begin = (id: string) =>
      on.catalog.uploads.create({ id, bucket: "box", key: "k", owner: "anna", content: {}, metadata: {} });
    await begin("old");
    await on.catalog.uploads.abort("old");
    on.clock.time += 6 * HOUR;
    await begin("young");
    await on.catalog.uploads.abort("young");
    await begin("open");
    on.clock.time += 2 * HOUR;
    const forgetter = new UploadGc(
      { catalog: on.catalog, clock: on.clock },
      { rememberMs: 7 * HOUR, intervalMs: HOUR },
    );
    expect(await forgetter.step()).to.deep.equal({ kind: "busy" });
    expect(await forgetter.step()).to.deep.equal({ kind: "idle", until: on.clock.time + HOUR });
    expect(await on.catalog.uploads.get("box", "k", "old")).to.equal(undefined);
    expect(await on.catalog.uploads.get("box", "k", "young")).not.to.equal(undefined);
    expect(await on.catalog.uploads.get("box", "k", "open")).not.to.equal(undefined);
  });

  it("Files that were taken over for an object that never came are let go of after an hour", async () => {
    const { catalog, clock } = on;
    const begin = (content: string) =>
      catalog.takeOvers.begin({ owner: "anna", bucket: "box", key: content, file: file(content, []) });
    const old = await begin("old");
    await catalog.files.stored(old.file);
    clock.time += HOUR / 2;
    const young = await begin("young");
    clock.time += HOUR / 2 + 1;
    let work = 0;
    const blobs = new MemoryBlobs();
    const gc = new TakeOverGc({ catalog, clock, blobs, onWork: () => work++ }, { intervalMs: HOUR });
    expect(await gc.step()).to.deep.equal({ kind: "busy" });
    expect(await gc.step()).to.deep.equal({ kind: "idle", until: clock.time + HOUR });
    expect(work).to.equal(1);
    expect(await catalog.takeOvers.progress(old.id)).to.equal(undefined);
    expect(await catalog.jobs.count()).to.include({ delete: 1 });
    expect(await catalog.takeOvers.progress(young.id)).to.include({ state: "encoded" });
  });

  it("The preparation pruner clears what was saved for a subject that is gone, once an interval", async () => {
    const pruner = new PreparationGc({ catalog: on.catalog, clock: on.clock }, { intervalMs: HOUR });
    await on.catalog.preparations.save("gone", 0, "s", segment("s"));
    expect(await pruner.step()).to.deep.equal({ kind: "idle", until: on.clock.time + HOUR });
    expect(await on.catalog.preparations.all("gone")).to.deep.equal([]);
    await on.catalog.preparations.save("gone", 0, "s", segment("s"));
    await pruner.step();
    expect(await on.catalog.preparations.all("gone")).to.have.length(1);
    on.clock.time += HOUR;
    await pruner.step();
    expect(await on.catalog.preparations.all("gone")).to.deep.equal([]);
  });
});
