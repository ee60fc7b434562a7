import { CreateMultipartUploadCommand, ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("ListMultipartUploads", () => {
  const bucket = useBucket();
  const keys = ["a/1", "a/2", "b", "b", "c"];
  before(async () => {
    for (const Key of keys) await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket.name, Key }));
  });

  it("lists open uploads by key and groups them by delimiter", async () => {
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket.name }));
    expect(Uploads.map(({ Key }) => Key)).to.deep.equal(keys);
    const grouped = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket.name, Delimiter: "/" }));
    expect(grouped.CommonPrefixes).to.deep.equal([{ Prefix: "a/" }]);
    expect(grouped.Uploads?.map(({ Key }) => Key)).to.deep.equal(["b", "b", "c"]);
  });

  it("passes over a common prefix that the markers lie in, and refuses an upload id marker that is none", async () => {
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket.name }));
    const inside = { KeyMarker: "a/1", UploadIdMarker: Uploads[0]?.UploadId };
    expect(
      (await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket.name, Delimiter: "/", ...inside })))
        .CommonPrefixes,
    ).to.equal(undefined);
    expect(
      (await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket.name, ...inside }))).Uploads?.map(
        ({ Key }) => Key,
      ),
    ).to.deep.equal(keys.slice(1));
    const marked = (settings: object) =>
      s3.send(new ListMultipartUploadsCommand({ Bucket: bucket.name, UploadIdMarker: "none", ...settings }));
    expect(await refusal(marked({ KeyMarker: "a/1" }))).to.include({ code: "InvalidArgument", status: 400 });
    const ignored = await marked({});
    expect([ignored.Uploads?.length, ignored.UploadIdMarker]).to.deep.equal([keys.length, ""]);
  });

  it("pages by key and upload id without losing one", async () => {
    const seen: (string | undefined)[] = [];
    let markers: { KeyMarker?: string; UploadIdMarker?: string } = {};
    for (let page = 0; page < 10; page += 1) {
      const answer = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket.name, MaxUploads: 2, ...markers }));
      seen.push(...(answer.Uploads ?? []).map(({ UploadId }) => UploadId));
      if (!answer.IsTruncated) break;
      markers = {
        ...(answer.NextKeyMarker === undefined ? {} : { KeyMarker: answer.NextKeyMarker }),
        ...(answer.NextUploadIdMarker === undefined ? {} : { UploadIdMarker: answer.NextUploadIdMarker }),
      };
    }
    expect(new Set(seen).size).to.equal(keys.length);
    expect(seen).to.have.length(keys.length);
  });
});
