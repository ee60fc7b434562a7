import { expect } from "chai";
import { S3Error } from "../../../../src/gateway/s3-error.js";
import { Headers } from "../../../../src/s3/wire/headers.js";
import { Query } from "../../../../src/s3/wire/query.js";
import { withQueryHeaders, type SignatureVersion } from "../../../../src/s3/wire/query-headers.js";

function headersOf(version: SignatureVersion, query: string, own: readonly string[] = []): Record<string, string> {
  const head = { method: "PUT", path: "/b/k", query: new Query(query), headers: new Headers(own) };
  return Object.fromEntries(withQueryHeaders(head, version).headers.withPrefix(""));
}

const refusal = (version: SignatureVersion, query: string) => {
  try {
    headersOf(version, query);
  } catch (failure) {
    return failure instanceof S3Error ? failure.kind : failure;
  }
  return undefined;
};

describe("Headers in the query of a presigned URL", () => {
  it("are its x-amz-* parameters but for the signature's own", () => {
    const query =
      "X-Amz-Acl=private&x-amz-meta-a=%C3%BC&X-Amz-Date=d&X-Amz-Credential=c&x-amz-content-sha256=s&prefix=p&content-type=t";
    expect(headersOf(4, query)).to.deep.equal({ "x-amz-acl": "private", "x-amz-meta-a": "ü" });
  });

  it("are Content-MD5 and Content-Type, too, where Version 2 signed them", () => {
    expect(headersOf(2, "content-md5=m&Content-Type=t&x-amz-meta-a=1&Expires=1&prefix=p")).to.deep.equal({
      "content-md5": "m",
      "content-type": "t",
      "x-amz-meta-a": "1",
    });
  });

  it("do not replace a header that the request has itself", () => {
    expect(headersOf(4, "x-amz-acl=private", ["X-Amz-Acl", "public-read"])).to.deep.equal({
      "x-amz-acl": "public-read",
    });
    expect(headersOf(2, "content-type=a", ["Content-Type", "b"])).to.deep.equal({ "content-type": "b" });
  });

  it("leave out the JavaScript SDK's checksum of no bytes", () => {
    expect(headersOf(4, "x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32")).to.deep.equal({});
    expect(headersOf(4, "x-amz-checksum-crc32=oCt0sA%3D%3D")).to.deep.equal({ "x-amz-checksum-crc32": "oCt0sA==" });
  });

  it("are refused when there are two of one name or they cannot be headers", () => {
    for (const version of [2, 4] as const)
      for (const query of [
        "x-amz-acl=private&x-amz-acl=public-read",
        "x-amz-grant-read=id%3Da&X-Amz-Grant-Read=id%3Db",
        "x-amz-meta-a%0Ax-amz-acl=1",
        "x-amz-meta-a=1%0D%0Ab",
        "x-amz-meta-a%3Ab=1",
        "x-amz-meta-%C3%A9=1",
        "x-amz-meta-a%20b=1",
      ])
        expect(refusal(version, query), query).to.equal("InvalidArgument");
    expect(refusal(2, "content-type=a%0Ab")).to.equal("InvalidArgument");
    expect(refusal(2, "content-type=a&Content-Type=b")).to.equal("InvalidArgument");
    expect(refusal(4, "content-type=a&Content-Type=b&prefix=a&prefix=b")).to.equal(undefined);
  });
});
