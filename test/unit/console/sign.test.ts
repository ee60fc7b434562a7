import aws4 from "aws4";
import { expect } from "chai";
import { encode, pathOf, presigned, signed, UNSIGNED_PAYLOAD } from "../../../console/src/lib/sign.js";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const target = { host: "examplebucket.s3.amazonaws.com", region: "us-east-1" };

describe("The page's signatures", () => {
  it("are those of AWS's example of a presigned URL", () => {
    const query = presigned(
      { method: "GET", path: "/test.txt", query: [] },
      target,
      { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" },
      new Date("2013-05-24T00:00:00Z"),
      86_400,
    );
    expect(query).to.include("X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
  });

  it("are those that aws4 makes, for names and parameters of every kind", () => {
    const now = new Date("2026-01-05T10:00:00Z");
    for (const key of ["plain", "a b+c", "ü/ö", "~.-_", "%41", "<&>'\"", "\u{1f600}"]) {
      const query = [
        ["prefix", key],
        ["acl", ""],
        ["Zeta", "1"],
        ["alpha", "2"],
      ] as const;
      const path = pathOf("box", key);
      const headers = { "x-amz-meta-b": "two  words", "X-Amz-Acl": "private" };
      const mine = signed({ method: "PUT", path, query, headers, payload: UNSIGNED_PAYLOAD }, target, credentials, now);
      const search = query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
      const theirs = aws4.sign(
        {
          service: "s3",
          region: "us-east-1",
          method: "PUT",
          path: `${path}?${search}`,
          headers: {
            ...headers,
            Host: target.host,
            "X-Amz-Date": "20260105T100000Z",
            "X-Amz-Content-Sha256": UNSIGNED_PAYLOAD,
          },
        },
        credentials,
      );
      expect(mine.authorization, key).to.equal((theirs.headers as Record<string, string>).Authorization);
    }
  });

  it("cover the session token", () => {
    const request = { method: "GET", path: "/", query: [], headers: {}, payload: UNSIGNED_PAYLOAD };
    const headers = signed(request, target, { ...credentials, sessionToken: "token" }, new Date());
    expect(headers["x-amz-security-token"]).to.equal("token");
    expect(headers.authorization).to.match(/SignedHeaders=[^,]*x-amz-security-token/);
  });
});
