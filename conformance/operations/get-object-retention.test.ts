import { GetObjectRetentionCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { inAnHour, useLockableBucket } from "../support/lockable.js";
import { refusal, s3 } from "../support/target.js";

describe("GetObjectRetention", () => {
  const { bucket, put, retain } = useLockableBucket();
  const get = (VersionId?: string) =>
    s3.send(new GetObjectRetentionCommand({ Bucket: bucket.name, Key: "k", VersionId }));

  it("tells the retention of the version that is named", async () => {
    const [first] = [await put("k"), await put("k")];
    const RetainUntilDate = inAnHour();
    await retain("k", RetainUntilDate, false, first);
    expect((await get(first)).Retention).to.deep.equal({ Mode: "GOVERNANCE", RetainUntilDate });
    expect(await refusal(get())).to.include({ code: "NoSuchObjectLockConfiguration", status: 404 });
  });
});
