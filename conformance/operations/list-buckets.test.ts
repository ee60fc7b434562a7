import { ListBucketsCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { altClient, s3, useBucket } from "../support/target.js";

describe("ListBuckets", () => {
  const bucket = useBucket();

  it("lists the account's own buckets with their dates, by name, and the owner", async () => {
    const { Buckets = [], Owner } = await s3.send(new ListBucketsCommand({}));
    const names = Buckets.map(({ Name }) => Name ?? "");
    expect(names).to.include(bucket.name);
    expect(names).to.deep.equal([...names].sort());
    expect(Buckets[0]?.CreationDate).to.be.instanceOf(Date);
    expect(Owner?.ID).to.match(/^[0-9a-f]{64}$/);
  });

  it("shows none of another account's", async () => {
    const { Buckets = [] } = await altClient().send(new ListBucketsCommand({}));
    expect(Buckets.map(({ Name }) => Name)).to.not.include(bucket.name);
  });
});
