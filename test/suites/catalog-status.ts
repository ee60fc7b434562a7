import { expect } from "chai";
import { CatalogFixture, type OpenCatalog } from "./catalog-fixture.js";

export function statusContract(open: OpenCatalog): void {
  describe("status", () => {
    const on = CatalogFixture.forEach(open);
    const MINUTE = 60_000;

    it("counts jobs by kind and state, and tells when the oldest was added", async () => {
      const began = on.clock.time;
      for (const key of ["a", "b", "c", "d"]) {
        await on.put(key);
        on.clock.time += 1000;
      }
      const [first, second, third] = await on.catalog.jobs.lease(["encode"], 3, MINUTE);
      await on.catalog.jobs.release(first!, on.clock.time + 5 * MINUTE, "no node answers");
      await on.catalog.jobs.release(second!, on.clock.time + 5 * MINUTE);
      expect(third).to.not.equal(undefined);
      const jobs = [...(await on.catalog.status.jobs())].sort((a, b) => a.oldest - b.oldest);
      expect(jobs).to.deep.equal([
        { kind: "encode", state: "failing", count: 1, oldest: began },
        { kind: "encode", state: "waiting", count: 1, oldest: began + 1000 },
        { kind: "encode", state: "leased", count: 1, oldest: began + 2000 },
        { kind: "encode", state: "due", count: 1, oldest: began + 3000 },
      ]);
    });

    it("lists failing jobs first, with what they are about, why they failed and when they are tried next", async () => {
      const began = on.clock.time;
      await on.put("old\u0000key");
      on.clock.time += MINUTE;
      const { file } = await on.putEncoded("encoded");
      const [store] = await on.catalog.jobs.lease(["store"], 1, MINUTE);
      await on.catalog.jobs.release(store!, on.clock.time + 5 * MINUTE, "the territory is full");
      const fid = (await on.catalog.files.get(file))!.fid;
      const failing = {
        id: store!.id,
        kind: "store",
        subject: file,
        state: "failing",
        attempt: 1,
        failure: "the territory is full",
        createdAt: began + MINUTE,
        dueAt: on.clock.time + 5 * MINUTE,
        fid,
      };
      const [first, second] = await on.catalog.status.listJobs(10);
      expect(first).to.deep.equal(failing);
      expect(second).to.include({ kind: "encode", state: "due", bucket: "box", key: "old\u0000key", createdAt: began });
      expect(await on.catalog.status.listJobs(1)).to.deep.equal([failing]);
      expect(await on.catalog.status.listJobs(10, began)).to.deep.equal([failing]);
      expect(await on.catalog.status.listJobs(10, began + 1)).to.have.length(2);
      expect(await on.catalog.status.job("store", file)).to.deep.equal(failing);
      expect(await on.catalog.status.job("delete", file)).to.equal(undefined);
    });

    it("makes a waiting job due at once, but not one that a worker has, and none that is gone", async () => {
      await on.put("key");
      const [job] = await on.catalog.jobs.lease(["encode"], 1, MINUTE);
      expect(await on.catalog.status.retryJob(job!.id)).to.equal(false);
      expect(await on.catalog.status.retryFailing()).to.equal(0);
      await on.catalog.jobs.release(job!, on.clock.time + MINUTE, "broken");
      expect(await on.catalog.jobs.lease(["encode"], 1, MINUTE)).to.deep.equal([]);
      expect(await on.catalog.status.retryJob(job!.id)).to.equal(true);
      const [again] = await on.catalog.jobs.lease(["encode"], 1, MINUTE);
      expect(again?.id).to.equal(job!.id);
      await on.catalog.jobs.release(again!, on.clock.time + MINUTE, "broken");
      expect(await on.catalog.status.retryFailing()).to.equal(1);
      expect(await on.catalog.jobs.lease(["encode"], 1, MINUTE)).to.have.length(1);
      expect(await on.catalog.status.retryJob("123456")).to.equal(false);
      expect(await on.catalog.status.retryJob("no id")).to.equal(false);
    });

    it("counts objects by state, and finds the oldest that the network does not have", async () => {
      expect(await on.catalog.status.oldestStaged()).to.equal(undefined);
      await on.putStored("stored");
      on.clock.time += MINUTE;
      const written = on.clock.time;
      const { file } = await on.putEncoded("declared");
      on.clock.time += MINUTE;
      const refused = await on.putEncoded("refused");
      await on.put("staged");
      await on.catalog.files.advance(file, "declared", 0);
      await on.catalog.files.failed(refused.file, "other content has this FID");
      expect(await on.catalog.status.objects()).to.deep.equal({
        damaged: 0,
        staged: 1,
        encoded: 0,
        declared: 1,
        placed: 0,
        stored: 1,
        failed: 1,
      });
      expect(await on.catalog.status.failedFiles(10)).to.deep.equal([
        {
          file: refused.file,
          fid: (await on.catalog.files.get(refused.file))!.fid,
          failure: "other content has this FID",
        },
      ]);
      expect(await on.catalog.status.oldestStaged()).to.equal(written);
      await on.catalog.files.stored(file);
      expect(await on.catalog.status.objects()).to.include({ declared: 0, stored: 2 });
      expect(await on.catalog.status.oldestStaged()).to.equal(written + MINUTE);
    });

    it("counts the versions of a bucket by state and fragments left, up to a limit", async () => {
      await on.put("a staged");
      const { file } = await on.putEncoded("b declared");
      await on.catalog.files.advance(file, "declared", 0);
      const { file: stored } = await on.putStored("c stored");
      const groups = async (limit = 100) =>
        (await on.catalog.status.bucketDurability("box", limit)).map(({ state, redundancy, objects }) => ({
          state,
          redundancy,
          objects,
        }));
      const counted = await groups();
      expect(counted.map(({ state, objects }) => ({ state, objects }))).to.have.deep.members([
        { state: "staged", objects: 1 },
        { state: "declared", objects: 1 },
        { state: "stored", objects: 1 },
      ]);
      expect(stored).to.not.equal(file);
      expect(await groups(1)).to.have.length(1);
      expect(await on.catalog.status.bucketDurability("absent", 100)).to.deep.equal([]);
    });

    it("tells when a file came to each state on its way, for the last time", async () => {
      const { file } = await on.putEncoded("a");
      const times = () => on.catalog.status.stateTimes(file);
      const encoded = on.clock.time;
      expect(await times()).to.deep.equal({ encoded });
      on.clock.time += MINUTE;
      await on.catalog.files.advance(file, "declared", 0);
      on.clock.time += MINUTE;
      await on.catalog.files.advance(file, "placed", 3);
      on.clock.time += MINUTE;
      await on.catalog.files.advance(file, "placed", 9);
      const placed = { encoded, declared: encoded + MINUTE, placed: encoded + 2 * MINUTE };
      expect(await times()).to.deep.equal(placed);
      await on.catalog.files.stored(file);
      await on.catalog.files.stored(file);
      expect(await times()).to.deep.equal({ ...placed, stored: encoded + 3 * MINUTE });
      const { file: other } = await on.putEncoded("b");
      await on.catalog.files.advance(other, "declared", 0);
      await on.catalog.files.advance(other, "encoded", 0);
      expect(await on.catalog.status.stateTimes(other)).to.deep.equal({ encoded: on.clock.time });
      expect(await on.catalog.status.stateTimes("4711")).to.deep.equal({});
    });

    it("counts the fragments that each node was sent, of the newest files", async () => {
      const given = (index: number, node: string, state: "assigned" | "sent" | "reported") => ({
        index,
        node,
        state,
        since: 1,
      });
      const { file: first } = await on.putEncoded("first");
      await on.catalog.files.savePlacements(first, [given(0, "n1", "reported"), given(1, "n2", "assigned")]);
      const { file: second } = await on.putEncoded("second");
      await on.catalog.files.savePlacements(second, [given(0, "n2", "sent"), given(1, "n1", "sent")]);
      const segments = (await on.catalog.files.get(first))?.segments.length ?? 0;
      const counts = async (files: number) => Object.fromEntries(await on.catalog.status.fragmentsByNode(files));
      expect(await counts(10)).to.deep.equal({ n1: 2 * segments, n2: segments });
      expect(await counts(1)).to.deep.equal({ n1: segments, n2: segments });
      await on.catalog.files.failed(first, "refused");
      expect(await counts(10)).to.deep.equal({ n1: segments, n2: segments });
    });

    it("tells since when an object waits for a pack", async () => {
      const { version } = await on.put("small", "blob of small", { layout: "pack" });
      expect(await on.catalog.status.queuedAt(version.id)).to.equal(on.clock.time);
      const { version: large } = await on.put("large");
      expect(await on.catalog.status.queuedAt(large.id)).to.equal(undefined);
    });
  });
}
