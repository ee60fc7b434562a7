import { expect } from "chai";
import { S3Error } from "../../../../src/gateway/s3-error.js";
import { signatureMechanism } from "../../../../src/s3/auth/mechanism.js";
import { Headers } from "../../../../src/s3/wire/headers.js";
import { Query } from "../../../../src/s3/wire/query.js";

const V4 =
  "X-Amz-Algorithm=a&X-Amz-Credential=c&X-Amz-Date=d&X-Amz-Expires=1&X-Amz-SignedHeaders=host&X-Amz-Signature=s";
const V2 = "AWSAccessKeyId=k&Expires=1&Signature=s";
const AUTH_V4 = ["Authorization", "AWS4-HMAC-SHA256 Credential=c"];
const AUTH_V2 = ["Authorization", "AWS key:signature"];

function found(query: string, headers: readonly string[] = []) {
  try {
    const head = { method: "GET", path: "/", query: new Query(query), headers: new Headers(headers) };
    const mechanism = signatureMechanism(head);
    return mechanism && `${mechanism.place} ${mechanism.version}`;
  } catch (failure) {
    return failure instanceof S3Error ? failure.kind : failure;
  }
}

describe("The way a request is signed", () => {
  it("is found in the Authorization header or in the query, by version", () => {
    expect(found("", AUTH_V4)).to.equal("header 4");
    expect(found("prefix=p&Expires=1", AUTH_V2)).to.equal("header 2");
    expect(found(`prefix=p&${V4}`)).to.equal("query 4");
    expect(found(V2)).to.equal("query 2");
    expect(found("Expires=1&prefix=p&prefix=q")).to.equal(undefined);
  });

  it("must be one", () => {
    for (const headers of [AUTH_V4, AUTH_V2])
      for (const query of [
        V4,
        V2,
        "X-Amz-Algorithm=a",
        "X-Amz-Signature=s",
        "AWSAccessKeyId=k",
        "Signature=s&Expires=1",
      ])
        expect(found(query, headers), `${String(headers[1])} ${query}`).to.equal("InvalidArgument");
    expect(found(`${V4}&${V2}`)).to.equal("InvalidArgument");
    expect(found("", [...AUTH_V4, ...AUTH_V4]), "the same twice").to.equal("InvalidArgument");
    expect(found("", [...AUTH_V2, "authorization", AUTH_V4[1]!])).to.equal("InvalidArgument");
  });

  it("has each of its parameters once, whatever their case", () => {
    for (const parameter of V4.split("&")) {
      expect(found(`${V4}&${parameter}`), parameter).to.equal("InvalidArgument");
      expect(found(`${parameter.toLowerCase()}&${V4}`), parameter).to.equal("InvalidArgument");
    }
    for (const parameter of V2.split("&")) expect(found(`${V2}&${parameter}`), parameter).to.equal("InvalidArgument");
    expect(found(`${V4}&X-Amz-Content-Sha256=a&x-amz-content-sha256=b`)).to.equal("InvalidArgument");
    expect(found(`${V4}&Expires=1&Expires=2`), "no parameter of Version 4").to.equal("query 4");
  });
});
