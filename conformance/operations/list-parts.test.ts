import { CreateMultipartUploadCommand, ListPartsCommand, UploadPartCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { s3, useBucket } from "../support/target.js";

describe("ListParts", () => {
  const bucket = useBucket();

  it("lists parts by number, in pages", async () => {
    const name = { Bucket: bucket.name, Key: "parts" };
    const at = { ...name, UploadId: (await s3.send(new CreateMultipartUploadCommand(name))).UploadId };
    for (const PartNumber of [7, 1, 3])
      await s3.send(new UploadPartCommand({ ...at, PartNumber, Body: "x".repeat(PartNumber) }));
    const first = await s3.send(new ListPartsCommand({ ...at, MaxParts: 2 }));
    expect(first.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).to.deep.equal([
      [1, 1],
      [3, 3],
    ]);
    expect(first).to.include({ IsTruncated: true, NextPartNumberMarker: "3", MaxParts: 2, Key: "parts" });
    expect(first.Parts?.[0]?.ETag).to.match(/^"[0-9a-f]{32}"$/);
    const second = await s3.send(new ListPartsCommand({ ...at, PartNumberMarker: first.NextPartNumberMarker }));
    expect(second.Parts?.map(({ PartNumber }) => PartNumber)).to.deep.equal([7]);
    expect(second.IsTruncated).to.equal(false);
  });
});
