import {
  GetBucketEncryptionCommand,
  HeadObjectCommand,
  PutBucketEncryptionCommand,
  PutObjectCommand,
  type ServerSideEncryptionRule,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { customerKey } from "../support/customer-key.js";
import { refusal, s3, useBucket } from "../support/target.js";

describe("PutBucketEncryption", () => {
  const bucket = useBucket();
  const put = (rule: ServerSideEncryptionRule) =>
    s3.send(
      new PutBucketEncryptionCommand({
        Bucket: bucket.name,
        ServerSideEncryptionConfiguration: { Rules: [rule] },
      }),
    );
  const document = (body: string) => send({ method: "PUT", path: `/${bucket.name}?encryption`, body });

  it("encrypts objects whose requests say nothing, from then on", async () => {
    await put({ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } });
    const { ServerSideEncryption } = await s3.send(
      new PutObjectCommand({ Bucket: bucket.name, Key: "by-default", Body: "x" }),
    );
    expect(ServerSideEncryption).to.equal("AES256");
    expect(
      (await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "by-default" }))).ServerSideEncryption,
    ).to.equal("AES256");
  });

  it("sets a KMS key and the bucket key, which objects then show", async () => {
    await put({
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: "aws/s3" },
      BucketKeyEnabled: true,
    });
    const [rule] =
      (await s3.send(new GetBucketEncryptionCommand({ Bucket: bucket.name }))).ServerSideEncryptionConfiguration
        ?.Rules ?? [];
    expect(rule).to.deep.include({
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: "aws/s3" },
      BucketKeyEnabled: true,
    });
    const written = await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "kms", Body: "x" }));
    expect(written).to.include({ ServerSideEncryption: "aws:kms", BucketKeyEnabled: true });
    expect(written.SSEKMSKeyId).to.contain("aws/s3");
    // Bucket keys are the bucket's setting for requests that do not speak of them, and no more.
    const asked = (BucketKeyEnabled?: boolean) =>
      s3.send(
        new PutObjectCommand({
          Bucket: bucket.name,
          Key: "kms",
          Body: "x",
          ServerSideEncryption: "aws:kms",
          ...(BucketKeyEnabled === undefined ? {} : { BucketKeyEnabled }),
        }),
      );
    expect([(await asked()).BucketKeyEnabled, (await asked(false)).BucketKeyEnabled]).to.deep.equal([true, undefined]);
  });

  it("lets a request ask for something else", async () => {
    await put({ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" } });
    expect(
      (
        await s3.send(
          new PutObjectCommand({ Bucket: bucket.name, Key: "own", Body: "x", ServerSideEncryption: "AES256" }),
        )
      ).ServerSideEncryption,
    ).to.equal("AES256");
  });

  it("can block customers' keys", async () => {
    await put({
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" },
      BlockedEncryptionTypes: { EncryptionType: ["SSE-C"] },
    });
    const blocked = s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "blocked", Body: "x", ...customerKey() }));
    expect(await refusal(blocked)).to.include({ code: "AccessDenied", status: 403 });
    await put({
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" },
      BlockedEncryptionTypes: { EncryptionType: ["NONE"] },
    });
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "free", Body: "x", ...customerKey() }));
  });

  it("refuses no rule, two rules, an algorithm it does not know and a key where none belongs", async () => {
    const rule = (inner: string) =>
      `<Rule><ApplyServerSideEncryptionByDefault>${inner}</ApplyServerSideEncryptionByDefault></Rule>`;
    const whole = (...rules: string[]) =>
      `<ServerSideEncryptionConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rules.join("")}</ServerSideEncryptionConfiguration>`;
    const aes = rule("<SSEAlgorithm>AES256</SSEAlgorithm>");
    expect(await document("")).to.include({ status: 400, code: "MissingRequestBodyError" });
    for (const wrong of [
      whole(),
      whole(aes, aes),
      whole(rule("<SSEAlgorithm>ROT13</SSEAlgorithm>")),
      whole(rule("")),
      "<Other/>",
    ]) {
      expect(await document(wrong), wrong).to.include({ status: 400, code: "MalformedXML" });
    }
    expect(
      await document(whole(rule("<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>"))),
    ).to.include({ status: 400, code: "InvalidArgument" });
    expect(await document(whole(aes))).to.include({ status: 200 });
  });
});
