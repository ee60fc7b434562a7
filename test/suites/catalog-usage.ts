import { expect } from "chai";
import { DomainError } from "../../src/model/errors.js";
import type { Usage } from "../../src/model/quota.js";
import { seededRandom } from "../support/seeded-random.js";
import { CatalogFixture, refusal, slice, version, type OpenCatalog } from "./catalog-fixture.js";

export function usageContract(open: OpenCatalog): void {
  describe("usage", () => {
    const on = CatalogFixture.forEach(open);

    const put = (key: string, size = 5, more = {}) =>
      on.catalog.objects.put(version(key, { size, ...more }), { blobs: [slice(`${key} ${size}`, size)] });
    const usage = async (bucket = "box"): Promise<Usage> => (await on.catalog.usage.bucket(bucket)).usage;
    const upload = (id: string) =>
      on.catalog.uploads.create({ id, bucket: "box", key: "key", owner: "anna", content: {}, metadata: {} });
    const part = async (id: string, partNumber: number, size: number) =>
      (
        await on.catalog.uploads.putPart(id, {
          partNumber,
          size,
          etag: "e",
          blob: slice(`${id} ${partNumber} ${size}`).blob,
        })
      ).part;

    it("counts versions through puts, overwrites and deletions", async () => {
      await put("a", 10);
      await put("b", 20);
      expect(await usage()).to.deep.equal({ bytes: 30, uploadBytes: 0, objects: 2 });
      await put("a", 3);
      expect(await usage()).to.deep.equal({ bytes: 23, uploadBytes: 0, objects: 2 });
      await on.catalog.objects.delete("box", "b");
      await on.catalog.objects.delete("box", "none");
      expect(await usage()).to.deep.equal({ bytes: 3, uploadBytes: 0, objects: 1 });
    });

    it("counts every version where versioning is enabled, and delete markers not at all", async () => {
      await on.catalog.documents.put("box", "versioning", "Enabled");
      const first = await put("a", 10);
      await put("a", 20);
      const marker = await on.catalog.objects.delete("box", "a");
      expect(await usage()).to.deep.equal({ bytes: 30, uploadBytes: 0, objects: 2 });
      await on.catalog.objects.delete("box", "a", undefined, { versionId: marker.versionId! });
      await on.catalog.objects.delete("box", "a", undefined, { versionId: first.version.versionId });
      expect(await usage()).to.deep.equal({ bytes: 20, uploadBytes: 0, objects: 1 });
      await on.catalog.documents.put("box", "versioning", "Suspended");
      await put("a", 1);
      await on.catalog.objects.delete("box", "a");
      expect(await usage()).to.deep.equal({ bytes: 20, uploadBytes: 0, objects: 1 });
    });

    it("counts parts while their upload is open, and then what became of them", async () => {
      await upload("u");
      const parts = [await part("u", 1, 10), await part("u", 2, 20)];
      await part("u", 3, 40);
      await part("u", 3, 4);
      expect(await usage()).to.deep.equal({ bytes: 0, uploadBytes: 34, objects: 0 });
      await put("key", 7);
      await on.catalog.uploads.complete("u", version("key", { size: 30 }), parts);
      expect(await usage()).to.deep.equal({ bytes: 30, uploadBytes: 0, objects: 1 });
      await upload("v");
      await part("v", 1, 50);
      await on.catalog.uploads.abort("v");
      expect(await usage()).to.deep.equal({ bytes: 30, uploadBytes: 0, objects: 1 });
    });

    it("counts nothing for a transaction that failed", async () => {
      await put("a", 10);
      await refusal(
        on.catalog.objects.put(version("a", { size: 5 }), { blobs: [slice("x")] }, { ifNoneMatch: "*" }),
        "preconditionFailed",
      );
      expect(await usage()).to.deep.equal({ bytes: 10, uploadBytes: 0, objects: 1 });
    });

    it("counts what is done at the same moment, and nothing of what fails beside", async () => {
      const refuse = () => {
        throw new DomainError({ kind: "storageFull" }, "no room");
      };
      await on.catalog.buckets.get("box");
      await Promise.all([put("a", 10), put("b", 20)]);
      for (let round = 0; round < 3; round++) {
        const all = await Promise.allSettled([
          put(`c ${round}`, 1),
          on.catalog.objects.put(version("a", { size: 100 }), { blobs: [slice("x", 100)] }, { ifNoneMatch: "*" }),
          upload(`u ${round}`).then(() => part(`u ${round}`, 1, 40)),
          put(`d ${round}`, 2),
          // Refused when it is counted already.
          put(`e ${round}`, 1000, { requireRoom: refuse }),
          on.catalog.objects.delete("box", `d ${round - 1}`),
        ]);
        expect(all.map(({ status }) => status === "fulfilled")).to.deep.equal([true, false, true, true, false, true]);
      }
      expect(await usage()).to.deep.equal({ bytes: 30 + 3 + 2, uploadBytes: 120, objects: 6 });
    });

    it("keeps a quota exactly when room is made at the same moment", async () => {
      await on.catalog.usage.setQuota("box", { bytes: 30, objects: 3 });
      await put("a", 30);
      const [, written] = await Promise.allSettled([on.catalog.objects.delete("box", "a"), put("b", 30)]);
      if (written.status === "rejected") await put("b", 30);
      expect(await usage()).to.deep.equal({ bytes: 30, uploadBytes: 0, objects: 1 });
      await refusal(put("c", 1), "quotaExceeded");
    });

    it("leaves nothing of a bucket that is emptied and deleted at the same moment", async () => {
      await put("a", 10);
      await on.catalog.usage.bucket("box");
      const [, deleted] = await Promise.allSettled([
        on.catalog.objects.delete("box", "a"),
        on.catalog.buckets.delete("box"),
      ]);
      if (deleted.status === "rejected") await on.catalog.buckets.delete("box");
      await on.catalog.buckets.create({ name: "box", owner: "anna", region: "us-east-1" });
      expect(await usage()).to.deep.equal({ bytes: 0, uploadBytes: 0, objects: 0 });
    });

    it("forgets a bucket that is deleted, with its quota", async () => {
      await upload("u");
      await part("u", 1, 10);
      await on.catalog.usage.setQuota("box", { bytes: 100 });
      await on.catalog.buckets.delete("box");
      await on.catalog.buckets.create({ name: "box", owner: "anna", region: "us-east-1" });
      expect(await on.catalog.usage.bucket("box")).to.deep.equal({
        usage: { bytes: 0, uploadBytes: 0, objects: 0 },
        quota: {},
      });
    });

    it("sums up all buckets of an owner", async () => {
      await on.catalog.buckets.create({ name: "more", owner: "anna", region: "us-east-1" });
      await on.catalog.buckets.create({ name: "other", owner: "ben", region: "us-east-1" });
      await put("a", 10);
      await put("a", 20, { bucket: "more" });
      await put("a", 40, { bucket: "other", owner: "ben" });
      expect(await on.catalog.usage.owner("anna")).to.deep.equal({ bytes: 30, uploadBytes: 0, objects: 2 });
      expect(await on.catalog.usage.owner("nobody")).to.deep.equal({ bytes: 0, uploadBytes: 0, objects: 0 });
    });

    it("refuses what a bucket's quota has no room for, and takes what replaces as much as it brings", async () => {
      await refusal(on.catalog.usage.setQuota("none", { bytes: 1 }), "noBucket");
      await on.catalog.usage.setQuota("box", { bytes: 30, objects: 2 });
      expect(await on.catalog.usage.quota("box")).to.deep.equal({ bytes: 30, objects: 2 });
      expect(await on.catalog.usage.quota("none")).to.deep.equal({});
      await put("a", 10);
      await put("b", 20);
      await refusal(put("b", 21), "quotaExceeded");
      await refusal(put("c", 0), "quotaExceeded");
      await put("b", 20, { etag: "again" });
      await upload("u");
      await refusal(part("u", 1, 1), "quotaExceeded");
      expect(await usage()).to.deep.equal({ bytes: 30, uploadBytes: 0, objects: 2 });
      // Lowered below what is there: everything that frees passes.
      await on.catalog.usage.setQuota("box", { bytes: 5, objects: 1 });
      await put("b", 19);
      await on.catalog.objects.delete("box", "a");
      await refusal(put("b", 20), "quotaExceeded");
      await on.catalog.usage.setQuota("box", {});
      await put("b", 1000);
    });

    it("refuses what the owner's account quota has no room for, over all its buckets", async () => {
      await on.catalog.buckets.create({ name: "more", owner: "anna", region: "us-east-1" });
      const accountQuota = { account: "anna", bytes: 30 };
      await put("a", 20, { accountQuota });
      await refusal(put("a", 20, { bucket: "more", accountQuota }), "quotaExceeded");
      await put("a", 10, { bucket: "more", accountQuota });
      await upload("u");
      const blob = slice("p").blob;
      await refusal(
        on.catalog.uploads.putPart("u", { partNumber: 1, size: 1, etag: "e", blob }, accountQuota),
        "quotaExceeded",
      );
    });

    it("agrees with a sum over all rows after any changes", async () => {
      const random = seededRandom(7);
      const pick = (count: number) => Math.floor(random() * count);
      const sizes = new Map<string, number>();
      await on.catalog.buckets.get("box");
      for (let step = 0; step < 200; step++) {
        const key = `k${pick(8)}`;
        if (pick(3) === 0) {
          await on.catalog.objects.delete("box", key);
          sizes.delete(key);
        } else {
          const size = pick(100);
          await put(key, size, { etag: `e${step}` });
          sizes.set(key, size);
        }
      }
      const bytes = [...sizes.values()].reduce((total, size) => total + size, 0);
      expect(await usage()).to.deep.equal({ bytes, uploadBytes: 0, objects: sizes.size });
    });
  });
}
