import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  PutObjectCommand,
  UploadPartCommand,
  type ObjectAttributes,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { refusal, s3 } from "../support/target.js";
import { useVersionedBucket } from "../support/versioned.js";

describe("GetObjectAttributes", () => {
  const { bucket, put } = useVersionedBucket();
  const all: ObjectAttributes[] = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];
  const attributes = (Key: string, more: object = {}) =>
    s3.send(new GetObjectAttributesCommand({ Bucket: bucket.name, Key, ObjectAttributes: all, ...more }));

  it("tells the attributes that were asked for, and those alone", async () => {
    const { ETag, VersionId } = await s3.send(
      new PutObjectCommand({ Bucket: bucket.name, Key: "k", Body: "hello", ChecksumAlgorithm: "SHA256" }),
    );
    const answer = await attributes("k");
    expect(answer.ETag).to.equal(ETag?.replaceAll('"', ""));
    expect(answer.Checksum?.ChecksumSHA256).to.equal("LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
    expect(answer).to.include({ ObjectSize: 5, StorageClass: "STANDARD", VersionId });
    expect(answer.ObjectParts).to.equal(undefined);
    expect(answer.LastModified).to.be.instanceOf(Date);
    const { ETag: etag, ObjectSize } = await attributes("k", { ObjectAttributes: ["ObjectSize"] });
    expect({ etag, ObjectSize }).to.deep.equal({ etag: undefined, ObjectSize: 5 });
    await put("k", "longer now");
    expect((await attributes("k", { VersionId })).ObjectSize).to.equal(5);
  });

  it("lists the parts of a multipart object in pages", async () => {
    const at = { Bucket: bucket.name, Key: "parts" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: "CRC32" }));
    const Parts = [];
    for (const [index, size] of [5 * 1024 ** 2, 3].entries()) {
      const { ETag, ChecksumCRC32 } = await s3.send(
        new UploadPartCommand({
          ...at,
          UploadId,
          PartNumber: index + 1,
          Body: Buffer.alloc(size),
          ChecksumAlgorithm: "CRC32",
        }),
      );
      Parts.push({ PartNumber: index + 1, ETag, ChecksumCRC32 });
    }
    await s3.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }));
    const { ObjectParts, Checksum } = await attributes("parts", { MaxParts: 1 });
    expect(ObjectParts).to.include({ TotalPartsCount: 2, IsTruncated: true, MaxParts: 1 });
    expect(
      ObjectParts?.Parts?.map(({ PartNumber, Size, ChecksumCRC32 }) => ({ PartNumber, Size, ChecksumCRC32 })),
    ).to.deep.equal([{ PartNumber: 1, Size: 5 * 1024 ** 2, ChecksumCRC32: Parts[0]?.ChecksumCRC32 }]);
    expect(Checksum?.ChecksumType).to.equal("COMPOSITE");
    expect(Checksum?.ChecksumCRC32, "without the number of parts").to.match(/^[A-Za-z0-9+/]{6}==$/);
    const rest = await attributes("parts", { PartNumberMarker: ObjectParts?.NextPartNumberMarker });
    expect(rest.ObjectParts?.Parts?.map(({ PartNumber }) => PartNumber)).to.deep.equal([2]);
    expect(rest.ObjectParts?.IsTruncated).to.equal(false);
  });

  it("refuses no attributes, unknown ones and an object that is not there", async () => {
    const raw = (headers: Record<string, string>) =>
      send({ method: "GET", path: `/${bucket.name}/k?attributes`, headers });
    for (const none of [{}, { "x-amz-object-attributes": "" }, { "x-amz-object-attributes": " , " }])
      expect(await raw(none), JSON.stringify(none)).to.include({ status: 400, code: "InvalidRequest" });
    expect(await raw({ "x-amz-object-attributes": "Color" })).to.include({ status: 400, code: "InvalidArgument" });
    expect(
      (await raw({ "x-amz-object-attributes": "ETag", "x-amz-max-parts": "many" })).status,
      "no count is passed over",
    ).to.equal(200);
    expect(await refusal(attributes("absent"))).to.include({ code: "NoSuchKey", status: 404 });
  });
});
