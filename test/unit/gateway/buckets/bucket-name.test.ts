import { expect } from "chai";
import { requireBucketName } from "../../../../src/gateway/buckets/bucket-name.js";
import { S3Error } from "../../../../src/gateway/s3-error.js";

describe("Bucket names", () => {
  it("may be lower-case letters, digits, dots and hyphens, 3 to 63 of them", () => {
    for (const name of ["abc", "my-bucket", "a.b.c", "1a2", "x".repeat(63), "192.168.5.4x"]) {
      expect(() => requireBucketName(name), name).not.to.throw();
    }
  });

  it("of any other form are InvalidBucketName", () => {
    const names = [
      "",
      "ab",
      "x".repeat(64),
      "Upper",
      "under_score",
      "-abc",
      "abc-",
      ".abc",
      "abc.",
      "a..b",
      "192.168.5.4",
      "ümlaut",
      "a b",
      "xn--abc",
      "sthree-abc",
      "amzn-s3-demo-x",
      "abc-s3alias",
      "abc--ol-s3",
      "abc.mrap",
      "abc--x-s3",
      "abc--table-s3",
      "abc\n",
      "a.-b",
      "a-.b",
    ];
    for (const name of names) {
      expect(() => requireBucketName(name), name)
        .to.throw(S3Error)
        .with.property("kind", "InvalidBucketName");
    }
  });
});
