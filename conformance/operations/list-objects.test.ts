import { ListObjectsCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { s3, useBucket } from "../support/target.js";

describe("ListObjects", () => {
  const bucket = useBucket();
  const keys = ["a/1", "a/2", "b", "c/1", "d"];
  before(async () => {
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: Key }));
  });

  it("lists keys with size, ETag, date and owner", async () => {
    const { Contents = [], IsTruncated } = await s3.send(new ListObjectsCommand({ Bucket: bucket.name }));
    expect(Contents.map(({ Key }) => Key)).to.deep.equal(keys);
    expect(Contents[0]).to.include({ Size: 3, StorageClass: "STANDARD" });
    expect(Contents[0]?.Owner?.ID).to.match(/^[0-9a-f]{64}$/);
    expect(IsTruncated).to.equal(false);
  });

  it("pages by marker, naming the next one when there is a delimiter", async () => {
    const seen: (string | undefined)[] = [];
    let Marker: string | undefined;
    for (let pages = 0; pages < 10; pages += 1) {
      const page = await s3.send(new ListObjectsCommand({ Bucket: bucket.name, Delimiter: "/", MaxKeys: 1, Marker }));
      seen.push(
        ...(page.Contents ?? []).map(({ Key }) => Key),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      );
      if (!page.IsTruncated) break;
      expect(page.NextMarker).to.be.a("string");
      Marker = page.NextMarker;
    }
    expect(seen).to.deep.equal(["a/", "b", "c/", "d"]);
  });

  it("begins after a marker that is no key", async () => {
    const { Contents = [] } = await s3.send(new ListObjectsCommand({ Bucket: bucket.name, Marker: "a/15" }));
    expect(Contents.map(({ Key }) => Key)).to.deep.equal(["a/2", "b", "c/1", "d"]);
  });
});
