import type { Catalog } from "../catalog/catalog.js";
import type { Bucket } from "../model/bucket.js";
import { S3Error } from "../model/errors.js";
import type { Call } from "./gateway.js";

/**
 * The bucket, if the caller may use it: for now its owner may do everything and nobody else anything. Every operation
 * asks here, so that policies need one place. NoSuchBucket comes before AccessDenied, as in S3.
 */
export async function permittedBucket(catalog: Catalog, call: Call, name: string): Promise<Bucket> {
  const bucket = await catalog.buckets.get(name);
  if (!bucket) throw new S3Error("NoSuchBucket", { resource: name, fields: { BucketName: name } });
  if (bucket.owner !== call.account.id) throw new S3Error("AccessDenied", { resource: name });
  return bucket;
}
