import { expect } from "chai";
import type { VersionQuery } from "../../src/catalog/catalog.js";
import { CatalogFixture, refusal, slice, type OpenCatalog } from "./catalog-fixture.js";

const HOUR = 3_600_000;

export function versionsContract(open: OpenCatalog): void {
  describe("versions", () => {
    const on = CatalogFixture.forEach(open);
    const versioning = (state: "Enabled" | "Suspended") => on.catalog.documents.put("box", "versioning", state);
    const put = async (key: string, blob = `blob ${Math.random()}`) => (await on.put(key, blob)).version;
    const list = async (more: Partial<VersionQuery> = {}) => {
      const page = await on.catalog.objects.listVersions({
        bucket: "box",
        prefix: "",
        delimiter: "",
        keyMarker: "",
        versionIdMarker: "",
        limit: 1000,
        ...more,
      });
      return {
        ...page,
        names: page.entries.map((entry) =>
          entry.kind === "prefix" ? entry.prefix : `${entry.version.key}@${entry.version.versionId}`,
        ),
      };
    };

    it("shows a bucket's versioning with the bucket, also where it was created with it", async () => {
      expect((await on.catalog.buckets.get("box"))?.versioning).to.equal(undefined);
      await versioning("Enabled");
      expect((await on.catalog.buckets.get("box"))?.versioning).to.equal("Enabled");
      await on.catalog.buckets.create({ name: "new", owner: "bert", region: "us-east-1" }, { versioning: "Enabled" });
      expect((await on.catalog.buckets.list("bert"))[0]?.versioning).to.equal("Enabled");
    });

    it("keeps every version written while versioning is enabled, and the null version from before", async () => {
      const before = await put("k", "one");
      await versioning("Enabled");
      const second = await put("k", "two");
      const third = await put("k", "three");
      expect(new Set([before.versionId, second.versionId, third.versionId]).size).to.equal(3);
      expect(before.versionId).to.equal("null");
      expect(await on.catalog.objects.get("box", "k")).to.deep.equal(third);
      expect(await on.catalog.objects.get("box", "k", second.versionId)).to.deep.equal({ ...second, isLatest: false });
      expect((await on.catalog.objects.get("box", "k", "null"))?.id).to.equal(before.id);
      expect((await list()).names).to.deep.equal([`k@${third.versionId}`, `k@${second.versionId}`, "k@null"]);
    });

    it("replaces the null version, and that alone, while versioning is suspended", async () => {
      await put("k", "one");
      await versioning("Enabled");
      const kept = await put("k", "two");
      await versioning("Suspended");
      const { orphans, version: fresh } = await on.put("k", "three");
      expect(orphans).to.deep.equal(["one"]);
      expect(fresh.versionId).to.equal("null");
      expect((await list()).names).to.deep.equal(["k@null", `k@${kept.versionId}`]);
      expect((await on.put("k", "four")).orphans).to.deep.equal(["three"]);
      expect((await list()).names).to.deep.equal(["k@null", `k@${kept.versionId}`]);
    });

    it("sets a delete marker in place of removing an object, and takes it away again by its name", async () => {
      await versioning("Enabled");
      const version = await put("k", "one");
      const marker = await on.catalog.objects.delete("box", "k");
      expect(marker).to.deep.include({ deleted: true, deleteMarker: true, orphans: [] });
      expect((await on.catalog.objects.get("box", "k"))?.deleteMarker).to.equal(true);
      expect(
        (
          await on.catalog.objects.list({
            bucket: "box",
            owner: "anna",
            prefix: "",
            delimiter: "",
            after: "",
            limit: 10,
          })
        ).entries,
      ).to.deep.equal([]);
      await refusal(on.catalog.buckets.delete("box"), "bucketNotEmpty");
      const restored = await on.catalog.objects.delete("box", "k", undefined, { versionId: marker.versionId! });
      expect(restored).to.deep.include({ deleted: true, deleteMarker: true, versionId: marker.versionId });
      expect(await on.catalog.objects.get("box", "k")).to.deep.equal(version);
      // A marker is set for a key that never was, too.
      expect(await on.catalog.objects.delete("box", "never")).to.deep.include({ deleted: true, deleteMarker: true });
    });

    it("sets the null version's marker while suspended, letting the null version's bytes go", async () => {
      await put("k", "one");
      await versioning("Suspended");
      const deleted = await on.catalog.objects.delete("box", "k");
      expect(deleted).to.deep.equal({ deleted: true, deleteMarker: true, versionId: "null", orphans: ["one"] });
      expect((await list()).names).to.deep.equal(["k@null"]);
      await on.catalog.objects.delete("box", "k", undefined, { versionId: "null" });
      expect((await list()).names).to.deep.equal([]);
      await on.catalog.buckets.delete("box");
    });

    it("makes the newest of those left the current one when the current version is removed by name", async () => {
      await versioning("Enabled");
      const [first, second, third] = [await put("k", "one"), await put("k", "two"), await put("k", "three")];
      const removed = await on.catalog.objects.delete("box", "k", undefined, { versionId: third.versionId });
      expect(removed).to.deep.equal({
        deleted: true,
        deleteMarker: false,
        versionId: third.versionId,
        orphans: ["three"],
      });
      expect(await on.catalog.objects.get("box", "k")).to.deep.equal(second);
      await on.catalog.objects.delete("box", "k", undefined, { versionId: first.versionId });
      expect(await on.catalog.objects.get("box", "k")).to.deep.equal(second);
      expect(await on.catalog.objects.delete("box", "k", undefined, { versionId: first.versionId })).to.deep.include({
        deleted: false,
      });
    });

    it("completes an upload into a version of its own", async () => {
      await versioning("Enabled");
      const kept = await put("k", "one");
      await on.catalog.uploads.create({
        id: "up",
        bucket: "box",
        key: "k",
        owner: "anna",
        content: {},
        metadata: {},
        tags: [{ key: "a", value: "b" }],
      });
      const { part } = await on.catalog.uploads.putPart("up", {
        partNumber: 1,
        size: 5,
        etag: "e",
        blob: slice("part").blob,
      });
      expect((await on.catalog.uploads.get("box", "k", "up"))?.tags).to.deep.equal([{ key: "a", value: "b" }]);
      const { version } = await on.catalog.uploads.complete("up", { ...kept, etag: "whole" }, [part]);
      expect(version.versionId).not.to.equal("null");
      expect((await on.catalog.uploads.result("up"))?.versionId).to.equal(version.versionId);
      expect((await list()).names).to.deep.equal([`k@${version.versionId}`, `k@${kept.versionId}`]);
    });

    it("does nothing where the version is not the one meant any more", async () => {
      const old = await put("k", "one");
      const fresh = await put("k", "two");
      expect(await on.catalog.objects.delete("box", "k", undefined, { onlyId: old.id })).to.deep.include({
        deleted: false,
      });
      expect(
        await on.catalog.objects.delete("box", "k", undefined, { versionId: "null", onlyId: old.id }),
      ).to.deep.include({ deleted: false });
      expect(await on.catalog.objects.delete("box", "k", undefined, { onlyId: fresh.id })).to.deep.include({
        deleted: true,
      });
    });

    it("tests a deletion's conditions against the version it names", async () => {
      await versioning("Enabled");
      const first = await on.put("k", "one", { etag: "1" });
      await on.put("k", "two", { etag: "2", size: 9 });
      const { versionId } = first.version;
      await refusal(on.catalog.objects.delete("box", "k", { ifMatch: ["2"] }, { versionId }), "preconditionFailed");
      await refusal(on.catalog.objects.delete("box", "k", { ifMatchSize: 5 }), "preconditionFailed");
      await refusal(on.catalog.objects.delete("box", "k", { ifMatchModified: 0 }), "preconditionFailed");
      await refusal(on.catalog.objects.delete("box", "other", { ifMatch: ["1"] }), "noObject");
      // Size and last change are asked of what is there alone.
      await on.catalog.objects.delete("box", "other", { ifMatchSize: 5, ifMatchModified: 0 }, { versionId: "null" });
      await on.catalog.objects.delete("box", "k", { ifMatch: ["1"], ifMatchSize: 5 }, { versionId });
      expect((await list()).names).to.have.length(1);
    });

    it("keeps tags with the version", async () => {
      const tags = [
        { key: "b", value: "2" },
        { key: "a", value: "" },
      ];
      const { version } = await on.put("k", "one", { tags });
      expect(version.tags).to.deep.equal(tags);
      expect(await on.catalog.objects.setTags(version.id, [{ key: "c", value: "3" }])).to.equal(true);
      expect((await on.catalog.objects.get("box", "k"))?.tags).to.deep.equal([{ key: "c", value: "3" }]);
      await on.catalog.objects.setTags(version.id, []);
      expect((await on.catalog.objects.get("box", "k"))?.tags).to.equal(undefined);
      await on.catalog.objects.delete("box", "k");
      expect(await on.catalog.objects.setTags(version.id, tags)).to.equal(false);
      expect(await on.catalog.objects.setStorageClass(version.id, "GLACIER")).to.equal(false);
    });

    it("removes no version that is locked", async () => {
      await versioning("Enabled");
      const until = on.clock.time + HOUR;
      const { version: held } = await on.put("held", "one", { lock: { legalHold: "ON" } });
      const { version: governed } = await on.put("governed", "two", {
        lock: { retention: { mode: "GOVERNANCE", until } },
      });
      const { version: compliant } = await on.put("compliant", "three", {
        lock: { retention: { mode: "COMPLIANCE", until } },
      });
      const remove = ({ key, versionId }: typeof held, bypassGovernance = false) =>
        on.catalog.objects.delete("box", key, undefined, { versionId, bypassGovernance });
      for (const version of [held, governed, compliant]) await refusal(remove(version), "objectLocked");
      await refusal(remove(held, true), "objectLocked");
      await refusal(remove(compliant, true), "objectLocked");
      expect((await on.catalog.objects.delete("box", "compliant")).deleteMarker).to.equal(true);
      await remove(governed, true);
      expect(await on.catalog.objects.setLegalHold(held.id, "OFF")).to.equal(true);
      await remove(held);
      on.clock.time = until;
      await remove(compliant);
    });

    it("lets a retention grow, and shrink only where it may be bypassed", async () => {
      await versioning("Enabled");
      const until = on.clock.time + HOUR;
      const {
        version: { id },
      } = await on.put("k", "one");
      const set = (mode: "GOVERNANCE" | "COMPLIANCE", at: number, bypass = false) =>
        on.catalog.objects.setRetention(id, { mode, until: at }, bypass);
      await set("GOVERNANCE", until);
      await set("GOVERNANCE", until + 1);
      await refusal(set("GOVERNANCE", until), "objectLocked");
      await refusal(set("COMPLIANCE", until + 1), "objectLocked");
      await refusal(on.catalog.objects.setRetention(id, undefined, false), "objectLocked");
      await set("GOVERNANCE", until, true);
      await on.catalog.objects.setRetention(id, undefined, true);
      expect((await on.catalog.objects.byId(id))?.lock).to.equal(undefined);
      await set("COMPLIANCE", until);
      await refusal(set("GOVERNANCE", until + HOUR, true), "objectLocked");
      await refusal(set("COMPLIANCE", until - 1, true), "objectLocked");
      await set("COMPLIANCE", until + HOUR);
      expect((await on.catalog.objects.byId(id))?.lock).to.deep.equal({
        retention: { mode: "COMPLIANCE", until: until + HOUR },
      });
      on.clock.time = until + HOUR;
      await on.catalog.objects.setRetention(id, undefined, false);
    });

    it("pages through versions by key and version id, in any page size, missing and repeating none", async () => {
      await versioning("Enabled");
      for (const key of ["a", "b", "b", "b", "c/1", "c/2", "d", "d"]) await put(key);
      await on.catalog.objects.delete("box", "b");
      const whole = await list();
      expect(whole.names).to.have.length(9);
      expect(whole.entries.map((entry) => entry.kind === "version" && entry.version.isLatest)).to.deep.equal([
        true,
        true,
        false,
        false,
        false,
        true,
        true,
        true,
        false,
      ]);
      for (const limit of [1, 2, 3, 4]) {
        const seen: string[] = [];
        for (let marker: Partial<VersionQuery> = {}; ;) {
          const page = await list({ limit, ...marker });
          seen.push(...page.names);
          const last = page.entries.at(-1);
          if (!page.truncated || last?.kind !== "version") break;
          marker = { keyMarker: last.version.key, versionIdMarker: last.version.versionId };
        }
        expect(seen).to.deep.equal(whole.names);
      }
      expect((await list({ keyMarker: "b" })).names.map((name) => name.split("@")[0])).to.deep.equal([
        "c/1",
        "c/2",
        "d",
        "d",
      ]);
      expect((await list({ delimiter: "/" })).names.filter((name) => name.startsWith("c"))).to.deep.equal(["c/"]);
      expect((await list({ prefix: "d" })).names).to.have.length(2);
      expect((await list({ delimiter: "/", keyMarker: "c/1", versionIdMarker: "x" })).names).to.have.length(2);
      expect((await list({ prefix: "a", keyMarker: "b", versionIdMarker: "null" })).names).to.deep.equal([]);
    });

    it("begins a key again when the version it was to go on after has gone", async () => {
      await versioning("Enabled");
      const [first, second] = [await put("k"), await put("k")];
      await on.catalog.objects.delete("box", "k", undefined, { versionId: second.versionId });
      expect((await list({ keyMarker: "k", versionIdMarker: second.versionId })).names).to.deep.equal([
        `k@${first.versionId}`,
      ]);
    });
  });
}
