import { expect } from "chai";
import { S3Error } from "../../../../src/gateway/s3-error.js";
import { isSignedParameter, stringsToSign, type SignatureClaimsV2 } from "../../../../src/s3/auth/signature-v2.js";
import { operations } from "../../../../src/s3/operations/table.js";
import { unserved } from "../../../../src/s3/operations/unserved.js";
import { Headers } from "../../../../src/s3/wire/headers.js";
import { Query } from "../../../../src/s3/wire/query.js";

const claims = (place: SignatureClaimsV2["place"]): SignatureClaimsV2 => ({
  place,
  accessKeyId: "key",
  signature: "",
  date: "DATE",
  time: 0,
});

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: readonly string[];
  readonly hostBucket?: string;
  readonly place?: SignatureClaimsV2["place"];
}

function texts({ method = "GET", path = "/b/k", query = "", headers = [], hostBucket, place = "query" }: Sent) {
  try {
    const head = { method, path, query: new Query(query), headers: new Headers(headers) };
    return stringsToSign(head, claims(place), hostBucket);
  } catch (failure) {
    return failure instanceof S3Error ? failure.kind : failure;
  }
}

describe("The string that Signature Version 2 signs", () => {
  it("is AWS's own examples", () => {
    const upload = {
      method: "PUT",
      path: "/db-backup.dat.gz",
      hostBucket: "static.johnsmith.net",
      place: "header",
      headers: [
        ...["User-Agent", "curl", "x-amz-acl", "public-read", "content-type", "application/x-download"],
        ...["Content-MD5", "4gJE4saaMU4BqNR0kLY+lw==", "X-Amz-Meta-ReviewedBy", "joe@johnsmith.net"],
        ...["X-Amz-Meta-ReviewedBy", "jane@johnsmith.net", "X-Amz-Meta-FileChecksum", "0x02661779"],
      ],
    } as const;
    expect(texts(upload)).to.deep.equal([
      "PUT\n4gJE4saaMU4BqNR0kLY+lw==\napplication/x-download\nDATE\n" +
        "x-amz-acl:public-read\nx-amz-meta-filechecksum:0x02661779\nx-amz-meta-reviewedby:joe@johnsmith.net,jane@johnsmith.net\n" +
        "/static.johnsmith.net/db-backup.dat.gz",
    ]);
  });

  it("names a bucket with a slash at its end and without, in either style", () => {
    const both = (first: string, second: string) => [`GET\n\n\nDATE\n${first}`, `GET\n\n\nDATE\n${second}`];
    expect(texts({ path: "/b" })).to.deep.equal(both("/b", "/b/"));
    expect(texts({ path: "/b/" })).to.deep.equal(both("/b/", "/b"));
    expect(texts({ path: "/b", query: "acl&prefix=x" })).to.deep.equal(both("/b?acl", "/b/?acl"));
    expect(texts({ path: "/", hostBucket: "b" })).to.deep.equal(both("/b/", "/b"));
    expect(texts({ path: "/" })).to.deep.equal(["GET\n\n\nDATE\n/"]);
    for (const path of ["/b/k", "/b/k/", "/b//"]) expect(texts({ path })).to.deep.equal([`GET\n\n\nDATE\n${path}`]);
    expect(texts({ path: "/k", hostBucket: "b" })).to.deep.equal(["GET\n\n\nDATE\n/b/k"]);
    expect(texts({ path: "//", hostBucket: "b" })).to.deep.equal(["GET\n\n\nDATE\n/b//"]);
  });

  it("has the headers that a presigned URL holds as parameters, and of a signed header's request none from the query", () => {
    const query = "content-type=t&content-md5=m&X-Amz-Meta-B=%20two%20&x-amz-meta-a=1&versionId=v&prefix=p";
    expect(texts({ query })).to.deep.equal(["GET\nm\nt\nDATE\nx-amz-meta-a:1\nx-amz-meta-b:two\n/b/k?versionId=v"]);
    expect(texts({ query, place: "header" })).to.deep.equal(["GET\n\n\nDATE\n/b/k?versionId=v"]);
    expect(texts({ query: "x-amz-checksum-crc32=AAAAAA%3D%3D" })).to.deep.equal([
      "GET\n\n\nDATE\nx-amz-checksum-crc32:AAAAAA==\n/b/k",
    ]);
  });

  it("sorts parameters by name", () => {
    expect(texts({ query: "select-type=2&select&uploads&uploadId=1" })).to.deep.equal([
      "GET\n\n\nDATE\n/b/k?select&select-type=2&uploadId=1&uploads",
    ]);
  });

  it("is refused where another request could have the same", () => {
    for (const query of [
      "response-content-type=text/plain%26versionId%3Dv",
      "response-content-type=text/plain%26acl",
      "response-content-type=a%26acl%26b",
      "versionId=a%26versionId%3Db",
      "versionId=a&versionId=b",
      "acl&acl",
      "x-amz-acl%3Aprivate%0Ax-amz-meta-a=1",
      "x-amz-meta-a=1%0Ax-amz-meta-b:2",
      "x-amz-meta-a=1&X-AMZ-meta-a=2",
      "content-md5=m%0At",
      "content-type=t&Content-Type=u",
    ])
      expect(texts({ query }), query).to.equal("InvalidArgument");
    expect(texts({ query: "versionId=a&versionId=b", place: "header" })).to.equal("InvalidArgument");
  });

  it("may have the separators where they can mean nothing else", () => {
    const query = `response-content-disposition=${encodeURIComponent('attachment; filename="a&b=c&aclx?.txt"')}`;
    expect(texts({ query })).to.deep.equal([
      'GET\n\n\nDATE\n/b/k?response-content-disposition=attachment; filename="a&b=c&aclx?.txt"',
    ]);
    expect(texts({ query: "x-amz-meta-a=b:c%26acl" })).to.deep.equal(["GET\n\n\nDATE\nx-amz-meta-a:b:c&acl\n/b/k"]);
  });

  it("has every parameter that chooses an operation", () => {
    const names = [...operations, ...unserved]
      .flatMap(({ match }) => match.query ?? [])
      .map((text) => text.split("=")[0]!);
    // Which page, which configuration of a kind, which of two listings: unsigned in Version 2.
    const narrowing = new Set(["annotationName", "id", "list-type", "x-id"]);
    expect(names.filter((name) => !isSignedParameter(name) && !narrowing.has(name))).to.deep.equal([]);
  });
});
