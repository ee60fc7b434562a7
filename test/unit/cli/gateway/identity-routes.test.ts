import { CreateBucketCommand, ListBucketsCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { Accounts } from "../../../../src/cli/gateway/accounts.js";
import type {
  AccountView,
  BucketQuotaView,
  CreatedKeyView,
  KeyView,
} from "../../../../src/cli/gateway/identity-requests.js";
import { ConfigError } from "../../../../src/config/config-error.js";
import { testKeys } from "../../../support/test-keys.js";
import {
  addresses,
  altAccount,
  altKey,
  codeOf,
  configured,
  devAccount,
  devKey,
  IdentityEndpoint,
  type Credentials,
} from "../../../support/identity-endpoint.js";

describe("Accounts and keys that an operator adds", () => {
  let endpoint: IdentityEndpoint;
  beforeEach(async () => (endpoint = await IdentityEndpoint.start()));
  afterEach(() => endpoint.stop());

  const more = { name: "more", cessAccount: addresses.more, territory: "home" };
  const addMore = (body = {}) => endpoint.admin("POST", "/accounts", { ...more, ...body }) as Promise<AccountView>;
  const createKey = (body: object) => endpoint.admin("POST", "/keys", body) as Promise<CreatedKeyView>;
  const list = (key: Credentials) => endpoint.s3(key).send(new ListBucketsCommand({}));

  it("work from the next request on, and so does their end", async () => {
    await addMore();
    const key = await createKey({ account: "more" });
    expect(key.accessKeyId).to.match(/^CESS[A-Z2-7]{16}$/);
    expect(key.secretAccessKey).to.match(/^[\w-]{40}$/);
    await list(key);
    await endpoint.admin("POST", "/accounts/more/disable");
    expect(await codeOf(list(key))).to.equal("InvalidAccessKeyId");
    await endpoint.admin("POST", "/accounts/more/enable");
    await list(key);
    await endpoint.admin("DELETE", `/keys/${key.accessKeyId}`);
    expect(await codeOf(list(key))).to.equal("InvalidAccessKeyId");
  });

  it("stay when the configuration is read again, and cannot be in both places", async () => {
    await addMore();
    const key = await createKey({ account: "more" });
    const ofConfigured = await createKey({ account: "alt" });
    await endpoint.accounts.replace(configured([devAccount]));
    await list(key);
    expect(await codeOf(list(altKey))).to.equal("InvalidAccessKeyId");
    expect(await codeOf(list(ofConfigured)), "a key whose account is gone").to.equal("InvalidAccessKeyId");
    const refused = await endpoint.accounts
      .replace(configured([{ ...devAccount, ...more }]))
      .catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(ConfigError);
    expect((refused as Error).message).to.contain("the account more");
    await list(devKey);
    await endpoint.accounts.replace(configured([devAccount, altAccount]));
    await list(ofConfigured);
  });

  it("are listed beside those of the configuration, without secrets", async () => {
    await addMore({ quota: { bytes: "1KiB" } });
    const policy = { Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }] };
    const key = await createKey({
      account: "more",
      buckets: ["a*"],
      permission: "read",
      expires: "2999-01-01T00:00:00Z",
      policy,
    });
    const accounts = (await endpoint.admin("GET", "/accounts")) as AccountView[];
    expect(accounts.map(({ name, from, quota }) => ({ name, from, quota }))).to.deep.equal([
      { name: "dev", from: "configuration", quota: {} },
      { name: "alt", from: "configuration", quota: {} },
      { name: "more", from: "catalog", quota: { bytes: 1024 } },
    ]);
    const keys = (await endpoint.admin("GET", "/keys")) as KeyView[];
    expect(keys.map(({ accessKeyId }) => accessKeyId)).to.deep.equal(["DEV", "ALT", key.accessKeyId]);
    expect(keys[2]).to.deep.include({
      account: "more",
      buckets: ["a*"],
      permission: "read",
      expires: "2999-01-01T00:00:00.000Z",
      policy: true,
    });
    const text = JSON.stringify([accounts, keys]);
    for (const secret of [key.secretAccessKey, devKey.secretAccessKey]) expect(text).to.not.contain(secret);
  });

  it("keep their secrets sealed in the catalog, which needs the master key from then on", async () => {
    const key = await createKey({ account: "dev" });
    const stored = await endpoint.fixture.catalog.identities.key(key.accessKeyId);
    expect(stored?.sealedSecret).to.match(/^v1\./).and.not.contain(key.secretAccessKey);
    expect(await endpoint.fixture.catalog.keyUses.all()).to.deep.equal([testKeys.masterId]);
  });

  it("outlive the process", async () => {
    await addMore();
    const key = await createKey({ account: "more" });
    const again = new Accounts(configured([devAccount]), testKeys);
    await again.load(endpoint.fixture.catalog);
    expect((await again.lookup(key.accessKeyId))?.secretAccessKey).to.equal(key.secretAccessKey);
    expect(again.named("more")?.cessAccount).to.equal(addresses.more);
  });

  it("obey the limits and the policy that they were made with", async () => {
    await endpoint.s3(devKey).send(new CreateBucketCommand({ Bucket: "box" }));
    const Statement = [{ Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::box/${aws:username}/*" }];
    const key = await createKey({
      account: "dev",
      prefixes: ["dev/", "x/"],
      policy: JSON.stringify({ Version: "2012-10-17", Statement }),
    });
    const put = (Key: string) => endpoint.s3(key).send(new PutObjectCommand({ Bucket: "box", Key, Body: "1" }));
    await put("dev/1");
    expect(await codeOf(put("x/1"))).to.equal("AccessDenied");
    expect(await codeOf(put("y/1"))).to.equal("AccessDenied");
  });

  it("may not be in the way of those of the configuration, or of each other", async () => {
    await addMore();
    const refusal = (body: object) => endpoint.refusal("POST", "/accounts", { ...more, ...body });
    expect(await refusal({})).to.equal("409 there is an account more already, in the catalog");
    expect(await refusal({ name: "dev" })).to.equal("409 there is an account dev already, in the configuration");
    expect(await refusal({ name: "new", cessAccount: addresses.alt })).to.equal(
      "409 the account alt of the configuration has this CESS account already",
    );
    for (const accounts of [[{ ...altAccount, name: "more" }], [{ ...altAccount, cessAccount: addresses.more }]]) {
      const error: unknown = await endpoint.accounts.replace(configured(accounts)).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(ConfigError);
      expect((error as Error).message).to.contain("cess-s3 account remove more");
    }
    const key = await createKey({ account: "dev" });
    const same = configured([{ ...devAccount, accessKeyId: key.accessKeyId }]);
    const error: unknown = await endpoint.accounts.replace(same).catch((thrown: unknown) => thrown);
    expect((error as Error).message).to.contain(`cess-s3 key revoke ${key.accessKeyId}`);
    // What was refused has changed nothing.
    expect((await endpoint.accounts.lookup("DEV"))?.secretAccessKey).to.equal("devsecret");
  });

  it("are refused with what is wrong, and where", async () => {
    for (const [method, path, body, said] of [
      ["POST", "/accounts", { ...more, cessAccount: "cX0" }, /^400 cessAccount: must be an SS58 address/],
      ["POST", "/accounts", { ...more, cessAccount: "a".repeat(48) }, /^400 cessAccount: /],
      ["POST", "/accounts", { ...more, name: "a/b" }, /^400 name: must have no slashes/],
      [
        "POST",
        "/accounts",
        { name: "x", more: 1 },
        /cessAccount: is missing.*territory: is missing.*there is no "more"/,
      ],
      ["POST", "/accounts/dev/disable", {}, /^409 the account dev is one of the configuration/],
      ["POST", "/accounts/nobody/disable", {}, /^404 there is no account nobody/],
      ["POST", "/accounts/dev/quota", { bytes: "much" }, /^400 bytes: not a size/],
      ["DELETE", "/accounts/nobody", undefined, /^404/],
      ["POST", "/keys", { account: "nobody" }, /^404 there is no account nobody/],
      [
        "POST",
        "/keys",
        { account: "dev", permission: "all" },
        /^400 permission: must be one of read, write, read-write/,
      ],
      ["POST", "/keys", { account: "dev", expires: "tomorrow" }, /^400 expires: must be a time with its zone/],
      ["POST", "/keys", { account: "dev", expires: "2001-01-01T00:00:00Z" }, /^400 expires: .* is over already/],
      ["POST", "/keys", { account: "dev", policy: { Statement: [] } }, /^400 policy: Missing required field Statement/],
      ["DELETE", "/keys/DEV", undefined, /^409 the access key DEV is one of the configuration/],
      ["DELETE", "/keys/NOBODY", undefined, /^404 there is no access key NOBODY/],
      ["GET", "/buckets/none/quota", undefined, /^404 there is no bucket none/],
      ["POST", "/buckets/none/quota", { bytes: 1 }, /^404 there is no bucket none/],
    ] as const)
      expect(await endpoint.refusal(method, path, body)).to.match(said);
  });

  it("leave their buckets when they are removed", async () => {
    await addMore();
    await endpoint.s3(await createKey({ account: "more" })).send(new CreateBucketCommand({ Bucket: "left" }));
    await endpoint.admin("DELETE", "/accounts/more");
    expect(await endpoint.fixture.catalog.buckets.get("left")).to.not.equal(undefined);
    await addMore();
    const { Buckets } = await list(await createKey({ account: "more" }));
    expect(Buckets?.map(({ Name }) => Name)).to.deep.equal(["left"]);
  });

  it("have quotas, and buckets have, which the next request meets", async () => {
    await addMore({ quota: { bytes: 10, objects: 2 } });
    const s3 = endpoint.s3(await createKey({ account: "more" }));
    await s3.send(new CreateBucketCommand({ Bucket: "box" }));
    const put = (Key: string, size: number) =>
      s3.send(new PutObjectCommand({ Bucket: "box", Key, Body: "x".repeat(size) }));
    await put("a", 6);
    const error: unknown = await put("b", 6).catch((thrown: unknown) => thrown);
    expect(error).to.deep.include({ Code: "QuotaExceeded", Quota: "10", Used: "6", Unit: "bytes" });
    expect((error as Error).message).to.contain("The account more has a quota of 10 bytes, of which 6 are used");
    expect((error as { $metadata: { httpStatusCode: number } }).$metadata.httpStatusCode).to.equal(403);
    await put("a", 10);
    await endpoint.admin("POST", "/accounts/more/quota", {});
    await put("b", 6);
    const view = (await endpoint.admin("POST", "/buckets/box/quota", { objects: 2 })) as BucketQuotaView;
    expect(view).to.deep.equal({
      bucket: "box",
      quota: { objects: 2 },
      usage: { bytes: 16, uploadBytes: 0, objects: 2 },
    });
    expect(await codeOf(put("c", 0))).to.equal("QuotaExceeded");
    await endpoint.admin("POST", "/buckets/box/quota", {});
    await put("c", 0);
  });
});
