import { HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { refusal, s3, useBucket } from "../support/target.js";

describe("HeadObject", () => {
  const bucket = useBucket();
  before(() =>
    s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "object", Body: "0123456789", Metadata: { a: "b" } })),
  );

  it("answers size, ETag, type, date and metadata", async () => {
    const head = await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "object" }));
    expect(head).to.include({ ContentLength: 10, ETag: '"781e5e245d69b566979b86e28d23f2c7"', AcceptRanges: "bytes" });
    expect(head.Metadata).to.deep.equal({ a: "b" });
    expect(Math.abs(Date.now() - (head.LastModified?.getTime() ?? 0))).to.be.lessThan(600_000);
  });

  it("answers a range with its length", async () => {
    const head = await s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "object", Range: "bytes=2-5" }));
    expect(head.$metadata.httpStatusCode).to.equal(206);
    expect(head.ContentLength).to.equal(4);
  });

  it("answers 404, 304 and 412 without a body", async () => {
    expect((await refusal(s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "absent" })))).status).to.equal(
      404,
    );
    expect(
      (
        await refusal(
          s3.send(
            new HeadObjectCommand({
              Bucket: bucket.name,
              Key: "object",
              IfNoneMatch: '"781e5e245d69b566979b86e28d23f2c7"',
            }),
          ),
        )
      ).status,
    ).to.equal(304);
    expect(
      (await refusal(s3.send(new HeadObjectCommand({ Bucket: bucket.name, Key: "object", IfMatch: '"other"' }))))
        .status,
    ).to.equal(412);
  });
});
