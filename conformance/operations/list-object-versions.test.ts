import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { altClient, refusal, s3 } from "../support/target.js";
import { useVersionedBucket } from "../support/versioned.js";

describe("ListObjectVersions", () => {
  const { bucket, put } = useVersionedBucket();
  const list = (more: Partial<ListObjectVersionsCommandInput> = {}) =>
    s3.send(new ListObjectVersionsCommand({ Bucket: bucket.name, ...more }));
  const ids: string[] = [];

  before(async () => {
    ids.push(await put("a"), await put("k", "1"), await put("k", "22"));
    ids.push((await s3.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: "k" }))).VersionId ?? "");
    ids.push(await put("z/1"), await put("z/2"));
  });

  it("lists versions and delete markers by key, the newest first", async () => {
    const { Versions = [], DeleteMarkers = [], IsTruncated, Name } = await list();
    expect({ IsTruncated, Name }).to.deep.equal({ IsTruncated: false, Name: bucket.name });
    expect(Versions.map(({ Key, VersionId, IsLatest, Size }) => [Key, VersionId, IsLatest, Size])).to.deep.equal([
      ["a", ids[0], true, 1],
      ["k", ids[2], false, 2],
      ["k", ids[1], false, 1],
      ["z/1", ids[4], true, 1],
      ["z/2", ids[5], true, 1],
    ]);
    expect(DeleteMarkers.map(({ Key, VersionId, IsLatest }) => [Key, VersionId, IsLatest])).to.deep.equal([
      ["k", ids[3], true],
    ]);
    expect(Versions[0]?.ETag).to.match(/^".+"$/);
    expect(Versions[0]?.Owner?.ID).to.match(/^[0-9a-f]{64}$/);
    expect(Versions[0]?.LastModified).to.be.instanceOf(Date);
  });

  it("writes delete markers among the versions, where they belong", async () => {
    const { body } = await send({ method: "GET", path: `/${bucket.name}?versions&prefix=k` });
    expect(body.match(/<(Version|DeleteMarker)>/g)).to.deep.equal(["<DeleteMarker>", "<Version>", "<Version>"]);
  });

  it("pages by key and version, in pages of any size", async () => {
    for (const MaxKeys of [1, 2, 4]) {
      const seen: (string | undefined)[] = [];
      for (let KeyMarker: string | undefined, VersionIdMarker: string | undefined; ;) {
        const page = await list({ MaxKeys, KeyMarker, VersionIdMarker });
        seen.push(...[...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ VersionId }) => VersionId));
        expect(page.IsTruncated === true).to.equal(page.NextKeyMarker !== undefined);
        if (!page.IsTruncated) break;
        ({ NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page);
      }
      expect(seen).to.have.members(ids);
      expect(seen).to.have.length(ids.length);
    }
  });

  it("rolls keys up to their common prefixes, and heeds prefix and encoding", async () => {
    const { CommonPrefixes, Versions } = await list({ Delimiter: "/", KeyMarker: "k" });
    expect(CommonPrefixes).to.deep.equal([{ Prefix: "z/" }]);
    expect(Versions).to.equal(undefined);
    expect((await list({ Prefix: "z/", EncodingType: "url" })).Versions?.map(({ Key }) => Key)).to.deep.equal([
      "z/1",
      "z/2",
    ]);
    expect((await list({ MaxKeys: 0 })).IsTruncated).to.equal(false);
  });

  it("refuses a version marker without its key, and another account", async () => {
    expect(await refusal(list({ VersionIdMarker: ids[1] }))).to.include({ code: "InvalidArgument", status: 400 });
    expect(await refusal(altClient().send(new ListObjectVersionsCommand({ Bucket: bucket.name })))).to.include({
      code: "AccessDenied",
      status: 403,
    });
  });
});
