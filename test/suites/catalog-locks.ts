import { expect } from "chai";
import { CatalogFixture, lossOf, type OpenCatalog } from "./catalog-fixture.js";

export function locksContract(open: OpenCatalog): void {
  describe("locks", () => {
    const on = CatalogFixture.forEach(open);

    it("are held by one at a time, until they are given back", async () => {
      const { locks } = on.catalog;
      const first = await locks.acquire("name", 1000);
      expect(await locks.acquire("name", 1000)).to.equal(undefined);
      expect((await locks.acquire("other", 1000))?.name).to.equal("other");
      await locks.release(first!);
      const second = await locks.acquire("name", 1000);
      expect(second!.token).to.be.greaterThan(first!.token);
    });

    it("are free at the end of their lease, unless it was extended", async () => {
      const { locks } = on.catalog;
      const first = await locks.acquire("name", 1000);
      on.clock.time += 999;
      await locks.extend(first!, 1000);
      on.clock.time += 999;
      expect(await locks.acquire("name", 1000)).to.equal(undefined);
      on.clock.time += 1;
      expect(await locks.acquire("name", 1000)).to.not.equal(undefined);
    });

    it("can be extended after their lease as long as nobody else had them", async () => {
      const { locks } = on.catalog;
      const first = await locks.acquire("name", 1000);
      on.clock.time += 5000;
      await locks.extend(first!, 1000);
      expect(await locks.acquire("name", 1000)).to.equal(undefined);
    });

    it("are lost to whoever gets them after their lease", async () => {
      const { locks } = on.catalog;
      const first = await locks.acquire("name", 1000);
      on.clock.time += 1000;
      const second = await locks.acquire("name", 1000);
      expect(await lossOf(locks.extend(first!, 1000))).to.deep.equal({ gone: false });
      await locks.release(first!);
      expect(await locks.held()).to.deep.equal([{ ...second!, holder: "local", until: on.clock.time + 1000 }]);
    });

    it("are given back at start by the gateway that left them", async () => {
      const { locks } = on.catalog;
      await locks.acquire("name", 3_600_000);
      await locks.releaseOwn();
      expect(await locks.acquire("name", 1000)).to.not.equal(undefined);
    });
  });

  describe("fences", () => {
    const on = CatalogFixture.forEach(open);

    it("let a write pass while its job is leased, and refuse it as a whole when another has the job", async () => {
      const { file } = await on.putEncoded("key");
      const [job] = await on.catalog.jobs.lease(["store"], 1, 1000);
      const fenced = on.catalog.fenced(() => job!);
      await fenced.files.markSigned(file, { nonce: 1, untilBlock: 2 });
      on.clock.time += 1000;
      await fenced.files.advance(file, "declared", 3);
      const [again] = await on.catalog.jobs.lease(["store"], 1, 1000);
      expect(await lossOf(fenced.files.markSigned(file, { nonce: 3, untilBlock: 4 }))).to.deep.equal({ gone: false });
      expect(await lossOf(fenced.files.stored(file))).to.deep.equal({ gone: false });
      expect(await on.catalog.files.get(file)).to.deep.include({
        state: "declared",
        reports: 3,
        signed: { nonce: 1, untilBlock: 2 },
      });
      await on.catalog.fenced(() => again!).files.advance(file, "placed", 4);
    });

    it("refuse every write of a job that was given back or is gone", async () => {
      const { file } = await on.putEncoded("key");
      const [job] = await on.catalog.jobs.lease(["store"], 1, 1000);
      const fenced = on.catalog.fenced(() => job!);
      await on.catalog.jobs.release(job!, on.clock.time);
      expect(await lossOf(fenced.files.advance(file, "declared", 0))).to.deep.equal({ gone: false });
      const [again] = await on.catalog.jobs.lease(["store"], 1, 1000);
      await on.catalog.jobs.finish(again!);
      expect(await lossOf(fenced.files.advance(file, "declared", 0))).to.deep.equal({ gone: true });
    });

    it("can be of a job and a lock at once", async () => {
      const { file } = await on.putEncoded("key");
      const [job] = await on.catalog.jobs.lease(["store"], 1, 60_000);
      const lock = await on.catalog.locks.acquire("fid:x", 1000);
      const both = on.catalog.fenced(() => job!).fenced(() => lock!);
      await both.files.advance(file, "declared", 0);
      on.clock.time += 1000;
      await on.catalog.locks.acquire("fid:x", 1000);
      expect(await lossOf(both.files.advance(file, "placed", 0))).to.deep.equal({ gone: false });
      await on.catalog.fenced(() => job!).files.advance(file, "placed", 0);
      await on.catalog.jobs.finish(job!);
      expect((await on.catalog.files.get(file))?.state).to.equal("placed");
    });

    it("cover every part that writes", async () => {
      const [job] = [{ id: "12345", kind: "store", subject: "1", attempt: 0, lease: 1 } as const];
      const fenced = on.catalog.fenced(() => job);
      const writes: (() => Promise<unknown>)[] = [
        () => fenced.buckets.create({ name: "other", owner: "anna", region: "us-east-1" }),
        () => fenced.documents.put("box", "tagging", []),
        () => fenced.objects.delete("box", "key"),
        () => fenced.uploads.forget(0),
        () => fenced.preparations.clear("1"),
        () => fenced.files.failed("1", "why"),
        () => fenced.packs.postpone("1"),
        () => fenced.takeOvers.endOlder(0),
        () => fenced.jobs.wakeAll("store"),
        () => fenced.locks.acquire("name", 1),
        () => fenced.keyUses.record("key"),
        () => fenced.events.delivered(["1"]),
        () => fenced.leases.dropSpend("1"),
        () => fenced.mark.advance(),
        () => fenced.inspection.recount("box"),
        () => fenced.heartbeat(),
        () => fenced.orphans([]),
      ];
      for (const write of writes) expect(await lossOf(write(), String(write))).to.deep.equal({ gone: true });
    });
  });
}
