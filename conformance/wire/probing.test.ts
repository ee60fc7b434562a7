import { PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { s3, useBucket } from "../support/target.js";

/** What a tool that only looks must be told on a bucket where nothing was ever configured (AWS's answers). */
const probes: readonly (readonly [string, number, string])[] = [
  ["acl", 200, "FULL_CONTROL"],
  ["versioning", 200, "VersioningConfiguration"],
  ["policy", 404, "NoSuchBucketPolicy"],
  ["tagging", 404, "NoSuchTagSet"],
  ["cors", 404, "NoSuchCORSConfiguration"],
  ["lifecycle", 404, "NoSuchLifecycleConfiguration"],
  ["object-lock", 404, "ObjectLockConfigurationNotFoundError"],
  ["replication", 404, "ReplicationConfigurationNotFoundError"],
  ["logging", 200, "BucketLoggingStatus"],
  ["requestPayment", 200, "BucketOwner"],
  ["accelerate", 200, "AccelerateConfiguration"],
];

describe("probing reads", () => {
  const bucket = useBucket();

  for (const [resource, status, text] of probes) {
    it(`answers ?${resource} as on a bucket where it was never configured`, async () => {
      const answer = await send({ method: "GET", path: `/${bucket.name}?${resource}` });
      expect(answer.status).to.equal(status);
      expect(answer.body).to.contain(text);
    });
  }

  it("lets what was never configured be deleted, as far as AWS does", async () => {
    expect((await send({ method: "DELETE", path: `/${bucket.name}?replication` })).status).to.equal(204);
    for (const resource of ["analytics", "intelligent-tiering", "inventory", "metrics"]) {
      expect(await send({ method: "DELETE", path: `/${bucket.name}?${resource}&id=x` }), resource).to.include({
        status: 404,
        code: "NoSuchConfiguration",
      });
    }
  });

  it("answers ?encryption with what objects get by default", async () => {
    const { ServerSideEncryption } = await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "k", Body: "x" }));
    const answer = await send({ method: "GET", path: `/${bucket.name}?encryption` });
    const [status, text] =
      ServerSideEncryption === undefined
        ? ([404, "ServerSideEncryptionConfigurationNotFoundError"] as const)
        : ([200, ServerSideEncryption] as const);
    expect(answer.status).to.equal(status);
    expect(answer.body).to.contain(text);
  });

  it("answers an object's ACL and tags", async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "k", Body: "x" }));
    expect((await send({ method: "GET", path: `/${bucket.name}/k?acl` })).body).to.contain("FULL_CONTROL");
    expect((await send({ method: "GET", path: `/${bucket.name}/k?tagging` })).body).to.contain("<TagSet");
  });
});
