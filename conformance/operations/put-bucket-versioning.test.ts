import { GetBucketVersioningCommand, PutBucketVersioningCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { altClient, freshName, refusal, s3, useBucket } from "../support/target.js";

describe("PutBucketVersioning and GetBucketVersioning", () => {
  const bucket = useBucket();
  const put = (Status: "Enabled" | "Suspended", Bucket = bucket.name) =>
    s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
  const status = async () => (await s3.send(new GetBucketVersioningCommand({ Bucket: bucket.name }))).Status;

  it("says nothing before it was set, then what was set", async () => {
    expect(await status()).to.equal(undefined);
    await put("Enabled");
    expect(await status()).to.equal("Enabled");
    await put("Suspended");
    expect(await status()).to.equal("Suspended");
  });

  it("refuses what is no state", async () => {
    const raw = (body: string) => send({ method: "PUT", path: `/${bucket.name}?versioning`, body });
    expect(await raw("<VersioningConfiguration><Status>enabled</Status></VersioningConfiguration>")).to.include({
      status: 400,
      code: "MalformedXML",
    });
    expect(await raw("<VersioningConfiguration/>")).to.include({
      status: 400,
      code: "IllegalVersioningConfigurationException",
    });
    expect(await raw("<Versioning")).to.include({ status: 400, code: "MalformedXML" });
  });

  it("refuses a bucket that is not there and another account", async () => {
    expect(await refusal(put("Enabled", freshName()))).to.include({ code: "NoSuchBucket", status: 404 });
    expect(await refusal(altClient().send(new GetBucketVersioningCommand({ Bucket: bucket.name })))).to.include({
      code: "AccessDenied",
      status: 403,
    });
  });
});
