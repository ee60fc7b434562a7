import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send, type RawAnswer } from "../support/signed.js";
import { bytesOf, refusal, s3, useBucket } from "../support/target.js";

describe("conditions", () => {
  const bucket = useBucket();
  let etag: string | undefined;
  let modified: number;
  before(async () => {
    etag = (await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "source", Body: "x" }))).ETag;
    modified =
      (await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "source" }))).LastModified?.getTime() ?? 0;
  });
  const [before_, after_] = [() => new Date(modified - 60_000), () => new Date(modified + 60_000)];

  it("of a copy's source: each alone, and in the pairs where one outranks the other", async () => {
    const copy = (settings: object) =>
      s3.send(
        new CopyObjectCommand({ Bucket: bucket.name, Key: "copy", CopySource: `${bucket.name}/source`, ...settings }),
      );
    for (const settings of [
      { CopySourceIfMatch: etag },
      { CopySourceIfNoneMatch: '"other"' },
      { CopySourceIfModifiedSince: before_() },
      { CopySourceIfUnmodifiedSince: after_() },
      { CopySourceIfMatch: etag, CopySourceIfUnmodifiedSince: before_() },
    ])
      await copy(settings);
    for (const settings of [
      { CopySourceIfMatch: '"other"' },
      { CopySourceIfNoneMatch: etag },
      { CopySourceIfModifiedSince: after_() },
      { CopySourceIfUnmodifiedSince: before_() },
      { CopySourceIfNoneMatch: etag, CopySourceIfModifiedSince: before_() },
    ])
      expect(await refusal(copy(settings)), JSON.stringify(settings)).to.include({
        code: "PreconditionFailed",
        status: 412,
      });
  });

  it("of a write are 412 where they fail and 404 where If-Match finds nothing, for puts, copies, completions and deletions", async () => {
    const copy = (Key: string, settings: object) =>
      s3.send(new CopyObjectCommand({ Bucket: bucket.name, Key, CopySource: `${bucket.name}/other`, ...settings }));
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "other", Body: "y" }));
    const complete = async (Key: string, settings: object) => {
      const at = { Bucket: bucket.name, Key };
      const { UploadId } = await s3.send(new CreateMultipartUploadCommand(at));
      const { ETag } = await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: "x" }));
      return s3.send(
        new CompleteMultipartUploadCommand({
          ...at,
          UploadId,
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
          ...settings,
        }),
      );
    };
    const put = (Key: string, settings: object) =>
      s3.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: "x", ...settings }));
    for (const write of [put, copy, complete]) {
      expect(await refusal(write("source", { IfNoneMatch: "*" }))).to.include({
        code: "PreconditionFailed",
        status: 412,
      });
      expect(await refusal(write("source", { IfMatch: '"other"' }))).to.include({
        code: "PreconditionFailed",
        status: 412,
      });
      expect(await refusal(write("absent", { IfMatch: etag }))).to.include({ code: "NoSuchKey", status: 404 });
      expect(await refusal(write("source", { IfNoneMatch: '"other"' }))).to.include({
        code: "NotImplemented",
        status: 501,
      });
    }
    const remove = (key: string, ifMatch: string) =>
      send({ method: "DELETE", path: `/${bucket.name}/${key}`, headers: { "if-match": ifMatch } });
    expect(await remove("source", '"other"')).to.include({ status: 412, code: "PreconditionFailed" });
    expect((await remove("absent", '"other"')).status).to.be.oneOf([204, 404]);
  });

  it("hold of the part that is read, which is 206 and says how many there are", async () => {
    const plain = await s3.send(
      new GetObjectCommand({ Bucket: bucket.name, Key: "source", PartNumber: 1, IfMatch: etag }),
    );
    expect([plain.$metadata.httpStatusCode, plain.ContentRange, plain.PartsCount]).to.deep.equal([
      206,
      "bytes 0-0/1",
      undefined,
    ]);
    expect(
      await refusal(s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: "source", PartNumber: 2 }))),
    ).to.include({ status: 416 });
    for (const wrong of ["0", "10001", "x"])
      expect(await send({ method: "GET", path: `/${bucket.name}/source?partNumber=${wrong}` }), wrong).to.include({
        status: 400,
        code: "InvalidArgument",
      });
    expect(
      await send({ method: "GET", path: `/${bucket.name}/source?partNumber=1`, headers: { range: "bytes=0-0" } }),
    ).to.include({ status: 400, code: "InvalidRequest" });
  });
});

/** What lists no ETag that an object could have. A star in quotes is an ETag of one character. */
const matchNothing = ["", ",", '""', '"", ""', 'W/""', '"*"', '*, "other"'];

describe("conditions that no ETag can meet", () => {
  const bucket = useBucket();
  let etag = "";
  before(async () => {
    etag = (await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "source", Body: "source" }))).ETag ?? "";
  });

  async function upload(): Promise<{ readonly path: string; readonly document: string }> {
    const at = { Bucket: bucket.name, Key: "target" };
    const { UploadId = "" } = await s3.send(new CreateMultipartUploadCommand(at));
    const { ETag = "" } = await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: "new" }));
    return {
      path: `/${bucket.name}/target?uploadId=${UploadId}`,
      document: `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${ETag}</ETag></Part></CompleteMultipartUpload>`,
    };
  }

  const path = () => `/${bucket.name}/target`;
  const copySource = () => ({ "x-amz-copy-source": `${bucket.name}/source` });
  const writes: Readonly<Record<string, (headers: Record<string, string>) => Promise<RawAnswer>>> = {
    PutObject: (headers) => send({ method: "PUT", path: path(), body: "new", headers }),
    CopyObject: (headers) => send({ method: "PUT", path: path(), headers: { ...copySource(), ...headers } }),
    CompleteMultipartUpload: async (headers) => {
      const { path: to, document } = await upload();
      return send({ method: "POST", path: to, body: document, headers });
    },
    DeleteObject: (headers) => send({ method: "DELETE", path: path(), headers }),
  };
  const kept = async () =>
    (await bytesOf((await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: "target" }))).Body)).toString();

  for (const [name, write] of Object.entries(writes)) {
    it(`keep ${name} from changing anything`, async () => {
      await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "target", Body: "old" }));
      for (const value of matchNothing)
        expect(await write({ "if-match": value }), `If-Match: ${value}`).to.include({
          status: 412,
          code: "PreconditionFailed",
        });
      if (name !== "DeleteObject")
        for (const value of matchNothing)
          expect(await write({ "if-none-match": value }), `If-None-Match: ${value}`).to.include({
            status: 501,
            code: "NotImplemented",
          });
      expect(await kept()).to.equal("old");
    });
  }

  it("keep an entry of DeleteObjects from being deleted", async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "target", Body: "old" }));
    for (const ETag of ['""', 'W/""', ",", '"*"']) {
      const { Deleted, Errors } = await s3.send(
        new DeleteObjectsCommand({ Bucket: bucket.name, Delete: { Objects: [{ Key: "target", ETag }] } }),
      );
      expect([Deleted, Errors?.map(({ Code }) => Code)], ETag).to.deep.equal([undefined, ["PreconditionFailed"]]);
    }
    expect(await kept()).to.equal("old");
    const { Errors } = await s3.send(
      new DeleteObjectsCommand({ Bucket: bucket.name, Delete: { Objects: [{ Key: "target", ETag: "*" }] } }),
    );
    expect(Errors).to.equal(undefined);
  });

  it("keep reads and the sources of copies from matching", async () => {
    const read = (headers: Record<string, string>) => send({ method: "GET", path: `/${bucket.name}/source`, headers });
    const copy = (headers: Record<string, string>) =>
      send({ method: "PUT", path: `/${bucket.name}/copy`, headers: { ...copySource(), ...headers } });
    for (const value of matchNothing) {
      expect(await read({ "if-match": value }), value).to.include({ status: 412, code: "PreconditionFailed" });
      expect(await copy({ "x-amz-copy-source-if-match": value }), value).to.include({
        status: 412,
        code: "PreconditionFailed",
      });
      // None of no ETags matches; that the object did not change since is then not asked any more.
      const after = new Date(Date.now() + 60_000).toUTCString();
      expect((await read({ "if-none-match": value, "if-modified-since": after })).status, value).to.equal(200);
      expect((await copy({ "x-amz-copy-source-if-none-match": value })).status, value).to.equal(200);
    }
  });

  it("compare weak ETags where RFC 9110 does: for If-None-Match alone", async () => {
    const read = (headers: Record<string, string>) => send({ method: "GET", path: `/${bucket.name}/source`, headers });
    expect((await read({ "if-none-match": `W/${etag}` })).status).to.equal(304);
    expect((await read({ "if-match": `W/${etag}` })).status).to.equal(412);
    expect((await read({ "if-match": `W/${etag}, ${etag}` })).status).to.equal(200);
    expect((await read({ range: "bytes=0-0", "if-range": etag })).body).to.equal("s");
    for (const value of [`W/${etag}`, "", '""', "*", `"other", ${etag}`])
      expect((await read({ range: "bytes=0-0", "if-range": value })).body, value).to.equal("source");
  });

  it("by dates that cannot be read are ignored", async () => {
    for (const date of ["", "never", "never 5", "Sun, 31 Feb 1994 08:49:37 GMT", "784111777"])
      expect(
        (
          await send({
            method: "GET",
            path: `/${bucket.name}/source`,
            headers: { "if-modified-since": date, "if-unmodified-since": date },
          })
        ).status,
        date,
      ).to.equal(200);
  });
});
