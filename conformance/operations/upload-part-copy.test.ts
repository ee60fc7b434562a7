import { randomBytes } from "node:crypto";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { bytesOf, refusal, s3, useBucket } from "../support/target.js";

describe("UploadPartCopy", () => {
  const bucket = useBucket();
  const source = randomBytes(6 * 2 ** 20);
  before(() => s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "source", Body: source })));

  it("takes a part from an object, whole or a range of it", async () => {
    const at = { Bucket: bucket.name, Key: "copied" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(at));
    const copy = async (PartNumber: number, CopySourceRange?: string) => {
      const { CopyPartResult } = await s3.send(
        new UploadPartCopyCommand({
          ...at,
          UploadId,
          PartNumber,
          CopySource: `${bucket.name}/source`,
          CopySourceRange,
        }),
      );
      return { PartNumber, ETag: CopyPartResult?.ETag };
    };
    const Parts = [await copy(1), await copy(2, "bytes=10-19")];
    await s3.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }));
    const bytes = await bytesOf((await s3.send(new GetObjectCommand(at))).Body);
    expect(bytes.equals(Buffer.concat([source, source.subarray(10, 20)]))).to.equal(true);
  });

  it("refuses a source that is not there and a range beyond it", async () => {
    const at = { Bucket: bucket.name, Key: "refused" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(at));
    const copy = (CopySource: string, CopySourceRange?: string) =>
      s3.send(new UploadPartCopyCommand({ ...at, UploadId, PartNumber: 1, CopySource, CopySourceRange }));
    expect(await refusal(copy(`${bucket.name}/absent`))).to.include({ code: "NoSuchKey", status: 404 });
    expect((await refusal(copy(`${bucket.name}/source`, "bytes=0-99999999"))).status).to.be.oneOf([400, 416]);
  });
});
