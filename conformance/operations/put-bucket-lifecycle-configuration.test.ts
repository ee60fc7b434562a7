import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  UploadPartCommand,
  type LifecycleRule,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { altClient, freshName, refusal, s3, useBucket } from "../support/target.js";

describe("PutBucketLifecycleConfiguration", () => {
  const bucket = useBucket();
  const put = (Rules: LifecycleRule[], Bucket = bucket.name) =>
    s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
  const get = () => s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket.name }));

  it("keeps every form of rule as it was written", async () => {
    const Rules: LifecycleRule[] = [
      { ID: "days", Status: "Enabled", Filter: { Prefix: "logs/" }, Expiration: { Days: 30 } },
      {
        ID: "date",
        Status: "Disabled",
        Filter: { Tag: { Key: "kind", Value: "temporary" } },
        Expiration: { Date: new Date("2040-01-01T00:00:00Z") },
      },
      {
        ID: "versions",
        Status: "Enabled",
        Expiration: { ExpiredObjectDeleteMarker: true },
        Filter: { Prefix: "" },
        NoncurrentVersionExpiration: { NoncurrentDays: 7, NewerNoncurrentVersions: 3 },
      },
      {
        ID: "classes",
        Status: "Enabled",
        Filter: { Prefix: "old/" },
        Expiration: { Days: 365 },
        Transitions: [
          { Days: 30, StorageClass: "STANDARD_IA" },
          { Days: 90, StorageClass: "GLACIER" },
        ],
        NoncurrentVersionTransitions: [{ NoncurrentDays: 30, NewerNoncurrentVersions: 2, StorageClass: "GLACIER_IR" }],
      },
      {
        ID: "archive",
        Status: "Enabled",
        Filter: { Prefix: "dated/" },
        Transitions: [{ Date: new Date("2040-01-01T00:00:00Z"), StorageClass: "DEEP_ARCHIVE" }],
      },
      {
        ID: "uploads",
        Status: "Enabled",
        Filter: { ObjectSizeGreaterThan: 5 },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      },
      {
        ID: "and",
        Status: "Enabled",
        Expiration: { Days: 1 },
        Filter: {
          And: {
            Prefix: "p",
            Tags: [
              { Key: "a", Value: "1" },
              { Key: "b", Value: "" },
            ],
            ObjectSizeGreaterThan: 1,
            ObjectSizeLessThan: 9,
          },
        },
      },
    ];
    await put(Rules);
    expect((await get()).Rules).to.deep.equal(Rules);
  });

  it("replaces what was there, and gives a rule without an ID one", async () => {
    // Deprecated, and still sent.
    const old: object = { Prefix: "old-style" };
    await put([{ Status: "Enabled", ...old, Expiration: { Days: 1 } }]);
    const { Rules } = await get();
    expect(Rules).to.have.length(1);
    expect(Rules?.[0]?.ID).to.match(/./);
  });

  it("shows when an object will expire, and by which rule, on every answer about it", async () => {
    await put([
      { ID: "a rule", Status: "Enabled", Filter: { Prefix: "tmp/" }, Expiration: { Days: 3 } },
      { ID: "later", Status: "Enabled", Filter: { Prefix: "tmp/" }, Expiration: { Days: 30 } },
      { ID: "off", Status: "Disabled", Filter: { Prefix: "tmp/" }, Expiration: { Days: 1 } },
      { ID: "other", Status: "Enabled", Filter: { Prefix: "other/" }, Expiration: { Days: 1 } },
    ]);
    const at = { Bucket: bucket.name, Key: "tmp/object" };
    const shown = await s3.send(new PutObjectCommand({ ...at, Body: "x" }));
    const [, date = "", rule] = /^expiry-date="([^"]*)", rule-id="([^"]*)"$/.exec(shown.Expiration ?? "") ?? [];
    expect(rule).to.equal("a%20rule");
    const days = (Date.parse(date) - Date.now()) / 86_400_000;
    expect(days).to.be.within(3, 4);
    expect(date).to.match(/ 00:00:00 GMT$/);
    expect((await s3.send(new HeadObjectCommand(at))).Expiration).to.equal(shown.Expiration);
    const got = await s3.send(new GetObjectCommand(at));
    expect(got.Expiration).to.equal(shown.Expiration);
    await got.Body?.transformToString();
    expect(
      (await s3.send(new CopyObjectCommand({ ...at, Key: "tmp/copy", CopySource: `${bucket.name}/tmp/object` })))
        .Expiration,
    ).to.equal(shown.Expiration);
    const upload = {
      Bucket: bucket.name,
      Key: "tmp/parts",
      UploadId: (await s3.send(new CreateMultipartUploadCommand({ ...at, Key: "tmp/parts" }))).UploadId,
    };
    const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: "x" }));
    expect(
      (
        await s3.send(
          new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }),
        )
      ).Expiration,
    ).to.equal(shown.Expiration);
    expect((await s3.send(new PutObjectCommand({ ...at, Key: "kept", Body: "x" }))).Expiration).to.equal(undefined);
  });

  it("refuses rules that mean nothing", async () => {
    const rule = (more: Partial<LifecycleRule>): LifecycleRule => ({
      ID: "a",
      Status: "Enabled",
      Filter: { Prefix: "" },
      ...more,
    });
    expect((await refusal(put([rule({})]))).status).to.equal(400);
    expect(await refusal(put([rule({ Expiration: { Days: 0 } })]))).to.include({
      code: "InvalidArgument",
      status: 400,
    });
    expect(await refusal(put([rule({ Expiration: { Date: new Date("2040-01-01T00:00:01Z") } })]))).to.include({
      code: "InvalidArgument",
      status: 400,
    });
    expect(await refusal(put([rule({ Expiration: { Days: 1 } }), rule({ Expiration: { Days: 2 } })]))).to.include({
      code: "InvalidArgument",
      status: 400,
    });
    expect(await refusal(put([rule({ Transitions: [{ Days: 1, StorageClass: "ONEZONE_IA" }] })]))).to.include({
      code: "InvalidArgument",
      status: 400,
    });
    expect(
      await refusal(put([rule({ Transitions: [{ Days: 9, StorageClass: "GLACIER" }], Expiration: { Days: 9 } })])),
    ).to.include({ code: "InvalidArgument", status: 400 });
    expect(await refusal(put([rule({ Status: "on" as "Enabled", Expiration: { Days: 1 } })]))).to.include({
      code: "MalformedXML",
      status: 400,
    });
  });

  it("refuses a bucket that is not there and another account", async () => {
    const rules: LifecycleRule[] = [{ Status: "Enabled", Filter: { Prefix: "" }, Expiration: { Days: 1 } }];
    expect(await refusal(put(rules, freshName()))).to.include({ code: "NoSuchBucket", status: 404 });
    expect(
      (
        await refusal(
          altClient().send(
            new PutBucketLifecycleConfigurationCommand({
              Bucket: bucket.name,
              LifecycleConfiguration: { Rules: rules },
            }),
          ),
        )
      ).status,
    ).to.equal(403);
  });
});
