import { PutBucketAccelerateConfigurationCommand } from "@aws-sdk/client-s3";
import { s3, useBucket } from "../support/target.js";

describe("PutBucketAccelerateConfiguration", () => {
  const bucket = useBucket();

  it("takes acceleration that is suspended", async () => {
    await s3.send(
      new PutBucketAccelerateConfigurationCommand({
        Bucket: bucket.name,
        AccelerateConfiguration: { Status: "Suspended" },
      }),
    );
  });
});
