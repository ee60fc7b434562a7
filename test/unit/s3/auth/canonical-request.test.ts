import aws4 from "aws4";
import { expect } from "chai";
import fc from "fast-check";
import { computeSignature } from "../../../../src/s3/auth/signature.js";
import { parseClaims } from "../../../../src/s3/auth/signature-claims.js";
import type { RequestHead } from "../../../../src/s3/request.js";
import { Headers } from "../../../../src/s3/wire/headers.js";
import { encodeKey, encodePercent } from "../../../../src/s3/wire/percent.js";
import { Query } from "../../../../src/s3/wire/query.js";

const SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const HOST = "examplebucket.s3.amazonaws.com";

function headOf(method: string, target: string, headers: Readonly<Record<string, string>>): RequestHead {
  const [path = "", query = ""] = target.split("?", 2);
  return { method, path, query: new Query(query), headers: new Headers(Object.entries(headers).flat()) };
}

/** The signature that a request with signed headers should have. */
function signature(method: string, target: string, headers: Readonly<Record<string, string>>): string {
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  const head = headOf(method, target, {
    ...headers,
    Authorization: `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=${names.join(";")}, Signature=${"0".repeat(64)}`,
  });
  const payload = head.headers.get("x-amz-content-sha256") ?? "";
  return computeSignature(head, parseClaims(head, "header", "s3"), SECRET, payload).signature;
}

describe("What Signature V4 is over", () => {
  const common = { Host: HOST, "x-amz-content-sha256": EMPTY, "x-amz-date": "20130524T000000Z" };

  it("is as in the examples of the S3 documentation", () => {
    expect(signature("GET", "/test.txt", { ...common, Range: "bytes=0-9" })).to.equal(
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
    const put = {
      Date: "Fri, 24 May 2013 00:00:00 GMT",
      ...common,
      "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
    };
    expect(signature("PUT", "/test%24file.text", put)).to.equal(
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    );
    expect(signature("GET", "/?lifecycle", common)).to.equal(
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    );
    expect(signature("GET", "/?max-keys=2&prefix=J", common)).to.equal(
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    );
  });

  it("is as in the documentation's example of a presigned URL", () => {
    const head = headOf(
      "GET",
      "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
      { Host: HOST },
    );
    const claims = parseClaims(head, "query", "s3");
    expect(computeSignature(head, claims, SECRET, "UNSIGNED-PAYLOAD").signature).to.equal(claims.signature);
  });

  it("has a path and its escapes in one form, whichever the client sent", () => {
    const of = (target: string) => signature("GET", target, common);
    expect(of("/a%2Fb%7ec%21")).to.equal(of("/a/b~c!"));
    expect(of("/%C3%A9")).to.equal(of("/\u00c3\u00a9"));
    expect(of("/a+b")).to.equal(of("/a%2Bb"));
    expect(of("/a//b/../c")).not.to.equal(of("/a/c"));
    expect(of("/k?a+b=c%20d")).to.equal(of("/k?a%20b=c+d"));
    expect(of("/k?b=1&a=2")).to.equal(of("/k?a=2&b=1"));
    expect(of("/k?a=2&a=1")).to.equal(of("/k?a=1&a=2"));
    // A name ends before what is behind it: `a` comes before `a-b`, but `a-b=` before `a=`.
    expect(of("/k?a-b=1&a=2")).to.equal(of("/k?a=2&a-b=1"));
  });

  it("is as another signer makes it, for any key, parameters and header values", () =>
    fc.assert(
      fc.property(
        // The other signer takes segments of dots for folders, and leaves empty names out.
        fc.string({ minLength: 1 }).filter((key) => !key.includes("\0") && !key.split("/").includes(".")),
        fc.dictionary(fc.stringMatching(/^[a-zA-Z0-9 '()*!-]{1,8}$/), fc.string()),
        fc.stringMatching(/^[ -~]{0,12}$/),
        (key, parameters, value) => {
          const query = Object.entries(parameters).map(([n, v]) => `${encodePercent(n)}=${encodePercent(v)}`);
          const target = `/${encodeKey(key)}${query.length === 0 ? "" : `?${query.join("&")}`}`;
          const headers = { ...common, "x-amz-meta-a": value };
          const signer = new aws4.RequestSigner(
            { service: "s3", region: "us-east-1", method: "GET", path: target, headers: { ...headers } },
            { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: SECRET },
          );
          signer.sign();
          expect(signature("GET", target, headers)).to.equal(signer.signature());
        },
      ),
      { numRuns: 500 },
    ));
});
