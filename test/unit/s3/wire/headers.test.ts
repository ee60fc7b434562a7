import { expect } from "chai";
import { S3Error } from "../../../../src/gateway/s3-error.js";
import { Headers } from "../../../../src/s3/wire/headers.js";
import { metadataHeaders } from "../../../../src/s3/wire/metadata-headers.js";

const refused = (name: string, value: string) => {
  try {
    new Headers([]).with([[name, value]]);
  } catch (failure) {
    return failure instanceof S3Error ? failure.kind : failure;
  }
  return undefined;
};

describe("Headers", () => {
  it("refuse an added name that is no token and an added value with control characters", () => {
    for (const name of ["", "a b", "a:b", "a\r\nb", "a\nb", "é", 'a"b', "a(b)", "a/b", "a=b", "a\u0000", "a\u007f"])
      expect(refused(`x-amz-meta-${name}`, "1"), JSON.stringify(name)).to.equal(
        name === "" ? undefined : "InvalidArgument",
      );
    for (const value of ["a\r\nb", "a\nb", "\r", "a\n", "a\u0000b", "a\u0001b", "a\u001fb", "a\u007fb"])
      expect(refused("x-amz-meta-a", value), JSON.stringify(value)).to.equal("InvalidArgument");
    for (const value of ["", "a\tb", "ü", "日本", "\u0085", "a  b", `"!~`])
      expect(refused("x-amz-meta-a", value), JSON.stringify(value)).to.equal(undefined);
    expect(refused("x-amz-meta-!#$%&'*+-.^_`|~09az", "1")).to.equal(undefined);
  });

  it("keep their own when some are added, in a copy", () => {
    const own = new Headers(["Host", "h", "X-A", "1"]);
    const all = own.with([
      ["X-B", " two "],
      ["x-a", "3"],
    ]);
    expect([all.get("host"), all.get("x-b"), all.get("x-a")]).to.deep.equal(["h", "two", "1,3"]);
    expect([own.get("x-b"), own.get("x-a")]).to.deep.equal([undefined, "1"]);
  });

  it("tell which of them are there more than once", () => {
    const headers = new Headers(["Authorization", "a", "X-A", "1", "authorization", "b"]);
    expect([headers.isRepeated("authorization"), headers.isRepeated("x-a")]).to.deep.equal([true, false]);
    expect(headers.with([["x-a", "2"]]).isRepeated("x-a")).to.equal(true);
    expect(headers.with([]).isRepeated("authorization")).to.equal(true);
  });
});

describe("Metadata headers", () => {
  it("encode values that no header can hold and count names that none can have", () => {
    expect(metadataHeaders({ a: "1", "a b": "2", "c\r\nd": "3", é: "4", e: "x\r\ny" })).to.deep.equal({
      "x-amz-meta-a": "1",
      "x-amz-meta-e": "=?UTF-8?B?eA0KeQ==?=",
      "x-amz-missing-meta": "3",
    });
    expect(metadataHeaders({ a: "1" })).to.deep.equal({ "x-amz-meta-a": "1" });
    expect(metadataHeaders(undefined)).to.deep.equal({});
  });
});
