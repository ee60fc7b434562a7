import type { CreateBucketOutput, CreateBucketRequest } from "@aws-sdk/client-s3";
import { S3Error } from "../../gateway/s3-error.js";
import { objectOwnerships, type ObjectOwnership } from "../../model/public-access.js";
import type { Call, NewBucket } from "../../gateway/gateway.js";
import type { OfBucket, Operation } from "../operation.js";
import type { S3Request } from "../request.js";
import { aclHeaders } from "../wire/acl.js";
import { createBucketConfiguration } from "../wire/documents.js";
import { readXml } from "../wire/xml-reader.js";
import { defined } from "../../model/defined.js";

type Input = OfBucket<CreateBucketRequest> & { readonly Settings: NewBucket };

function settings({ headers }: S3Request): NewBucket {
  const ownership = headers.get("x-amz-object-ownership");
  if (ownership !== undefined && !objectOwnerships.includes(ownership as ObjectOwnership)) {
    throw new S3Error("InvalidArgument", {
      message: "Invalid x-amz-object-ownership header",
      fields: { ArgumentName: "x-amz-object-ownership", ArgumentValue: ownership.slice(0, 100) },
    });
  }
  return defined({
    objectLock: headers.get("x-amz-bucket-object-lock-enabled")?.toLowerCase() === "true",
    ownership: ownership as ObjectOwnership | undefined,
    acl: aclHeaders(headers),
  });
}

export const createBucket: Operation<Input, CreateBucketOutput, Call> = {
  name: "CreateBucket",
  match: { method: "PUT", scope: "bucket" },
  access: { resource: "newBucket", action: "s3:CreateBucket", anonymous: false },
  document: 64 * 1024,
  parse(request) {
    const { bucket, document, region, acceptAnyRegion } = request;
    const Settings = settings(request);
    if (document.trim() === "") return { Bucket: bucket, Settings };
    const configuration = readXml(document, createBucketConfiguration);
    const { LocationConstraint: wanted, Tags } = configuration;
    const tags = Tags?.map(({ Key = "", Value = "" }) => ({ key: Key, value: Value }));
    // Without a LocationConstraint, or with an empty one, the bucket is created in this region.
    if (wanted && wanted !== region && !acceptAnyRegion) {
      throw new S3Error("InvalidLocationConstraint", {
        fields: { LocationConstraint: wanted.slice(0, 100), Region: region },
      });
    }
    return {
      Bucket: bucket,
      CreateBucketConfiguration: configuration,
      Settings: defined({ ...Settings, tags }),
    };
  },
  async run({ buckets }, { Bucket, Settings }, call) {
    const { name } = await buckets.create(call, Bucket, Settings);
    return { Location: `/${name}` };
  },
  render: ({ Location }) => ({ status: 200, headers: { Location } }),
};
