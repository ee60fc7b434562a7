import { createHash, randomBytes } from "node:crypto";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { freshName, s3, useBucket } from "../support/target.js";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";

const EMPTY_SHA256 = createHash("sha256").digest("hex");

/** What programs send that are too large to install for a test, request by request. */
describe("the requests of programs that are not here", () => {
  const bucket = useBucket();
  const at = (path: string) => `/${bucket.name}/${path}`;

  describe("DuckDB's httpfs", () => {
    it("reads a file's end, then columns by ranges, under one ETag, at a key of Hive's kind", async () => {
      const body = randomBytes(500_000);
      const path = at("table/year%3D2026/month%3D11/part%200.parquet");
      expect((await send({ method: "PUT", path, body })).status).to.equal(200);
      const head = await send({ method: "HEAD", path });
      expect([head.status, head.headers["content-length"], head.headers["accept-ranges"]]).to.deep.equal([
        200,
        "500000",
        "bytes",
      ]);
      for (const [first, last] of [
        [499_992, 499_999],
        [400_000, 499_999],
        [0, 1023],
      ] as const) {
        const range = await send({ method: "GET", path, headers: { range: `bytes=${first}-${last}` } });
        expect([range.status, range.headers["content-range"], range.headers.etag]).to.deep.equal([
          206,
          `bytes ${first}-${last}/500000`,
          head.headers.etag,
        ]);
      }
    });

    it("lists for a glob with the prefix's equals signs encoded", async () => {
      const listing = await send({
        method: "GET",
        path: `/${bucket.name}/?encoding-type=url&list-type=2&prefix=table%2Fyear%3D2026%2F`,
      });
      expect(listing.status).to.equal(200);
      expect(listing.body).to.match(/<Key>table\/year%3D2026\/month%3D11\/part(\+|%20)0\.parquet<\/Key>/);
    });

    it("writes in parts, starting with ?uploads=", async () => {
      const path = at("written.parquet");
      const begun = await send({
        method: "POST",
        path: `${path}?uploads=`,
        headers: { "content-type": "application/octet-stream" },
      });
      const id = /<UploadId>([^<]+)</.exec(begun.body)?.[1] ?? "";
      const part = await send({
        method: "PUT",
        path: `${path}?partNumber=1&uploadId=${id}`,
        body: "PAR1",
        headers: { "content-type": "application/octet-stream" },
      });
      const complete = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Part><ETag>${part.headers.etag ?? ""}</ETag><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>`;
      const done = await send({ method: "POST", path: `${path}?uploadId=${id}`, body: complete });
      expect([done.status, /<ETag>/.test(done.body)]).to.deep.equal([200, true]);
    });
  });

  describe("Terraform's lock file", () => {
    it("is taken by one, refused to the next with 412, and taken again after its release", async () => {
      const Key = "env/prod/terraform.tfstate.tflock";
      const lock = (who: string) => {
        const Body = JSON.stringify({ ID: who, Operation: "OperationTypeApply" });
        return new PutObjectCommand({
          Bucket: bucket.name,
          Key,
          Body,
          IfNoneMatch: "*",
          ContentType: "application/json",
          ChecksumAlgorithm: "SHA256",
        });
      };
      const tried = await Promise.allSettled(["a", "b", "c"].map((who) => s3.send(lock(who))));
      expect(tried.filter(({ status }) => status === "fulfilled")).to.have.length(1);
      for (const outcome of tried)
        if (outcome.status === "rejected")
          expect(outcome.reason).to.have.nested.property("$metadata.httpStatusCode").that.is.oneOf([409, 412]);
      const late = await send({
        method: "PUT",
        path: at(Key),
        body: "{}",
        headers: { "if-none-match": "*", "x-amz-checksum-sha256": createHash("sha256").update("{}").digest("base64") },
      });
      expect([late.status, late.code]).to.deep.equal([412, "PreconditionFailed"]);
      await s3.send(new DeleteObjectCommand({ Bucket: bucket.name, Key }));
      expect((await s3.send(lock("d"))).ETag).to.match(/^"/);
    });
  });

  describe("S3A", () => {
    it("makes a directory of a marker, and finds it by HEAD, by its marker and by its children", async () => {
      expect((await send({ method: "HEAD", path: at("dir") })).status).to.equal(404);
      expect(
        (await send({ method: "PUT", path: at("dir/"), headers: { "content-type": "application/x-directory" } }))
          .status,
      ).to.equal(200);
      const marker = await send({ method: "HEAD", path: at("dir/") });
      expect([marker.status, marker.headers["content-type"], marker.headers["content-length"]]).to.deep.equal([
        200,
        "application/x-directory",
        "0",
      ]);
      const probe = await send({
        method: "GET",
        path: `/${bucket.name}/?list-type=2&delimiter=%2F&max-keys=2&prefix=dir%2F&fetch-owner=false`,
      });
      expect(probe.body).to.contain("<Key>dir/</Key>").and.contain("<KeyCount>1</KeyCount>");
    });

    it("renames a directory by copying each file, then deletes the old ones and their markers in one request", async () => {
      for (const name of ["old/", "old/a", "old/b"])
        await send({ method: "PUT", path: at(name), body: name.endsWith("/") ? "" : name });
      for (const name of ["a", "b"]) {
        const copy = await send({
          method: "PUT",
          path: at(`new/${name}`),
          headers: { "x-amz-copy-source": `/${bucket.name}/old/${name}`, "x-amz-metadata-directive": "COPY" },
        });
        expect([copy.status, /<CopyObjectResult/.test(copy.body)]).to.deep.equal([200, true]);
      }
      const body = `<?xml version="1.0"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${["old/", "old/a", "old/b", "old/none"].map((key) => `<Object><Key>${key}</Key></Object>`).join("")}</Delete>`;
      const deleted = await send({
        method: "POST",
        path: `/${bucket.name}/?delete`,
        body,
        headers: { "content-md5": createHash("md5").update(body).digest("base64") },
      });
      expect(deleted.status).to.equal(200);
      expect(deleted.body).to.not.contain("<Error>").and.not.contain("<Deleted>");
      const listing = await send({ method: "GET", path: `/${bucket.name}/?list-type=2&prefix=old%2F` });
      expect(listing.body).to.contain("<KeyCount>0</KeyCount>");
    });

    it("reads on only while the file is the one it opened", async () => {
      const first = await send({ method: "PUT", path: at("changing"), body: "one" });
      await send({ method: "PUT", path: at("changing"), body: "two" });
      const stale = await send({
        method: "GET",
        path: at("changing"),
        headers: { "if-match": first.headers.etag ?? "", range: "bytes=0-1" },
      });
      expect([stale.status, stale.code]).to.deep.equal([412, "PreconditionFailed"]);
    });

    it("finds its pending uploads by prefix, for the committer that completes them later", async () => {
      const begun = await send({ method: "POST", path: at("__magic_job/file?uploads") });
      const id = /<UploadId>([^<]+)</.exec(begun.body)?.[1] ?? "";
      const pending = await send({ method: "GET", path: `/${bucket.name}/?uploads&prefix=__magic_job%2F` });
      expect(pending.body).to.contain(`<UploadId>${id}</UploadId>`);
      expect((await send({ method: "DELETE", path: at(`__magic_job/file?uploadId=${id}`) })).status).to.equal(204);
    });

    it("asks for a bucket that is not there without a body in the answer", async () => {
      const answer = await send({
        method: "HEAD",
        path: `/${freshName()}/`,
        headers: { "x-amz-content-sha256": EMPTY_SHA256 },
      });
      expect([answer.status, answer.body]).to.deep.equal([404, ""]);
    });
  });
});
