import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  DeletePublicAccessBlockCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListPartsCommand,
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { altClient, refusal, s3, useBucket } from "../support/target.js";

const anonymous = (method: string, path: string, headers: Record<string, string> = {}) =>
  send({ method, path, headers, sign: false, tamper: (sent) => delete sent["x-amz-content-sha256"] });

describe("who initiated an upload", () => {
  const bucket = useBucket();
  const alt = altClient();
  let altId = "";
  const at = (Key: string) => ({ Bucket: bucket.name, Key });
  const arn = () => `arn:aws:s3:::${bucket.name}`;
  const allow = (Principal: object | string, Action: string | string[]) => {
    const Statement = [{ Effect: "Allow", Principal, Action, Resource: [arn(), `${arn()}/*`] }];
    return s3.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy: JSON.stringify({ Statement }) }));
  };
  const begin = async (client: S3Client, Key: string) =>
    (await client.send(new CreateMultipartUploadCommand(at(Key)))).UploadId!;
  const part = (client: S3Client, Key: string, UploadId: string) =>
    client.send(new UploadPartCommand({ ...at(Key), UploadId, PartNumber: 1, Body: "part" }));
  const copyPart = (client: S3Client, Key: string, UploadId: string) =>
    client.send(
      new UploadPartCopyCommand({ ...at(Key), UploadId, PartNumber: 2, CopySource: `${bucket.name}/source` }),
    );
  const complete = (client: S3Client, Key: string, UploadId: string, ETag: string | undefined) =>
    client.send(
      new CompleteMultipartUploadCommand({
        ...at(Key),
        UploadId,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
      }),
    );
  const denied = async (request: Promise<unknown>) =>
    expect(await refusal(request)).to.include({ code: "AccessDenied", status: 403 });

  before(async () => {
    altId = (await alt.send(new ListBucketsCommand({}))).Owner?.ID ?? "";
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket.name }));
    await s3.send(new PutObjectCommand({ ...at("source"), Body: "source" }));
  });

  it("may list its parts and abort it with s3:PutObject alone, as the bucket's owner may", async () => {
    await allow({ CanonicalUser: altId }, "s3:PutObject");
    for (const client of [alt, s3]) {
      const UploadId = await begin(alt, "own");
      const { ETag } = await part(alt, "own", UploadId);
      const { Parts } = await client.send(new ListPartsCommand({ ...at("own"), UploadId }));
      expect(Parts?.map((each) => each.ETag)).to.deep.equal([ETag]);
      await client.send(new AbortMultipartUploadCommand({ ...at("own"), UploadId }));
      expect((await refusal(alt.send(new ListPartsCommand({ ...at("own"), UploadId })))).code).to.equal("NoSuchUpload");
    }
    const ownersUpload = await begin(s3, "own");
    await denied(alt.send(new ListPartsCommand({ ...at("own"), UploadId: ownersUpload })));
    await denied(alt.send(new AbortMultipartUploadCommand({ ...at("own"), UploadId: ownersUpload })));
  });

  it("is denied listing and aborting where the policy denies it", async () => {
    const Statement = [
      { Effect: "Allow", Principal: { CanonicalUser: altId }, Action: "s3:PutObject", Resource: `${arn()}/*` },
      { Effect: "Deny", Principal: "*", Action: "s3:AbortMultipartUpload", Resource: `${arn()}/*` },
    ];
    await s3.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy: JSON.stringify({ Statement }) }));
    const UploadId = await begin(alt, "held");
    await denied(alt.send(new AbortMultipartUploadCommand({ ...at("held"), UploadId })));
    await alt.send(new ListPartsCommand({ ...at("held"), UploadId }));
  });

  it("alone uploads its parts, by copy too, and completes it, whatever a policy allows others", async () => {
    await allow("*", ["s3:PutObject", "s3:GetObject"]);
    const UploadId = await begin(s3, "mine");
    const { ETag } = await part(s3, "mine", UploadId);
    await denied(part(alt, "mine", UploadId));
    await denied(copyPart(alt, "mine", UploadId));
    await denied(complete(alt, "mine", UploadId, ETag));
    const path = `/${bucket.name}/mine?partNumber=1&uploadId=${UploadId}`;
    expect(await anonymous("PUT", path)).to.include({ status: 403, code: "AccessDenied" });
    expect(await anonymous("POST", `/${bucket.name}/mine?uploadId=${UploadId}`)).to.include({
      status: 403,
      code: "AccessDenied",
    });
    await complete(s3, "mine", UploadId, ETag);
    await denied(complete(alt, "mine", UploadId, ETag));
    const others = await begin(alt, "theirs");
    await denied(part(s3, "theirs", others));
  });

  it("is somebody: nobody initiates uploads or copies, whatever policy and ACL allow", async () => {
    await allow("*", "s3:*");
    await s3.send(
      new PutBucketOwnershipControlsCommand({
        Bucket: bucket.name,
        OwnershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] },
      }),
    );
    await s3.send(new PutBucketAclCommand({ Bucket: bucket.name, ACL: "public-read-write" }));
    const source = { "x-amz-copy-source": `${bucket.name}/source` };
    const { status, code } = await anonymous("POST", `/${bucket.name}/new?uploads`);
    expect([status, code]).to.deep.equal([403, "AccessDenied"]);
    expect((await anonymous("PUT", `/${bucket.name}/copy`, source)).code).to.equal("AccessDenied");
    expect((await anonymous("PUT", `/${bucket.name}/plain`)).status).to.equal(200);
  });

  it("is not told of keys that are missing unless it may list, by ACL as by policy", async () => {
    await s3.send(new DeleteBucketPolicyCommand({ Bucket: bucket.name }));
    await s3.send(new PutBucketAclCommand({ Bucket: bucket.name, ACL: "public-read" }));
    expect((await anonymous("GET", `/${bucket.name}/missing`)).code).to.equal("NoSuchKey");
    expect((await refusal(alt.send(new GetObjectCommand(at("missing"))))).code).to.equal("NoSuchKey");
    expect((await anonymous("GET", `/${bucket.name}/source`)).code, "a private object").to.equal("AccessDenied");
    await s3.send(new PutBucketAclCommand({ Bucket: bucket.name, ACL: "private" }));
    expect((await anonymous("GET", `/${bucket.name}/missing`)).code).to.equal("AccessDenied");
    await allow({ CanonicalUser: altId }, "s3:ListBucket");
    expect((await refusal(alt.send(new GetObjectCommand(at("missing"))))).code).to.equal("NoSuchKey");
    await denied(alt.send(new GetObjectCommand(at("source"))));
    await allow({ CanonicalUser: altId }, "s3:GetObject");
    await denied(alt.send(new GetObjectCommand(at("missing"))));
  });

  it("expects a copy's source to be its expected owner's, in the same bucket too", async () => {
    const copy = (owner: string) =>
      s3.send(
        new CopyObjectCommand({
          ...at("copy"),
          CopySource: `${bucket.name}/source`,
          ExpectedSourceBucketOwner: owner,
        }),
      );
    await denied(copy(altId));
    await copy((await s3.send(new ListBucketsCommand({}))).Owner?.ID ?? "");
  });
});
