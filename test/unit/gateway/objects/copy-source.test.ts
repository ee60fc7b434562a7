import { expect } from "chai";
import type { Account } from "../../../../src/model/account.js";
import type { ErrorKind } from "../../../../src/gateway/s3-error.js";
import type { CopyRequest } from "../../../../src/gateway/gateway.js";
import type { Tag } from "../../../../src/model/tag.js";
import type { AskingGateway } from "../../../support/asking-gateway.js";
import { bucketPolicy, type PolicyStatement } from "../../../support/bucket-policy.js";
import { collect } from "../../../support/collect.js";
import { alice, as, bob, body, bytesOf, plainly, refused, TestGateway } from "../../../support/test-gateway.js";

/** Alice's bucket `source`; bob's bucket `target`. */
describe("A copy's source", () => {
  const content = bytesOf(2_000, 5);
  const tags: readonly Tag[] = [{ key: "colour", value: "red" }];
  let fixture: TestGateway;
  let gateway: AskingGateway;
  beforeEach(async () => {
    fixture = await TestGateway.build();
    const accounts = [alice, bob];
    gateway = fixture.gatewayWith({
      accounts: { all: accounts, owner: (id) => accounts.find((each) => each.id === id) },
    });
    await gateway.buckets.create(as(alice), "source", { ownership: "ObjectWriter" });
    await gateway.buckets.create(as(bob), "target");
    for (const key of ["plain", "other"]) await put(key);
    await put("tagged", tags);
  });
  afterEach(() => fixture.close());

  const put = (key: string, of?: readonly Tag[]) =>
    gateway.objects.put(as(alice), { bucket: "source", key }, body(content), {
      ...plainly,
      ...(of ? { tags: of } : {}),
    });
  const permit = (bucket: string, ...statements: PolicyStatement[]) =>
    fixture.catalog.documents.put(bucket, "policy", bucketPolicy(bucket, ...statements));
  const from = (key: string, versionId?: string) => ({
    source: { bucket: "source", key, ...(versionId === undefined ? {} : { versionId }) },
    sourcePreconditions: {},
  });

  interface Asked {
    readonly by?: AskingGateway;
    readonly account?: Account;
    readonly bucket?: string;
    readonly more?: Partial<CopyRequest>;
  }
  /** The same of CopyObject and UploadPartCopy. */
  const copy = (
    key: string,
    versionId?: string,
    { by = gateway, account = bob, bucket = "target", more }: Asked = {},
  ) => by.objects.copy(as(account), { bucket, key: "copy" }, { ...from(key, versionId), ...more });
  async function copyPart(
    key: string,
    versionId?: string,
    { by = gateway, account = bob, bucket = "target" }: Asked = {},
  ) {
    const target = { bucket, key: "parts" };
    // Open already: what is asked is the copy of a part.
    const { id } = await gateway.uploads.create(as(account), target, { content: {}, metadata: {} });
    return by.uploads.copyPart(as(account), target, id, 1, from(key, versionId));
  }
  async function expectRefused(kind: ErrorKind, key: string, versionId?: string, asked?: Asked): Promise<void> {
    for (const way of [copy, copyPart]) await refused(kind, way(key, versionId, asked));
  }
  async function expectCopied(key: string, versionId?: string, asked?: Asked): Promise<void> {
    for (const way of [copy, copyPart]) expect((await way(key, versionId, asked)).size).to.equal(content.length);
  }

  it("is denied where the requester may not read it, whatever they may do with the target", async () => {
    await expectRefused("AccessDenied", "plain");
    for (const actions of ["s3:PutObject", "s3:GetObjectTagging", "s3:ListBucket", "s3:GetObjectVersion"]) {
      await permit("source", { account: bob, actions });
      await expectRefused("AccessDenied", "plain");
    }
    await permit("source", { account: bob, actions: "s3:GetObject", resources: ["source/other"] });
    await expectRefused("AccessDenied", "plain");
    await refused("NoSuchKey", gateway.objects.head(as(bob), { bucket: "target", key: "copy" }, { preconditions: {} }));
  });

  it("is copied where a policy allows to read it", async () => {
    await permit("source", { account: bob, actions: "s3:GetObject", resources: ["source/plain"] });
    await expectCopied("plain");
    const { body: read } = await gateway.objects.get(as(bob), { bucket: "target", key: "copy" }, { preconditions: {} });
    expect((await collect(read)).equals(content)).to.equal(true);
    await expectRefused("AccessDenied", "other");
  });

  it("is copied where its own ACL allows to read it", async () => {
    const { id } = (await fixture.catalog.objects.get("source", "plain"))!;
    const grants = [{ grantee: { id: bob.id }, permission: "READ" as const }];
    await fixture.catalog.objects.setAcl(id, { owner: alice.id, grants });
    await expectCopied("plain");
    await expectRefused("AccessDenied", "other");
  });

  it("is denied to its owner, too, where a policy denies reading it", async () => {
    await gateway.buckets.create(as(alice), "mine");
    await permit("source", { account: alice, effect: "Deny", actions: "s3:GetObject", resources: ["source/plain"] });
    await expectRefused("AccessDenied", "plain", undefined, { account: alice, bucket: "mine" });
    await expectCopied("other", undefined, { account: alice, bucket: "mine" });
  });

  it("needs the permission on versions where one is named", async () => {
    await fixture.catalog.documents.put("source", "versioning", "Enabled");
    const { versionId } = await put("plain");
    await permit("source", { account: bob, actions: "s3:GetObject" });
    await expectCopied("plain");
    await expectRefused("AccessDenied", "plain", versionId);
    await permit("source", { account: bob, actions: "s3:GetObjectVersion" });
    await expectCopied("plain", versionId);
    await expectRefused("AccessDenied", "plain");
  });

  it("that is missing is told only to those who may list its bucket", async () => {
    await permit("source", { account: bob, actions: "s3:GetObject" });
    await expectRefused("AccessDenied", "missing");
    await permit("source", { account: bob, actions: ["s3:GetObject", "s3:ListBucket"] });
    await expectRefused("NoSuchKey", "missing");
  });

  it("in a bucket that is missing is NoSuchBucket to everybody", async () => {
    const source = { bucket: "nowhere", key: "plain" };
    await refused("NoSuchBucket", copy("plain", undefined, { more: { source } }));
    const target = { bucket: "target", key: "parts" };
    const { id } = await gateway.uploads.create(as(bob), target, { content: {}, metadata: {} });
    await refused("NoSuchBucket", gateway.uploads.copyPart(as(bob), target, id, 1, { ...from("plain"), source }));
  });

  it("is held against the access key's limits", async () => {
    await permit("source", { account: bob, actions: "s3:GetObject" });
    for (const limits of [
      { buckets: ["target"] },
      { permission: "write" },
      { prefixes: ["copy", "parts", "oth"] },
    ] as const)
      await expectRefused("AccessDenied", "plain", undefined, { by: gateway.asking({ limits }) });
    await expectCopied("plain", undefined, {
      by: gateway.asking({ limits: { buckets: ["target", "source"], prefixes: ["copy", "parts", "pl"] } }),
    });
  });

  it("is denied where another owner of its bucket is expected", async () => {
    await permit("source", { account: bob, actions: "s3:GetObject" });
    await expectRefused("AccessDenied", "plain", undefined, { by: gateway.asking({ expectedSourceOwner: bob.id }) });
    await expectRefused("AccessDenied", "plain", undefined, { by: gateway.asking({ expectedOwner: alice.id }) });
    await expectCopied("plain", undefined, {
      by: gateway.asking({ expectedOwner: bob.id, expectedSourceOwner: alice.id }),
    });
  });

  describe("with tags", () => {
    const reading = { account: bob, actions: ["s3:GetObject", "s3:GetObjectTagging"] };

    it("gives them along only where they may be read", async () => {
      await permit("source", { account: bob, actions: "s3:GetObject" });
      await refused("AccessDenied", copy("tagged"));
      expect((await copy("plain")).tags, "where there are none, none need be read").to.equal(undefined);
      await permit("source", reading);
      expect((await copy("tagged")).tags).to.deep.equal(tags);
    });

    it("needs the permission on versions' tags where one is named", async () => {
      await fixture.catalog.documents.put("source", "versioning", "Enabled");
      const { versionId } = await put("tagged", tags);
      await permit("source", { account: bob, actions: ["s3:GetObjectVersion", "s3:GetObjectTagging"] });
      await refused("AccessDenied", copy("tagged", versionId));
      await permit("source", { account: bob, actions: ["s3:GetObjectVersion", "s3:GetObjectVersionTagging"] });
      expect((await copy("tagged", versionId)).tags).to.deep.equal(tags);
    });

    it("gives them along only where they may be set on the copy", async () => {
      await gateway.buckets.create(as(alice), "shared");
      await permit("source", reading);
      await permit("shared", { account: bob, actions: "s3:PutObject" });
      const there = { bucket: "shared" };
      await refused("AccessDenied", copy("tagged", undefined, there));
      expect((await copy("plain", undefined, there)).tags).to.equal(undefined);
      await permit("shared", { account: bob, actions: ["s3:PutObject", "s3:PutObjectTagging"] });
      expect((await copy("tagged", undefined, there)).tags).to.deep.equal(tags);
    });

    it("is copied without these permissions where other tags, or none, take their place", async () => {
      await gateway.buckets.create(as(alice), "shared");
      await permit("source", { account: bob, actions: "s3:GetObject" });
      await permit("shared", { account: bob, actions: "s3:PutObject" });
      const none = await copy("tagged", undefined, { bucket: "shared", more: { replaceTags: [] } });
      expect(none.tags ?? []).to.deep.equal([]);
      // That they may be set is asked with the request itself, which names them in a header.
      const setting = gateway.asking({ furtherActions: ["s3:PutObjectTagging"] });
      const replaced = { bucket: "shared", by: setting, more: { replaceTags: [{ key: "colour", value: "blue" }] } };
      await refused("AccessDenied", copy("tagged", undefined, replaced));
      await permit("shared", { account: bob, actions: ["s3:PutObject", "s3:PutObjectTagging"] });
      expect((await copy("tagged", undefined, replaced)).tags).to.deep.equal([{ key: "colour", value: "blue" }]);
    });
  });
});
