import { createHash, randomBytes } from "node:crypto";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { bytesOf, refusal, s3, useBucket } from "../support/target.js";

describe("UploadPart", () => {
  const bucket = useBucket();
  let at: { Bucket: string; Key: string; UploadId: string | undefined };
  before(async () => {
    const name = { Bucket: bucket.name, Key: "object" };
    at = { ...name, UploadId: (await s3.send(new CreateMultipartUploadCommand(name))).UploadId };
  });

  it("answers with the part's MD5 as ETag", async () => {
    const { ETag } = await s3.send(new UploadPartCommand({ ...at, PartNumber: 1, Body: "part one" }));
    expect(ETag).to.equal(`"${createHash("md5").update("part one").digest("hex")}"`);
  });

  it("replaces a part that is sent again", async () => {
    await s3.send(new UploadPartCommand({ ...at, PartNumber: 1, Body: "first" }));
    const { ETag } = await s3.send(new UploadPartCommand({ ...at, PartNumber: 1, Body: "second" }));
    await s3.send(new CompleteMultipartUploadCommand({ ...at, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }));
    expect(
      (await bytesOf((await s3.send(new GetObjectCommand({ Bucket: at.Bucket, Key: at.Key }))).Body)).toString(),
    ).to.equal("second");
  });

  it("refuses part numbers outside 1 to 10,000, an unknown upload and a wrong digest", async () => {
    const upload = { Bucket: bucket.name, Key: "refusals" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(upload));
    for (const PartNumber of [0, 10_001])
      expect(await refusal(s3.send(new UploadPartCommand({ ...upload, UploadId, PartNumber, Body: "x" })))).to.include({
        code: "InvalidArgument",
        status: 400,
      });
    expect(
      await refusal(s3.send(new UploadPartCommand({ ...upload, UploadId: "unknown", PartNumber: 1, Body: "x" }))),
    ).to.include({ code: "NoSuchUpload", status: 404 });
    const ContentMD5 = createHash("md5").update(randomBytes(4)).digest("base64");
    expect(
      await refusal(s3.send(new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: "x", ContentMD5 }))),
    ).to.include({ code: "BadDigest", status: 400 });
  });
});
