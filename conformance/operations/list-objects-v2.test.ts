import { HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { freshName, refusal, s3, target, useBucket } from "../support/target.js";

describe("ListObjectsV2", () => {
  const bucket = useBucket();
  const keys = ["A", "a", "a-b", "a/b/1", "a/b/2", "a/c", "a0", "b c", "z\u{ff5e}", "z\u{1f600}", "ä"];
  const list = (settings: object = {}) => s3.send(new ListObjectsV2Command({ Bucket: bucket.name, ...settings }));
  const keysOf = (page: Awaited<ReturnType<typeof list>>) => (page.Contents ?? []).map(({ Key }) => Key);
  before(async () => {
    for (const Key of [...keys].reverse()) await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: "x" }));
  });

  it("lists in unsigned UTF-8 byte order, which is not JavaScript's", async () => {
    const inOrder = keys
      .map((key) => Buffer.from(key))
      .sort((a, b) => Buffer.compare(a, b))
      .map((key) => key.toString());
    const page = await list();
    expect(keysOf(page)).to.deep.equal(inOrder);
    expect(page).to.include({ KeyCount: keys.length, IsTruncated: false, MaxKeys: 1000 });
  });

  it("groups by delimiter within a prefix", async () => {
    const page = await list({ Prefix: "a/", Delimiter: "/" });
    expect(keysOf(page)).to.deep.equal(["a/c"]);
    expect(page.CommonPrefixes).to.deep.equal([{ Prefix: "a/b/" }]);
    expect(page.KeyCount).to.equal(2);
  });

  for (const size of [1, 2, 3]) {
    it(`pages by ${size} without losing or repeating an entry`, async () => {
      const seen: (string | undefined)[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await list({ Delimiter: "/", MaxKeys: size, ContinuationToken });
        expect(page.KeyCount).to.be.at.most(size);
        seen.push(...keysOf(page), ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix));
        ContinuationToken = page.NextContinuationToken;
        expect(page.IsTruncated).to.equal(ContinuationToken !== undefined);
      } while (ContinuationToken !== undefined && seen.length < 100);
      expect([...seen].sort()).to.deep.equal([...keys.filter((key) => !key.includes("/")), "a/"].sort());
      expect(new Set(seen).size).to.equal(seen.length);
    });
  }

  it("begins after StartAfter and encodes keys when asked", async () => {
    const page = await list({ StartAfter: "a0", EncodingType: "url" });
    expect(page.EncodingType).to.equal("url");
    expect(keysOf(page).map((key) => decodeURIComponent((key ?? "").replaceAll("+", " "))))
      .to.include.members(["b c", "ä"])
      .and.not.include("a0");
  });

  it("goes on from its token whatever StartAfter says, and says both back", async () => {
    const first = await list({ MaxKeys: 2, StartAfter: "a" });
    expect(first.StartAfter).to.equal("a");
    const next = await list({ ContinuationToken: first.NextContinuationToken, StartAfter: "z" });
    expect([...keysOf(first), ...keysOf(next)]).to.deep.equal(keysOf(await list({ StartAfter: "a" })));
    expect(next.StartAfter).to.equal("z");
    expect(next.ContinuationToken).to.equal(first.NextContinuationToken);
  });

  it("tells the bucket's region in a header, as ListObjects does", async () => {
    for (const query of ["?list-type=2", ""])
      expect(
        (await send({ method: "GET", path: `/${bucket.name}${query}` })).headers["x-amz-bucket-region"],
        query,
      ).to.equal(target.region);
  });

  it("tells the last change in whole seconds, as HEAD does", async () => {
    for (const { Key, LastModified } of (await list()).Contents ?? []) {
      expect((await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key }))).LastModified).to.deep.equal(
        LastModified,
      );
    }
  });

  it("names the owner only when asked", async () => {
    expect((await list()).Contents?.[0]?.Owner).to.equal(undefined);
    expect((await list({ FetchOwner: true })).Contents?.[0]?.Owner?.ID).to.match(/^[0-9a-f]{64}$/);
  });

  it("answers no keys for MaxKeys 0, and refuses a broken token or a missing bucket", async () => {
    expect(await list({ MaxKeys: 0 })).to.include({ KeyCount: 0, IsTruncated: false });
    expect(await refusal(list({ ContinuationToken: "%%%" }))).to.include({ code: "InvalidArgument", status: 400 });
    expect(await refusal(list({ Bucket: freshName() }))).to.include({ code: "NoSuchBucket", status: 404 });
  });
});
