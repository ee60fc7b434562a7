import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeletePublicAccessBlockCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  type ListBucketsCommandOutput,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { refusal, s3, useBucket } from "../support/target.js";

describe("counts and markers of listings", () => {
  const bucket = useBucket();
  const keys = ["a", "a%b", "a%c", "a\u0001b", "axb", "aäb", "aäc", "b//c", "b//d", "b/c"];
  before(async () => {
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: "x" }));
  });
  const get = (query: string) => send({ method: "GET", path: `/${bucket.name}?${query}` });

  for (const [list, name] of [
    ["", "max-keys"],
    ["list-type=2&", "max-keys"],
    ["versions&", "max-keys"],
    ["uploads&", "max-uploads"],
  ] as const) {
    it(`take ${name} up to 1,000 with ?${list} and refuse what is no count`, async () => {
      for (const wrong of ["-1", "many", "2147483648", "1.5"])
        expect(await get(`${list}${name}=${wrong}`), wrong).to.include({ status: 400, code: "InvalidArgument" });
      const shown = async (count: string) =>
        /<Max(?:Keys|Uploads)>(\d+)</.exec((await get(`${list}${name}=${count}`)).body)?.[1];
      expect([await shown("5000"), await shown(""), await shown("7")]).to.deep.equal(["1000", "1000", "7"]);
      const none = await get(`${list}${name}=0`);
      expect([none.status, none.body.includes("<Key>"), none.body.includes("<IsTruncated>false<")]).to.deep.equal([
        200,
        false,
        true,
      ]);
    });
  }

  it("go on after any marker and from nothing but their own tokens", async () => {
    const after = async (StartAfter: string) =>
      (await s3.send(new ListObjectsV2Command({ Bucket: bucket.name, StartAfter, EncodingType: "url" }))).KeyCount;
    expect([await after(""), await after("zzz"), await after("b"), await after("\u{10ffff}")]).to.deep.equal([
      keys.length,
      0,
      3,
      0,
    ]);
    for (const token of ["", "x", "MWE%3D", "a".repeat(500)])
      expect(await get(`list-type=2&continuation-token=${token}`), token).to.include({
        status: 400,
        code: "InvalidArgument",
      });
  });

  it("group by delimiters of any characters", async () => {
    const grouped = async (Delimiter: string, EncodingType?: "url") => {
      const page = await s3.send(
        new ListObjectsV2Command({
          Bucket: bucket.name,
          Delimiter,
          EncodingType,
          Prefix: Delimiter === "\u0001" ? "a" : "",
        }),
      );
      return [...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix)];
    };
    expect(await grouped("%")).to.deep.equal(["a%"]);
    expect(await grouped("%", "url")).to.deep.equal(["a%25"]);
    expect(await grouped("ä")).to.deep.equal(["aä"]);
    expect(await grouped("//")).to.deep.equal(["b//"]);
    expect(await grouped("\u0001", "url")).to.deep.equal(["a%01"]);
    expect(
      (await s3.send(new ListObjectsV2Command({ Bucket: bucket.name, Delimiter: "", EncodingType: "url" }))).KeyCount,
    ).to.equal(keys.length);
  });

  it("write keys as they are, or percent-encoded, and know no other encoding", async () => {
    const listed = async (query: string) =>
      [...(await get(query)).body.matchAll(/<Key>([^<]*)</g)].map(([, key]) => key);
    expect(await listed("encoding-type=url&prefix=a")).to.deep.equal([
      "a",
      "a%01b",
      "a%25b",
      "a%25c",
      "axb",
      "a%C3%A4b",
      "a%C3%A4c",
    ]);
    expect(await listed("prefix=a%01")).to.deep.equal(["a&#x1;b"]);
    expect(await get("encoding-type=base64")).to.include({ status: 400, code: "InvalidArgument" });
  });

  it("of parts begin behind a marker and refuse what is none", async () => {
    const at = { Bucket: bucket.name, Key: "upload" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(at));
    for (const PartNumber of [1, 2, 3])
      await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber, Body: "x" }));
    const page = await s3.send(new ListPartsCommand({ ...at, UploadId, MaxParts: 2, PartNumberMarker: "1" }));
    expect([
      page.Parts?.map(({ PartNumber }) => PartNumber),
      page.IsTruncated,
      page.NextPartNumberMarker,
    ]).to.deep.equal([[2, 3], false, "3"]);
    for (const wrong of ["max-parts=-1", "max-parts=x", "part-number-marker=-1", "part-number-marker=x"]) {
      expect(
        await send({ method: "GET", path: `/${bucket.name}/upload?uploadId=${UploadId ?? ""}&${wrong}` }),
        wrong,
      ).to.include({ status: 400, code: "InvalidArgument" });
    }
    const { Uploads } = await s3.send(
      new ListMultipartUploadsCommand({ Bucket: bucket.name, KeyMarker: "upload", UploadIdMarker: UploadId }),
    );
    expect(Uploads).to.equal(undefined);
  });

  it("of buckets take a prefix, a count from 1 to 10,000 and their own tokens", async () => {
    const names = [1, 2, 3].map((n) => `${bucket.name}-${n}`);
    for (const Bucket of names) await s3.send(new CreateBucketCommand({ Bucket }));
    const seen: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page: ListBucketsCommandOutput = await s3.send(
        new ListBucketsCommand({ Prefix: `${bucket.name}-`, MaxBuckets: 2, ContinuationToken }),
      );
      expect(page.Prefix).to.equal(`${bucket.name}-`);
      seen.push(...(page.Buckets ?? []).map(({ Name }) => Name));
      ({ ContinuationToken } = page);
    } while (ContinuationToken !== undefined);
    expect(seen).to.deep.equal(names);
    for (const Bucket of names) await s3.send(new DeleteBucketCommand({ Bucket }));
    for (const wrong of ["max-buckets=0", "max-buckets=10001", "max-buckets=x", "continuation-token=x"]) {
      expect(await send({ method: "GET", path: `/?${wrong}` }), wrong).to.include({
        status: 400,
        code: "InvalidArgument",
      });
    }
  });
});

describe("names", () => {
  const bucket = useBucket();

  it("of buckets that S3 keeps for itself are refused", async () => {
    for (const Bucket of [
      "xn--bucket",
      "sthree-bucket",
      "amzn-s3-demo-bucket",
      "bucket-s3alias",
      "bucket--ol-s3",
      "bucket.mrap",
    ]) {
      expect(await refusal(s3.send(new CreateBucketCommand({ Bucket }))), Bucket).to.include({
        code: "InvalidBucketName",
        status: 400,
      });
    }
  });

  it("of objects have 1,024 bytes of UTF-8", async () => {
    const Key = "鍵".repeat(341) + "k";
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: "x" }));
    await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key }));
    expect(await refusal(s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: `${Key}k`, Body: "x" })))).to.include(
      { code: "KeyTooLongError", status: 400 },
    );
    expect(
      await refusal(
        s3.send(
          new CopyObjectCommand({
            Bucket: bucket.name,
            Key: `${Key}k`,
            CopySource: `${bucket.name}/${encodeURIComponent(Key)}`,
          }),
        ),
      ),
    ).to.include({ code: "KeyTooLongError" });
  });

  it("of parts are whole: half of one makes no object", async () => {
    for (const query of ["partNumber=1", "uploadId=x"]) {
      expect(await send({ method: "PUT", path: `/${bucket.name}/half?${query}`, body: "x" }), query).to.include({
        status: 400,
        code: "InvalidArgument",
      });
      expect(
        await send({
          method: "PUT",
          path: `/${bucket.name}/half?${query}`,
          headers: { "x-amz-copy-source": `${bucket.name}/half` },
        }),
      ).to.include({ status: 400, code: "InvalidArgument" });
    }
    expect((await send({ method: "HEAD", path: `/${bucket.name}/half` })).status).to.equal(404);
  });

  it("of versions are checked before they are looked for", async () => {
    const get = (query: string) => send({ method: "GET", path: `/${bucket.name}/key?${query}` });
    expect(await get("versionId=")).to.include({ status: 400, code: "InvalidArgument" });
    expect(await get("versionId=nonsense")).to.include({ status: 400, code: "InvalidArgument" });
    expect(await get("versionId=null")).to.include({ status: 404, code: "NoSuchVersion" });
  });
});

describe("headers of objects", () => {
  const bucket = useBucket();
  const put = (headers: Record<string, string>, key = "headers") =>
    send({ method: "PUT", path: `/${bucket.name}/${key}`, body: "x", headers });
  const head = (key = "headers") => send({ method: "HEAD", path: `/${bucket.name}/${key}` });

  it("come back as they were sent, Expires too", async () => {
    for (const expires of ["Thu, 01 Dec 2033 16:00:00 GMT", "0", "tomorrow"]) {
      expect((await put({ expires, "x-amz-website-redirect-location": "https://example.com/a%20b" })).status).to.equal(
        200,
      );
      expect((await head()).headers).to.include({
        expires,
        "x-amz-website-redirect-location": "https://example.com/a%20b",
      });
    }
    expect(await put({ "x-amz-website-redirect-location": "ftp://example.com/" })).to.include({
      status: 400,
      code: "InvalidRequest",
    });
  });

  it("of metadata have 2 KiB together and any characters", async () => {
    expect((await put({ "x-amz-meta-a": "v".repeat(2047) })).status).to.equal(200);
    expect(await put({ "x-amz-meta-a": "v".repeat(2048) })).to.include({ status: 400, code: "MetadataTooLarge" });
    expect((await put({ "x-amz-meta-ascii": "a  b", "x-amz-meta-utf8": "grün" })).status).to.equal(200);
    expect((await head()).headers).to.include({
      "x-amz-meta-ascii": "a  b",
      "x-amz-meta-utf8": "=?UTF-8?B?Z3LDvG4=?=",
    });
  });

  it("name a storage class of S3's, which is shown unless it is STANDARD", async () => {
    expect((await put({ "x-amz-storage-class": "STANDARD_IA" })).status).to.equal(200);
    expect((await head()).headers["x-amz-storage-class"]).to.equal("STANDARD_IA");
    expect((await put({ "x-amz-storage-class": "STANDARD" })).status).to.equal(200);
    expect((await head()).headers["x-amz-storage-class"]).to.equal(undefined);
    expect(await put({ "x-amz-storage-class": "CHEAP" })).to.include({ status: 400, code: "InvalidStorageClass" });
  });

  it("that say how a body travelled are not kept, the codings of the object are, as they were sent", async () => {
    for (const coding of ["gzip, br", "gzip"]) {
      expect((await put({ "content-encoding": coding })).status).to.equal(200);
      expect((await head()).headers["content-encoding"]).to.equal(coding);
    }
    const chunked = (coding: string) =>
      send({
        method: "PUT",
        path: `/${bucket.name}/headers`,
        body: "1\r\nx\r\n0\r\n\r\n",
        headers: {
          "content-encoding": coding,
          "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
          "x-amz-decoded-content-length": "1",
        },
      });
    expect((await put({ "content-encoding": "aws-chunked,gzip" })).status, "a body that is not framed").to.equal(200);
    expect((await head()).headers).to.include({ "content-encoding": "gzip", "content-length": "1" });
    for (const [sent, kept] of [
      ["aws-chunked", undefined],
      ["aws-chunked, gzip", "gzip"],
      ["gzip,aws-chunked", "gzip"],
      ["gzip, aws-chunked, br", "gzip, br"],
    ] as const) {
      expect((await chunked(sent)).status).to.equal(200);
      expect((await head()).headers["content-encoding"], sent).to.equal(kept);
    }
  });

  it("about who pays, and conditions that are no dates, are passed over", async () => {
    expect((await put({ "x-amz-request-payer": "requester" })).status).to.equal(200);
    for (const [name, value] of [
      ["if-modified-since", "yesterday"],
      ["if-unmodified-since", "1"],
    ] as const) {
      expect(
        (await send({ method: "GET", path: `/${bucket.name}/headers`, headers: { [name]: value } })).status,
      ).to.equal(200);
    }
  });

  it("with a wrong date of signing are refused with AccessDenied", async () => {
    for (const date of ["yesterday", "20261399T000000Z"]) {
      const answer = await send({
        method: "GET",
        path: `/${bucket.name}/headers`,
        tamper: (sent) => {
          sent["X-Amz-Date"] = date;
        },
      });
      expect(answer).to.include({ status: 403, code: "AccessDenied" });
    }
  });

  it("may be overridden by who signs, and by nobody else", async () => {
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket.name }));
    await s3.send(
      new PutBucketPolicyCommand({
        Bucket: bucket.name,
        Policy: JSON.stringify({
          Version: "2012-10-17",
          Statement: [
            { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${bucket.name}/*` },
          ],
        }),
      }),
    );
    const get = (sign: boolean | "query", query: string) =>
      send({
        method: "GET",
        path: `/${bucket.name}/headers${query}`,
        sign,
        tamper: (sent) => {
          if (sign === false) delete sent["x-amz-content-sha256"];
        },
      });
    expect((await get(false, "")).status).to.equal(200);
    expect(await get(false, "?response-content-type=text%2Fhtml")).to.include({ status: 400, code: "InvalidRequest" });
    expect((await get("query", "?response-content-type=text%2Fhtml")).headers["content-type"]).to.equal("text/html");
    const named = (name: string) =>
      get("query", `?response-content-disposition=${encodeURIComponent(`attachment; filename${name}`)}`);
    expect(await named('="日本.txt"')).to.include({ status: 400, code: "InvalidArgument" });
    expect((await named("*=UTF-8''%E6%97%A5%E6%9C%AC.txt")).headers["content-disposition"]).to.equal(
      "attachment; filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt",
    );
  });
});
