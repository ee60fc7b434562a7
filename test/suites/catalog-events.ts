import { expect } from "chai";
import type { WaitingObjectEvent } from "../../src/catalog/catalog.js";
import { MAX_WAITING } from "../../src/catalog/events.js";
import { outboxEventFor, type OutboxEvent, type NotificationRule } from "../../src/model/notification.js";
import { CatalogFixture, file, refusal, slice, version, type OpenCatalog } from "./catalog-fixture.js";

const rule: NotificationRule = {
  id: "all",
  webhook: "hook",
  events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*", "cess:ObjectStored"],
};
const source = { principal: "anna", address: "192.0.2.1", requestId: "R1" };

/** The outbox. */
export function eventsContract(open: OpenCatalog): void {
  describe("Events", () => {
    const on = CatalogFixture.forEach(open);
    const told = (event: OutboxEvent["event"], key: string, rules: readonly NotificationRule[] = [rule]) => ({
      outboxEvent: outboxEventFor(rules, event, key, source),
    });
    const waiting = async (webhook = "hook") =>
      ((await on.catalog.events.first(webhook, 500)) as readonly WaitingObjectEvent[]).map(
        ({ event, key, versionId, size, etag }) => ({
          event,
          key,
          versionId,
          size,
          etag,
        }),
      );
    const put = (key: string, more: object = {}) =>
      on.put(key, `blob of ${key}`, { ...told("s3:ObjectCreated:Put", key), ...more });

    it("are recorded with the change they tell of, in order, and not without it", async () => {
      await put("a");
      await refusal(
        on.catalog.objects.put(
          version("a", told("s3:ObjectCreated:Put", "a")),
          { blobs: [slice("other")] },
          { ifNoneMatch: "*" },
        ),
        "preconditionFailed",
      );
      await on.catalog.objects.delete("box", "a", undefined, told("s3:ObjectRemoved:*", "a"));
      await on.catalog.objects.delete("box", "a", undefined, told("s3:ObjectRemoved:*", "a"));
      expect(await waiting()).to.deep.equal([
        { event: "s3:ObjectCreated:Put", key: "a", versionId: undefined, size: 5, etag: "etag of a" },
        { event: "s3:ObjectRemoved:Delete", key: "a", versionId: undefined, size: undefined, etag: undefined },
      ]);
      const [first] = await on.catalog.events.first("hook", 1);
      expect(first).to.deep.include({
        rule: "all",
        bucket: "box",
        bucketOwner: "anna",
        region: "us-east-1",
        createdAt: on.clock.time,
        source,
      });
    });

    it("name versions, and tell a marker from a deletion", async () => {
      await on.catalog.documents.put("box", "versioning", "Enabled");
      const {
        version: { versionId },
      } = await put("a");
      const marker = await on.catalog.objects.delete("box", "a", undefined, told("s3:ObjectRemoved:*", "a"));
      await on.catalog.objects.delete("box", "a", undefined, {
        versionId: marker.versionId ?? "",
        ...told("s3:LifecycleExpiration:*", "a"),
      });
      expect((await waiting()).map(({ event, versionId: id }) => [event, id])).to.deep.equal([
        ["s3:ObjectCreated:Put", versionId],
        ["s3:ObjectRemoved:DeleteMarkerCreated", marker.versionId],
        ["s3:LifecycleExpiration:Delete", marker.versionId],
      ]);
    });

    it("go to those who listen to the event and the key alone", async () => {
      const rules: NotificationRule[] = [
        { id: "1", webhook: "puts", events: ["s3:ObjectCreated:Put"], prefix: "logs/", suffix: ".gz" },
        { id: "2", webhook: "markers", events: ["s3:ObjectRemoved:DeleteMarkerCreated"] },
      ];
      await put("logs/a.gz", told("s3:ObjectCreated:Put", "logs/a.gz", rules));
      await put("logs/a.txt", told("s3:ObjectCreated:Put", "logs/a.txt", rules));
      await put("logs/b.gz", told("s3:ObjectCreated:Copy", "logs/b.gz", rules));
      await on.catalog.objects.delete("box", "logs/a.gz", undefined, told("s3:ObjectRemoved:*", "logs/a.gz", rules));
      expect((await waiting("puts")).map(({ key }) => key)).to.deep.equal(["logs/a.gz"]);
      expect(await on.catalog.events.webhooks()).to.deep.equal(["puts"]);
    });

    it("tell of an upload that was completed", async () => {
      await on.catalog.uploads.create({
        id: "u",
        bucket: "box",
        key: "parts",
        owner: "anna",
        content: {},
        metadata: {},
      });
      const { part } = await on.catalog.uploads.putPart("u", {
        partNumber: 1,
        size: 5,
        etag: "e",
        blob: slice("p").blob,
      });
      await on.catalog.uploads.complete(
        "u",
        version("parts", told("s3:ObjectCreated:CompleteMultipartUpload", "parts")),
        [part],
      );
      expect((await waiting()).map(({ event }) => event)).to.deep.equal(["s3:ObjectCreated:CompleteMultipartUpload"]);
    });

    it("tell of each version that the network has taken whole, once, and only where somebody listens", async () => {
      const unheard = await on.putEncoded("unheard");
      await on.catalog.files.stored(unheard.file);
      await on.catalog.documents.put("box", "notification", { rules: [{ ...rule, prefix: "heard" }] });
      const { id } = (await on.put("heard", "blob of heard")).version;
      await on.catalog.objects.attach(id, [
        file("one", [slice("blob of heard")]),
        file("two", [slice("blob of heard")]),
      ]);
      const extents = await on.catalog.objects.extents(id);
      await on.catalog.files.stored(extents[0]!.file);
      expect(await waiting()).to.deep.equal([]);
      await on.catalog.files.stored(extents[1]!.file);
      expect((await waiting()).map(({ event, key }) => [event, key])).to.deep.equal([["cess:ObjectStored", "heard"]]);
      await on.putEncoded("heard too", "one");
      expect(
        (await waiting()).map(({ key }) => key),
        "its file was there already",
      ).to.deep.equal(["heard", "heard too"]);
    });

    it("go when they are delivered, and are dropped when they are too old", async () => {
      await put("a");
      await put("b");
      const [a] = await on.catalog.events.first("hook", 1);
      await on.catalog.events.delivered([a!.id]);
      expect((await waiting()).map(({ key }) => key)).to.deep.equal(["b"]);
      expect(await on.catalog.events.expire(1000)).to.equal(0);
      on.clock.time += 1001;
      expect(await on.catalog.events.expire(1000)).to.equal(1);
      expect(await on.catalog.events.counts()).to.deep.equal({ waiting: 0, dropped: 1 });
    });

    it("are dropped and counted beyond what one webhook's outbox holds, and the change happens all the same", async () => {
      const twice = [rule, { ...rule, id: "other", webhook: "other" }];
      const often = Array.from({ length: 500 }, () => rule);
      for (let at = 0; at < MAX_WAITING; at += often.length)
        await put(`k${at}`, told("s3:ObjectCreated:Put", `k${at}`, often));
      await put("last", told("s3:ObjectCreated:Put", "last", twice));
      expect(await on.catalog.objects.get("box", "last")).to.not.equal(undefined);
      expect(await on.catalog.events.counts()).to.deep.equal({ waiting: MAX_WAITING + 1, dropped: 1 });
      expect((await waiting("other")).map(({ key }) => key)).to.deep.equal(["last"]);
    });
  });
}
