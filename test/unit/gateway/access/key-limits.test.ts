import { expect } from "chai";
import { withinLimits, type LimitedRequest } from "../../../../src/gateway/access/key-limits.js";

const asked = (action: string, asks: Partial<LimitedRequest> = {}): LimitedRequest => ({
  resource: "object",
  action,
  bucket: "photos",
  key: "",
  prefix: "",
  ...asks,
});

describe("access keys with limits", () => {
  it("reach the buckets they name and no other", () => {
    const limits = { buckets: ["photos", "logs-*"] };
    expect(withinLimits(limits, asked("s3:PutObject", { bucket: "logs-2026", key: "a" }))).to.equal(true);
    expect(withinLimits(limits, asked("s3:GetObject", { bucket: "secrets", key: "a" }))).to.equal(false);
    expect(withinLimits(limits, asked("s3:ListBucket", { bucket: "secrets", probe: true }))).to.equal(false);
  });

  it("read or write alone", () => {
    expect(withinLimits({ permission: "read" }, asked("s3:GetObject"))).to.equal(true);
    expect(withinLimits({ permission: "read" }, asked("s3:DeleteObject"))).to.equal(false);
    expect(withinLimits({ permission: "write" }, asked("s3:PutObject"))).to.equal(true);
    expect(withinLimits({ permission: "write" }, asked("s3:ListBucket"))).to.equal(false);
    expect(withinLimits({ permission: "write" }, asked("s3:ListBucket", { probe: true }))).to.equal(true);
  });

  it("stay under their prefixes, in keys and listings, and away from the bucket's settings", () => {
    const limits = { prefixes: ["in/", "out/"] };
    expect(withinLimits(limits, asked("s3:GetObject", { key: "in/a" }))).to.equal(true);
    expect(withinLimits(limits, asked("s3:GetObject", { key: "into" }))).to.equal(false);
    expect(withinLimits(limits, asked("s3:ListBucket", { prefix: "out/x" }))).to.equal(true);
    expect(withinLimits(limits, asked("s3:ListBucket"))).to.equal(false);
    expect(withinLimits(limits, asked("s3:PutBucketPolicy"))).to.equal(false);
  });
});
