import { expect } from "chai";
import type { Call } from "../../../../src/gateway/gateway.js";
import { ANONYMOUS } from "../../../../src/model/account.js";
import type { RetentionMode } from "../../../../src/model/object-lock.js";
import type { AskingGateway } from "../../../support/asking-gateway.js";
import { bucketPolicy, type PolicyStatement } from "../../../support/bucket-policy.js";
import { alice, as, bob, body, plainly, TestGateway } from "../../../support/test-gateway.js";

describe("DeleteObjects", () => {
  let fixture: TestGateway;
  beforeEach(async () => {
    fixture = await TestGateway.build();
    await fixture.gateway.buckets.create(as(alice), "box");
    // Without its public access block a policy may open it to everybody.
    await fixture.catalog.documents.delete("box", "publicAccessBlock");
    for (const key of ["in/a", "in/b", "out/c"]) await put("box", key);
  });
  afterEach(() => fixture.close());

  const put = (bucket: string, key: string) =>
    fixture.gateway.objects.put(as(alice), { bucket, key }, body(Buffer.from(key)), plainly);
  const permit = (bucket: string, ...statements: PolicyStatement[]) =>
    fixture.catalog.documents.put(bucket, "policy", bucketPolicy(bucket, ...statements));

  /** What is said of each key (of a version: `key@version`): `deleted`, or the code of its refusal. */
  async function deleted(
    call: Call,
    bucket: string,
    names: readonly (string | { readonly Key: string; readonly VersionId: string })[],
    { by = fixture.gateway, bypass = false }: { readonly by?: AskingGateway; readonly bypass?: boolean } = {},
  ): Promise<Record<string, string | undefined>> {
    const objects = names.map((name) => (typeof name === "string" ? { Key: name } : name));
    const { Deleted = [], Errors = [] } = await by.objects.deleteAll(call, bucket, objects, bypass);
    expect(Deleted.length + Errors.length).to.equal(names.length);
    return Object.fromEntries([
      ...Deleted.map(({ Key }) => [Key, "deleted"]),
      ...Errors.map(({ Key, Code }) => [Key, Code]),
    ]) as Record<string, string | undefined>;
  }
  const all = ["in/a", "in/b", "out/c"];
  async function left(bucket = "box"): Promise<string[]> {
    const { keys } = await fixture.gateway.objects.list(as(alice), bucket, {
      prefix: "",
      delimiter: "",
      after: "",
      limit: 100,
    });
    return keys.map(({ key }) => key);
  }

  it("decides on each key by itself: where a policy allows one prefix, the others stay", async () => {
    await permit("box", { account: bob, actions: "s3:DeleteObject", resources: ["box/in/*"] });
    expect(await deleted(as(bob), "box", all)).to.deep.equal({
      "in/a": "deleted",
      "in/b": "deleted",
      "out/c": "AccessDenied",
    });
    expect(await left()).to.deep.equal(["out/c"]);
  });

  it("denies the owner, too, the keys that a policy denies", async () => {
    await permit("box", { account: alice, effect: "Deny", actions: "s3:DeleteObject", resources: ["box/in/b"] });
    expect(await deleted(as(alice), "box", all)).to.deep.equal({
      "in/a": "deleted",
      "in/b": "AccessDenied",
      "out/c": "deleted",
    });
    expect(await left()).to.deep.equal(["in/b"]);
  });

  it("denies every key to whom nothing is allowed, and says so of each, there or not", async () => {
    expect(await deleted(as(bob), "box", [...all, "missing"])).to.deep.equal({
      "in/a": "AccessDenied",
      "in/b": "AccessDenied",
      "out/c": "AccessDenied",
      missing: "AccessDenied",
    });
    expect(await left()).to.deep.equal(all);
  });

  it("lets those who do not sign delete the keys that a policy opens to everybody, and no others", async () => {
    await permit("box", { actions: "s3:DeleteObject", resources: ["box/out/*"] });
    const by = fixture.gateway.asking({ anonymous: true });
    expect(await deleted(as(ANONYMOUS), "box", all, { by })).to.deep.equal({
      "in/a": "AccessDenied",
      "in/b": "AccessDenied",
      "out/c": "deleted",
    });
    expect(await left()).to.deep.equal(["in/a", "in/b"]);
  });

  it("holds each key against the access key's limits", async () => {
    const by = fixture.gateway.asking({ limits: { prefixes: ["in/"] } });
    expect(await deleted(as(alice), "box", all, { by })).to.deep.equal({
      "in/a": "deleted",
      "in/b": "deleted",
      "out/c": "AccessDenied",
    });
    const reading = fixture.gateway.asking({ limits: { permission: "read" } });
    expect(await deleted(as(alice), "box", ["out/c"], { by: reading })).to.deep.equal({ "out/c": "AccessDenied" });
    expect(await left()).to.deep.equal(["out/c"]);
  });

  describe("in a bucket with object lock", () => {
    const versions = new Map<string, string>();
    const until = 4_000_000_000_000;
    async function lock(key: string, mode?: RetentionMode): Promise<void> {
      const { id, versionId } = await put("safe", key);
      versions.set(key, versionId);
      if (mode) await fixture.catalog.objects.setRetention(id, { mode, until }, false);
    }
    beforeEach(async () => {
      await fixture.gateway.buckets.create(as(alice), "safe", { objectLock: true });
      for (const key of ["in/held", "out/held"]) await lock(key, "GOVERNANCE");
      for (const key of ["in/free", "out/free"]) await lock(key);
      await lock("in/strict", "COMPLIANCE");
    });
    const version = (key: string) => ({ Key: key, VersionId: versions.get(key)! });
    const each = () => ["in/held", "out/held", "in/free", "out/free", "in/strict"].map(version);

    it("asks for the permission on versions where one is named", async () => {
      await permit("safe", { account: bob, actions: "s3:DeleteObject" });
      expect(await deleted(as(bob), "safe", [version("in/free"), "out/free"])).to.deep.equal({
        "in/free": "AccessDenied",
        "out/free": "deleted",
      });
      await permit("safe", { account: bob, actions: "s3:DeleteObjectVersion" });
      expect(await deleted(as(bob), "safe", [version("in/free"), "in/held"])).to.deep.equal({
        "in/free": "deleted",
        "in/held": "AccessDenied",
      });
    });

    it("keeps what governance holds from those who may bypass it, but did not say so", async () => {
      await permit("safe", { account: bob, actions: ["s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"] });
      expect(await deleted(as(bob), "safe", each())).to.deep.equal({
        "in/held": "AccessDenied",
        "out/held": "AccessDenied",
        "in/free": "deleted",
        "out/free": "deleted",
        "in/strict": "AccessDenied",
      });
    });

    it("bypasses governance only for keys where s3:BypassGovernanceRetention is allowed", async () => {
      await permit(
        "safe",
        { account: bob, actions: "s3:DeleteObjectVersion" },
        { account: bob, actions: "s3:BypassGovernanceRetention", resources: ["safe/in/*"] },
      );
      expect(await deleted(as(bob), "safe", each(), { bypass: true })).to.deep.equal({
        "in/held": "deleted",
        "out/held": "AccessDenied",
        "in/free": "deleted",
        // What a request asks for it must be allowed to ask, whether or not something holds the object.
        "out/free": "AccessDenied",
        "in/strict": "AccessDenied",
      });
      expect(await left("safe")).to.deep.equal(["in/strict", "out/free", "out/held"]);
    });

    it("does not take the permission to bypass governance for the permission to delete", async () => {
      await permit("safe", { account: bob, actions: "s3:BypassGovernanceRetention" });
      expect(await deleted(as(bob), "safe", [version("in/held")], { bypass: true })).to.deep.equal({
        "in/held": "AccessDenied",
      });
    });

    it("lets the owner bypass governance but where a policy denies it, and never compliance", async () => {
      await permit("safe", {
        account: alice,
        effect: "Deny",
        actions: "s3:BypassGovernanceRetention",
        resources: ["safe/out/*"],
      });
      expect(await deleted(as(alice), "safe", each(), { bypass: true })).to.deep.equal({
        "in/held": "deleted",
        "out/held": "AccessDenied",
        "in/free": "deleted",
        "out/free": "AccessDenied",
        "in/strict": "AccessDenied",
      });
    });
  });
});
