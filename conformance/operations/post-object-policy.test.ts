import { GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { exactly, policyOf, post, rightForm, signedV2, signedV4 } from "../support/form.js";
import { bytesOf, refusal, s3, useBucket } from "../support/target.js";

const file = { content: "the file", name: "local name.txt" };
const yesterday = new Date(Date.now() - 86_400_000).toISOString();

describe("The policy of PostObject's form", () => {
  const bucket = useBucket();

  it("refuses what the policy does not allow, naming what failed", async () => {
    const cases: readonly [Record<string, string>, RegExp][] = [
      [
        { key: "no", ...signedV4((signing) => policyOf(exactly(bucket.name, { ...signing, key: "other" }))) },
        /Policy Condition failed: \["eq", ?"\$key", ?"other"\]/,
      ],
      [
        {
          key: "no",
          ...signedV4((signing) => policyOf([...exactly(bucket.name, signing), ["starts-with", "$key", "user/"]])),
        },
        /Policy Condition failed: \["starts-with"/,
      ],
      [
        { key: "no", ...signedV4((signing) => policyOf(exactly("another-bucket", { ...signing, key: "no" }))) },
        /Policy Condition failed: \["eq", ?"\$bucket"/,
      ],
      [
        {
          key: "no",
          "x-amz-meta-extra": "1",
          ...signedV4((signing) => policyOf(exactly(bucket.name, { ...signing, key: "no" }))),
        },
        /Extra input fields: x-amz-meta-extra/,
      ],
      [
        {
          key: "no",
          ...signedV4((signing) =>
            policyOf(exactly(bucket.name, { ...signing, key: "no", "x-amz-meta-missing": "1" })),
          ),
        },
        /Policy Condition failed/,
      ],
      [
        { key: "no", ...signedV4((signing) => policyOf(exactly(bucket.name, { ...signing, key: "no" }), yesterday)) },
        /Policy expired/,
      ],
    ];
    for (const [fields, why] of cases) {
      const answer = await post(bucket.name, fields, file);
      expect([answer.status, answer.code], answer.body).to.deep.equal([403, "AccessDenied"]);
      expect(answer.body.replaceAll("&quot;", '"'))
        .to.match(/Invalid according to Policy: /)
        .and.match(why);
    }
    expect((await refusal(s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "no" })))).status).to.equal(404);
  });

  it("holds the file to content-length-range", async () => {
    const sized = (content: string) =>
      post(bucket.name, rightForm(bucket.name, { key: "sized" }, [["content-length-range", 3, "5"]]), { content });
    expect((await sized("abc")).status).to.equal(204);
    expect((await sized("abcde")).status).to.equal(204);
    const [small, large] = [await sized("ab"), await sized("abcdef".repeat(100_000))];
    expect([small.status, small.code, large.status, large.code]).to.deep.equal([
      400,
      "EntityTooSmall",
      400,
      "EntityTooLarge",
    ]);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: "sized" }));
    expect((await bytesOf(Body)).toString()).to.equal("abcde");
  });

  it("refuses policies that are none", async () => {
    const encode = (text: string) => Buffer.from(text).toString("base64");
    for (const policy of [
      encode("no json"),
      encode("[]"),
      policyOf(undefined),
      policyOf([], "tomorrow"),
      encode(JSON.stringify({ conditions: [] })),
      policyOf([{ key: 1 }]),
      policyOf([{}]),
      policyOf([{ a: "1", b: "2" }]),
      policyOf([["eq", "key", "no"]]),
      policyOf([["like", "$key", "no"]]),
      policyOf([["content-length-range", 1]]),
      policyOf([["content-length-range", -1, 5]]),
      policyOf(["key"] as never),
      encode(JSON.stringify({ expiration: "2999-01-01T00:00:00Z", conditions: [], extra: 1 })),
    ]) {
      const answer = await post(bucket.name, { key: "no", ...signedV2(policy) }, file);
      expect([answer.status, answer.code], Buffer.from(policy, "base64").toString()).to.deep.equal([
        400,
        "InvalidPolicyDocument",
      ]);
    }
  });

  it("passes over x-ignore- fields, those behind the file, and case in names", async () => {
    const fields = {
      KEY: "cased",
      "x-ignore-this": "1",
      ...signedV4((signing) =>
        policyOf([{ Bucket: bucket.name }, ["EQ", "$Key", "cased"], ...exactly(bucket.name, signing)]),
      ),
    };
    const answer = await post(bucket.name, fields, file, {}, { submit: "Upload", "x-amz-meta-late": "1" });
    expect(answer.status, answer.body).to.equal(204);
    expect((await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "cased" }))).Metadata).to.deep.equal({});
  });
});
