import { expect } from "chai";
import type { Fid } from "../../src/model/hash.js";
import { CatalogFixture, hash, lossOf, type OpenCatalog } from "./catalog-fixture.js";

export function jobsContract(open: OpenCatalog): void {
  describe("jobs", () => {
    const on = CatalogFixture.forEach(open);
    const subjects = async (limit = 10, kinds: ("encode" | "store" | "delete")[] = ["encode"]) =>
      (await on.catalog.jobs.lease(kinds, limit, 1000)).map((job) => job.subject);

    it("leases due jobs oldest first, each to one taker only", async () => {
      const ids = [];
      for (const key of ["a", "b", "c"]) {
        ids.push((await on.put(key)).version.id);
        on.clock.time++;
      }
      expect(await subjects(2)).to.deep.equal(ids.slice(0, 2));
      expect(await subjects(2)).to.deep.equal(ids.slice(2));
      expect(await subjects(2)).to.deep.equal([]);
    });

    it("gives out no job twice to many who ask at once", async () => {
      for (let index = 0; index < 20; index++) await on.put(`k${index}`);
      const taken = (await Promise.all(Array.from({ length: 10 }, () => subjects(3)))).flat();
      expect(taken).to.have.length(20);
      expect(new Set(taken).size).to.equal(20);
    });

    it("leases the kinds asked for", async () => {
      const { file } = await on.putEncoded("encoded");
      const {
        version: { id },
      } = await on.put("staged");
      expect(await subjects(10, ["delete"])).to.deep.equal([]);
      expect(await subjects(10, ["store"])).to.deep.equal([file]);
      expect(await subjects(10, ["encode", "store"])).to.deep.equal([id]);
    });

    it("offers a job again when its lease has run out, unless it was kept", async () => {
      const {
        version: { id },
      } = await on.put("key");
      const [job] = await on.catalog.jobs.lease(["encode"], 1, 1000);
      on.clock.time += 999;
      await on.catalog.jobs.extend(job!, 1000);
      on.clock.time += 999;
      expect(await subjects()).to.deep.equal([]);
      on.clock.time += 1;
      expect(await subjects()).to.deep.equal([id]);
    });

    it("gives a job a new number with each lease, and lets go of it only by the newest", async () => {
      await on.put("key");
      const [first] = await on.catalog.jobs.lease(["encode"], 1, 1000);
      on.clock.time += 1000;
      const [second] = await on.catalog.jobs.lease(["encode"], 1, 1000);
      expect(second!.lease).to.be.greaterThan(first!.lease);
      for (const late of [
        () => on.catalog.jobs.extend(first!, 9000),
        () => on.catalog.jobs.release(first!, on.clock.time, "no luck"),
        () => on.catalog.jobs.finish(first!),
      ])
        expect(await lossOf(late())).to.deep.equal({ gone: false });
      expect(await on.catalog.jobs.nextDue()).to.equal(on.clock.time + 1000);
      await on.catalog.jobs.finish(second!);
      expect(await on.catalog.jobs.count()).to.deep.include({ encode: 0 });
    });

    it("keeps a lease that has run out as long as nobody else took the job", async () => {
      await on.put("key");
      const [job] = await on.catalog.jobs.lease(["encode"], 1, 1000);
      on.clock.time += 5000;
      await on.catalog.jobs.extend(job!, 1000);
      expect(await subjects()).to.deep.equal([]);
      await on.catalog.jobs.finish(job!);
    });

    it("shows on a version why its file's job could not go on, until a step goes well", async () => {
      await on.putEncoded("key");
      const waiting = async () => (await on.catalog.objects.get("box", "key"))?.durability.waiting;
      expect(await waiting()).to.equal(undefined);
      const release = async (failed?: string) => {
        const [job] = await on.catalog.jobs.lease(["store"], 1, 1000);
        await on.catalog.jobs.release(job!, on.clock.time, failed);
      };
      await release("too few storage nodes");
      expect(await waiting()).to.equal("too few storage nodes");
      await release();
      expect(await waiting()).to.equal(undefined);
    });

    it("gives a job back with its next time, and counts failed attempts", async () => {
      await on.put("key");
      const [job] = await on.catalog.jobs.lease(["encode"], 1, 1000);
      expect(job?.attempt).to.equal(0);
      await on.catalog.jobs.release(job!, on.clock.time + 500, "no luck");
      expect(await subjects()).to.deep.equal([]);
      expect(await on.catalog.jobs.nextDue()).to.equal(on.clock.time + 500);
      on.clock.time += 500;
      const [again] = await on.catalog.jobs.lease(["encode"], 1, 1000);
      expect(again).to.deep.equal({ ...job, attempt: 1, lease: job!.lease + 1 });
      await on.catalog.jobs.release(again!, on.clock.time);
      expect((await on.catalog.jobs.lease(["encode"], 1, 1000))[0]?.attempt).to.equal(1);
    });

    it("knows when the next is due: a leased one at its lease's end, none at all never", async () => {
      expect(await on.catalog.jobs.nextDue()).to.equal(undefined);
      await on.put("key");
      expect(await on.catalog.jobs.nextDue()).to.equal(on.clock.time);
      const [job] = await on.catalog.jobs.lease(["encode"], 1, 1000);
      expect(await on.catalog.jobs.nextDue()).to.equal(on.clock.time + 1000);
      await on.catalog.jobs.finish(job!);
      expect(await on.catalog.jobs.nextDue()).to.equal(undefined);
    });

    it("wakes the jobs of one FID, for every owner, and not those of others", async () => {
      await on.putEncoded("a", "same");
      await on.putEncoded("b", "same", { owner: "bert" });
      await on.putEncoded("c", "other");
      for (const job of await on.catalog.jobs.lease(["store"], 10, 1000))
        await on.catalog.jobs.release(job, on.clock.time + 60_000);
      expect(await on.catalog.jobs.wakeFid(hash("fid same") as Fid)).to.equal(2);
      expect(await subjects(10, ["store"])).to.have.length(2);
      expect(await on.catalog.jobs.wakeFid(hash("fid unknown") as Fid)).to.equal(0);
    });

    it("does not lose news that comes while the job is running", async () => {
      await on.putEncoded("key");
      const [job] = await on.catalog.jobs.lease(["store"], 1, 1000);
      await on.catalog.jobs.wakeFid(hash("fid key") as Fid);
      expect(await subjects(1, ["store"]), "it stays leased").to.deep.equal([]);
      await on.catalog.jobs.release(job!, on.clock.time + 60_000);
      expect(await subjects(1, ["store"]), "and is due as soon as it is given back").to.have.length(1);
    });

    it("wakes all jobs of a kind", async () => {
      await on.put("a");
      await on.putEncoded("b");
      for (const job of await on.catalog.jobs.lease(["encode", "store"], 10, 1000))
        await on.catalog.jobs.release(job, on.clock.time + 60_000);
      expect(await on.catalog.jobs.wakeAll("store")).to.equal(1);
      expect(await subjects(10, ["encode", "store"])).to.have.length(1);
    });

    it("ends at start the leases that this gateway left, and leaves waiting jobs their time", async () => {
      await on.put("a");
      await on.put("b");
      const [first] = await on.catalog.jobs.lease(["encode"], 1, 3_600_000);
      const [second] = await on.catalog.jobs.lease(["encode"], 1, 3_600_000);
      await on.catalog.jobs.release(second!, on.clock.time + 60_000);
      await on.catalog.jobs.releaseOwn();
      expect(await subjects()).to.deep.equal([first!.subject]);
    });

    it("says that a job is gone", async () => {
      await on.put("key");
      const [job] = await on.catalog.jobs.lease(["encode"], 1, 1000);
      await on.catalog.jobs.finish(job!);
      for (const late of [
        () => on.catalog.jobs.finish(job!),
        () => on.catalog.jobs.release(job!, 0),
        () => on.catalog.jobs.extend({ ...job!, id: "nonsense" }, 5),
      ])
        expect(await lossOf(late())).to.deep.equal({ gone: true });
      expect(await on.catalog.jobs.count()).to.deep.equal({ encode: 0, store: 0, delete: 0 });
    });
  });
}
