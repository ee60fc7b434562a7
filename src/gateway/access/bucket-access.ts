import type { Catalog, ConfigurationName } from "../../catalog/catalog.js";
import { privateAcl, type Acl } from "../../model/acl.js";
import type { Bucket } from "../../model/bucket.js";
import type { Policy } from "../../model/policy.js";
import { parsePolicy } from "../../model/policy-document.js";
import { NOTHING_BLOCKED, type ObjectOwnership, type PublicAccessBlock } from "../../model/public-access.js";

/** What an owner has set on who may use a bucket. Each is undefined where it was never set. */
export interface BucketAccess {
  readonly policy: Policy | undefined;
  readonly ownership: ObjectOwnership | undefined;
  readonly block: PublicAccessBlock;
  readonly acl: Acl;
  readonly requesterPays: boolean;
  /** Whether ACLs count at all. */
  readonly acls: boolean;
}

type Documents = ReadonlyMap<ConfigurationName, string>;

/** What was read out of a bucket's documents. The catalog hands the same map out until one of them changes. */
const known = new WeakMap<Documents, BucketAccess>();

/** In one read. */
export async function bucketAccess(catalog: Catalog, bucket: Pick<Bucket, "name" | "owner">): Promise<BucketAccess> {
  const documents = await catalog.configurations.all(bucket.name);
  const access = known.get(documents) ?? readAccess(documents, bucket);
  known.set(documents, access);
  return access;
}

function readAccess(documents: Documents, bucket: Pick<Bucket, "name" | "owner">): BucketAccess {
  const json = (name: ConfigurationName) => {
    const text = documents.get(name);
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  };
  const policy = documents.get("policy");
  const ownership = documents.get("ownershipControls") as ObjectOwnership | undefined;
  return {
    policy: policy === undefined ? undefined : parsePolicy(policy, bucket.name),
    ownership,
    block: (json("publicAccessBlock") ?? NOTHING_BLOCKED) as PublicAccessBlock,
    acl: (json("acl") ?? privateAcl(bucket.owner)) as Acl,
    requesterPays: documents.get("requestPayment") === "Requester",
    acls: ownership !== "BucketOwnerEnforced",
  };
}
