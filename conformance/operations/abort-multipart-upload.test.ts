import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("AbortMultipartUpload", () => {
  const bucket = useBucket();

  it("ends the upload: no part is taken or listed any more", async () => {
    const name = { Bucket: bucket.name, Key: "aborted" };
    const at = { ...name, UploadId: (await s3.send(new CreateMultipartUploadCommand(name))).UploadId };
    await s3.send(new UploadPartCommand({ ...at, PartNumber: 1, Body: "x" }));
    expect((await s3.send(new AbortMultipartUploadCommand(at))).$metadata.httpStatusCode).to.equal(204);
    expect(await refusal(s3.send(new UploadPartCommand({ ...at, PartNumber: 2, Body: "x" })))).to.include({
      code: "NoSuchUpload",
      status: 404,
    });
    expect(await refusal(s3.send(new ListPartsCommand(at)))).to.include({ code: "NoSuchUpload", status: 404 });
  });

  it("refuses an upload that never was", async () => {
    expect(
      await refusal(s3.send(new AbortMultipartUploadCommand({ Bucket: bucket.name, Key: "k", UploadId: "never" }))),
    ).to.include({ code: "NoSuchUpload", status: 404 });
  });
});
