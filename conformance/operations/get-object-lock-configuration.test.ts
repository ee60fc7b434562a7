import { GetObjectLockConfigurationCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { useLockableBucket } from "../support/lockable.js";
import { refusal, s3, useBucket } from "../support/target.js";

describe("GetObjectLockConfiguration", () => {
  const { bucket } = useLockableBucket();
  const plain = useBucket();
  const get = (Bucket: string) => s3.send(new GetObjectLockConfigurationCommand({ Bucket }));

  it("tells that a bucket was created with object lock, and that another was not", async () => {
    expect((await get(bucket.name)).ObjectLockConfiguration).to.deep.equal({ ObjectLockEnabled: "Enabled" });
    expect(await refusal(get(plain.name))).to.include({ code: "ObjectLockConfigurationNotFoundError", status: 404 });
  });
});
