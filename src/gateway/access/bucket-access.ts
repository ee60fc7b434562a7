import type { Catalog } from "../../catalog/catalog.js";
import { privateAcl, type Acl } from "../../model/acl.js";
import type { Bucket } from "../../model/bucket.js";
import type { Policy } from "../../model/policy.js";
import { NOTHING_BLOCKED, type ObjectOwnership, type PublicAccessBlock } from "../../model/public-access.js";

/** A bucket's settings that decide who may use it. `policy` and `ownership` are undefined if they were never set. */
export interface BucketAccess {
  readonly policy: Policy | undefined;
  readonly ownership: ObjectOwnership | undefined;
  readonly block: PublicAccessBlock;
  readonly acl: Acl;
  readonly requesterPays: boolean;
  /** Whether ACLs are enabled. */
  readonly acls: boolean;
}

/** Reads all access settings of a bucket at once. */
export async function bucketAccess(catalog: Catalog, bucket: Pick<Bucket, "name" | "owner">): Promise<BucketAccess> {
  const documents = await catalog.documents.all(bucket.name);
  const ownership = documents?.get("ownershipControls");
  return {
    policy: documents?.get("policy")?.policy,
    ownership,
    block: documents?.get("publicAccessBlock") ?? NOTHING_BLOCKED,
    acl: documents?.get("acl") ?? privateAcl(bucket.owner),
    requesterPays: documents?.get("requestPayment") === "Requester",
    acls: ownership !== "BucketOwnerEnforced",
  };
}
