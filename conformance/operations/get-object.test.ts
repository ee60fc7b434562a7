import { randomBytes } from "node:crypto";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { altClient, bytesOf, freshName, refusal, s3, useBucket } from "../support/target.js";

describe("GetObject", () => {
  const bucket = useBucket();
  const body = randomBytes(300_000);
  let etag: string | undefined;
  let modified: Date;
  const get = (settings: Partial<ConstructorParameters<typeof GetObjectCommand>[0]> = {}) =>
    s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: "object", ...settings }));

  before(async () => {
    etag = (await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "object", Body: body }))).ETag;
    const { LastModified } = await get();
    if (!LastModified) throw new Error("no Last-Modified");
    modified = LastModified;
  });

  it("answers with the bytes and what HEAD would say", async () => {
    const answer = await get();
    expect(answer).to.include({
      ETag: etag,
      ContentLength: body.length,
      AcceptRanges: "bytes",
      ContentType: "application/octet-stream",
    });
    expect(await bytesOf(answer.Body)).to.deep.equal(body);
  });

  for (const [range, from, to] of [
    ["bytes=0-0", 0, 1],
    ["bytes=100-199", 100, 200],
    ["bytes=299990-", 299_990, 300_000],
    ["bytes=-10", 299_990, 300_000],
    ["bytes=299990-999999999", 299_990, 300_000],
    ["bytes=-999999999", 0, 300_000],
  ] as const) {
    it(`answers ${range} with those bytes`, async () => {
      const answer = await get({ Range: range });
      expect(answer.$metadata.httpStatusCode).to.equal(206);
      expect(answer.ContentRange).to.equal(`bytes ${from}-${to - 1}/300000`);
      expect(await bytesOf(answer.Body)).to.deep.equal(body.subarray(from, to));
    });
  }

  it("refuses a range beyond the end and ignores one that is none", async () => {
    expect(await refusal(get({ Range: "bytes=300000-" }))).to.include({ code: "InvalidRange", status: 416 });
    expect(await refusal(get({ Range: "bytes=-0" }))).to.include({ code: "InvalidRange", status: 416 });
    for (const Range of ["bytes=5-2", "lines=1-2", "bytes=a-b"]) {
      const answer = await get({ Range });
      expect(answer.$metadata.httpStatusCode).to.equal(200);
      await bytesOf(answer.Body);
    }
  });

  it("answers with the range only while the object is the one that If-Range names", async () => {
    const ranged = (ifRange: string) =>
      send({ method: "GET", path: `/${bucket.name}/object`, headers: { range: "bytes=0-9", "if-range": ifRange } });
    for (const same of [etag ?? "", modified.toUTCString()]) expect((await ranged(same)).status, same).to.equal(206);
    for (const other of ['"other"', `W/${etag ?? ""}`, new Date(modified.getTime() - 1000).toUTCString()])
      expect((await ranged(other)).status, other).to.equal(200);
  });

  it("says which range it could not serve, and of how many bytes", async () => {
    const answer = await send({
      method: "GET",
      path: `/${bucket.name}/object`,
      headers: { range: "bytes=300000-300001" },
    });
    expect(answer.body).to.include(
      "<RangeRequested>bytes=300000-300001</RangeRequested><ActualObjectSize>300000</ActualObjectSize>",
    );
    expect(answer.headers["content-range"]).to.equal("bytes */300000");
  });

  it("obeys the four conditions", async () => {
    const earlier = new Date(modified.getTime() - 60_000);
    const later = new Date(modified.getTime() + 60_000);
    for (const settings of [
      { IfMatch: etag },
      { IfMatch: "*" },
      { IfNoneMatch: '"other"' },
      { IfModifiedSince: earlier },
      { IfUnmodifiedSince: later },
      { IfMatch: etag, IfUnmodifiedSince: earlier },
    ]) {
      await bytesOf((await get(settings)).Body);
    }
    for (const settings of [
      { IfNoneMatch: etag },
      { IfModifiedSince: modified },
      { IfNoneMatch: etag, IfModifiedSince: earlier },
    ]) {
      expect((await refusal(get(settings))).status).to.equal(304);
    }
    for (const settings of [{ IfMatch: '"other"' }, { IfUnmodifiedSince: earlier }]) {
      expect(await refusal(get(settings))).to.include({ code: "PreconditionFailed", status: 412 });
    }
  });

  it("lets the request override the answer's headers", async () => {
    const answer = await get({
      ResponseContentType: "text/x",
      ResponseCacheControl: "no-cache",
      ResponseContentDisposition: "inline",
      ResponseContentLanguage: "en",
      ResponseContentEncoding: "identity",
    });
    expect(answer).to.include({
      ContentType: "text/x",
      CacheControl: "no-cache",
      ContentDisposition: "inline",
      ContentLanguage: "en",
    });
    await bytesOf(answer.Body);
  });

  it("answers NoSuchKey, NoSuchBucket and AccessDenied", async () => {
    expect(await refusal(get({ Key: "absent" }))).to.include({ code: "NoSuchKey", status: 404 });
    expect(await refusal(get({ Bucket: freshName() }))).to.include({ code: "NoSuchBucket", status: 404 });
    expect(await refusal(altClient().send(new GetObjectCommand({ Bucket: bucket.name, Key: "object" })))).to.include({
      code: "AccessDenied",
      status: 403,
    });
  });
});
