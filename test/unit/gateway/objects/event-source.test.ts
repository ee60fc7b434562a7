import { expect } from "chai";
import { bucketPolicy } from "../../../support/bucket-policy.js";
import { alice, as, bob, body, bytesOf, plainly, TestGateway } from "../../../support/test-gateway.js";

describe("An event of a bucket that belongs to another account", () => {
  it("names the requester of a put, a copy, a completed upload and a deletion, not the owner who pays", async () => {
    const fixture = await TestGateway.build();
    try {
      const accounts = [alice, bob];
      const { objects, uploads, buckets } = fixture.gatewayWith({
        accounts: { all: accounts, owner: (id) => accounts.find((each) => each.id === id) },
      });
      await buckets.create(as(alice), "box");
      await fixture.catalog.documents.put("box", "policy", bucketPolicy("box", { account: bob, actions: "s3:*" }));
      await fixture.catalog.documents.put("box", "notification", {
        rules: [{ id: "all", webhook: "hook", events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"] }],
      });
      const named = (key: string) => ({ bucket: "box", key });
      const written = [await objects.put(as(bob), named("put"), body(bytesOf(100, 1)), plainly)];
      written.push(
        await objects.copy(as(bob), named("copy"), {
          source: named("put"),
          sourcePreconditions: {},
        }),
      );
      const { id } = await uploads.create(as(bob), named("upload"), { content: {}, metadata: {} });
      const { etag } = await uploads.putPart(as(bob), named("upload"), id, 1, body(bytesOf(100, 2)));
      const { result } = await uploads.complete(as(bob), named("upload"), id, { parts: [{ partNumber: 1, etag }] });
      await result;
      await objects.delete(as(bob), named("put"));
      const events = await fixture.catalog.events.first("hook", 100);
      expect(events.map((each) => [each.event, "source" in each && each.source.principal])).to.deep.equal([
        ["s3:ObjectCreated:Put", bob.id],
        ["s3:ObjectCreated:Copy", bob.id],
        ["s3:ObjectCreated:CompleteMultipartUpload", bob.id],
        ["s3:ObjectRemoved:Delete", bob.id],
      ]);
      expect(written.map(({ owner }) => owner)).to.deep.equal([alice.id, alice.id]);
    } finally {
      await fixture.close();
    }
  });
});
