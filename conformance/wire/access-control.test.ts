import { createHash } from "node:crypto";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  ListBucketsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type CopyObjectCommandInput,
  type PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { policyOf, post, signedV2 } from "../support/form.js";
import { send } from "../support/signed.js";
import { altClient, freshName, refusal, s3, target, useBucket } from "../support/target.js";

const stranger = { accessKeyId: target.altAccessKeyId, secretAccessKey: target.altSecretAccessKey };
const md5 = (text: string) => ({ "content-md5": createHash("md5").update(text).digest("base64") });

describe("who may ask", () => {
  const bucket = useBucket();
  const alt = altClient();
  let altId = "";
  const at = (Key: string) => ({ Bucket: bucket.name, Key });
  const policy = (Action: string | string[], Condition: object = {}, Resource = `arn:aws:s3:::${bucket.name}/*`) =>
    s3.send(
      new PutBucketPolicyCommand({
        Bucket: bucket.name,
        Policy: JSON.stringify({
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Principal: { AWS: altId }, Action, Resource, Condition }],
        }),
      }),
    );

  before(async () => {
    altId = (await alt.send(new ListBucketsCommand({}))).Owner?.ID ?? "";
    await s3.send(new PutObjectCommand({ ...at("k"), Body: "x" }));
  });
  after(() => alt.destroy());

  describe("a stranger", () => {
    const documents = [
      "acl",
      "cors",
      "lifecycle",
      "policy",
      "tagging",
      "versioning",
      "website",
      "encryption",
      "notification",
      "ownershipControls",
      "publicAccessBlock",
      "object-lock",
    ];
    for (const path of [...documents.map((name) => `?${name}`), "/k?acl", "/k?tagging", "/k?retention"]) {
      it(`hears AccessDenied of a malformed document to ${path}, with and without its digest`, async () => {
        const request = { method: "PUT", path: `/${bucket.name}${path}`, body: "<junk", credentials: stranger };
        expect(await send(request)).to.include({ status: 403, code: "AccessDenied" });
        expect(await send({ ...request, headers: md5("<junk") })).to.include({ status: 403, code: "AccessDenied" });
        expect((await send({ ...request, headers: md5("<junk"), credentials: target })).status).to.equal(400);
      });
    }

    it("hears AccessDenied of wrong parameters and headers, too, and NoSuchBucket where there is none", async () => {
      expect(await send({ method: "GET", path: `/${bucket.name}?max-keys=many`, credentials: stranger })).to.include({
        status: 403,
      });
      expect(
        await send({
          method: "PUT",
          path: `/${bucket.name}/k`,
          headers: { "x-amz-server-side-encryption": "rot13" },
          credentials: stranger,
        }),
      ).to.include({ status: 403 });
      expect(await send({ method: "PUT", path: `/${freshName()}?cors`, body: "<junk" })).to.include({
        status: 404,
        code: "NoSuchBucket",
      });
      expect(
        await send({
          method: "PUT",
          path: `/${freshName()}`,
          body: "<junk",
          sign: false,
          tamper: (sent) => delete sent["x-amz-content-sha256"],
        }),
      ).to.include({ status: 403 });
    });

    it("is told of an owner that can be no account, by either", async () => {
      const expecting = (owner: string) =>
        send({ method: "GET", path: `/${bucket.name}`, headers: { "x-amz-expected-bucket-owner": owner } });
      expect(await expecting("somebody")).to.include({ status: 400, code: "InvalidBucketOwnerAWSAccountID" });
      expect(await expecting("123456789012")).to.include({ status: 403, code: "AccessDenied" });
    });
  });

  describe("a policy", () => {
    afterEach(() => s3.send(new DeleteBucketPolicyCommand({ Bucket: bucket.name })));
    const put = async (more: Partial<PutObjectCommandInput> = {}) =>
      alt.send(new PutObjectCommand({ ...at("by-alt"), Body: "x", ...more })).then(
        () => "allowed",
        () => "denied",
      );
    const tag = (...keys: string[]) =>
      alt
        .send(
          new PutObjectTaggingCommand({ ...at("k"), Tagging: { TagSet: keys.map((Key) => ({ Key, Value: "v" })) } }),
        )
        .then(
          () => "allowed",
          () => "denied",
        );

    it("looks at the tags of a document, which no header can stand for", async () => {
      await policy("s3:PutObjectTagging", {
        "ForAllValues:StringEquals": { "s3:RequestObjectTagKeys": ["a", "b"] },
        StringEquals: { "s3:RequestObjectTag/a": "v" },
      });
      expect([await tag("a", "b"), await tag("b"), await tag("a", "c")]).to.deep.equal(["allowed", "denied", "denied"]);
      const body = "<Tagging><TagSet><Tag><Key>c</Key><Value>v</Value></Tag></TagSet></Tagging>";
      expect(
        (
          await send({
            method: "PUT",
            path: `/${bucket.name}/k?tagging`,
            body,
            headers: { "x-amz-tagging": "a=v" },
            credentials: stranger,
          })
        ).status,
      ).to.equal(403);
    });

    it("looks at a signature's age and at whether an object is created", async () => {
      await policy("s3:*", { NumericLessThan: { "s3:signatureAge": "600000" } });
      expect(await put()).to.equal("allowed");
      await policy("s3:*", { NumericLessThan: { "s3:signatureAge": "0" } });
      expect(await put()).to.equal("denied");
      await policy("s3:*", { Bool: { "s3:ObjectCreationOperation": "true" } });
      expect([await put(), await tag("a")]).to.deep.equal(["allowed", "denied"]);
    });

    it("asks for the permission to read tags of who copies them", async () => {
      const mine = freshName();
      await alt.send(new CreateBucketCommand({ Bucket: mine }));
      await s3.send(new PutObjectCommand({ ...at("tagged"), Body: "x", Tagging: "a=1" }));
      const copy = (more: Partial<CopyObjectCommandInput> = {}) =>
        alt.send(new CopyObjectCommand({ Bucket: mine, Key: "copy", CopySource: `${bucket.name}/tagged`, ...more }));
      await policy("s3:GetObject");
      expect((await refusal(copy())).status).to.equal(403);
      await copy({ TaggingDirective: "REPLACE" });
      await policy(["s3:GetObject", "s3:GetObjectTagging"]);
      await copy();
      await alt.send(new DeleteObjectCommand({ Bucket: mine, Key: "copy" }));
      await alt.send(new DeleteBucketCommand({ Bucket: mine }));
    });

    it("names actions that exist, of resources that have them", async () => {
      const all = `arn:aws:s3:::${bucket.name}`;
      for (const [action, resource] of [
        ["s3:Foo", `${all}*`],
        ["s3:Foo*", `${all}*`],
        ["s3:ListObjects", all],
        ["s3:ListBucket", `${all}/*`],
        ["s3:GetObject", all],
      ] as const) {
        expect((await refusal(policy(action, {}, resource))).code, action).to.equal("MalformedPolicy");
      }
      await policy(["s3:ListBucket", "s3:GetObject", "*"], {}, `${all}*`);
      await policy("s3:Get*", { StringNotEquals: { "s3:DataAccessPointArn": "arn:aws:s3:::x" } }, all);
    });
  });

  it("a form's policy names the bucket, or is good for none", async () => {
    const fields = { key: "posted" };
    const answer = await post(bucket.name, { ...fields, ...signedV2(policyOf([fields])) }, { content: "x" });
    expect([answer.status, answer.code]).to.deep.equal([403, "AccessDenied"]);
  });

  it("another kind of Authorization is no signature", async () => {
    expect(
      await send({ method: "GET", path: `/${bucket.name}`, sign: false, headers: { authorization: "Bearer abc" } }),
    ).to.include({ status: 400, code: "InvalidArgument" });
  });
});
