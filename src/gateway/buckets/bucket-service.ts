import type { Catalog, ConfigurationName } from "../../catalog/catalog.js";
import type { Bucket } from "../../model/bucket.js";
import { S3Error } from "../s3-error.js";
import { isPublicAcl } from "../../model/acl.js";
import { ALL_BLOCKED, type ObjectOwnership } from "../../model/public-access.js";
import { requireTags, TAG_LIMITS } from "../../model/tag.js";
import { permittedBucket, type Accounts } from "../access/access.js";
import { bucketAccess } from "../access/bucket-access.js";
import { requireBucketName } from "./bucket-name.js";
import type { Buckets, Call, NewBucket } from "../gateway.js";
import { withinBuckets, withinLimits } from "../access/key-limits.js";
import { aclOf, requireGrantees } from "../access/object-acl.js";
import type { Staging } from "../ingest/staging.js";

/** What a new bucket has where its request says nothing else: AWS's own choice. */
export const NEW_BUCKETS = {
  objectOwnership: "BucketOwnerEnforced" as ObjectOwnership,
  /** All four locks against the public are set. */
  blockPublicAccess: true,
};
export type NewBuckets = typeof NEW_BUCKETS;

export interface BucketComponents {
  readonly catalog: Catalog;
  readonly accounts: Accounts;
  readonly staging: Staging;
}

export class BucketService implements Buckets {
  constructor(
    private readonly components: BucketComponents,
    private readonly settings: { readonly region: string } & NewBuckets,
  ) {}

  async create(call: Call, name: string, request: NewBucket = {}): Promise<Bucket> {
    requireBucketName(name);
    requireCreator(call, name);
    const configurations = this.configurations(call, request);
    if (request.tags && request.tags.length > 0) {
      requireTags(request.tags, TAG_LIMITS.bucket);
      configurations.set("tagging", JSON.stringify(request.tags));
    }
    // A bucket with object lock has versioning from its first moment.
    if (request.objectLock === true) configurations.set("versioning", "Enabled").set("object-lock", "{}");
    const fresh = { name, owner: call.account.id, region: this.settings.region };
    const { created, bucket } = await this.components.catalog.buckets.create(fresh, configurations);
    if (!created) await this.again(call, bucket, configurations.get("acl"));
    return bucket;
  }

  /** One's own bucket again is success in us-east-1, which rclone relies on, and sets its ACL anew. */
  private async again({ account }: Call, { name, owner, region }: Bucket, acl: string | undefined): Promise<void> {
    const own = owner === account.id;
    if (!own || region !== "us-east-1")
      throw new S3Error(own ? "BucketAlreadyOwnedByYou" : "BucketAlreadyExists", {
        resource: name,
        fields: { BucketName: name },
      });
    const { configurations } = this.components.catalog;
    if (acl === undefined) await configurations.delete(name, "acl");
    else if ((await bucketAccess(this.components.catalog, { name, owner })).acls)
      await configurations.put(name, "acl", acl);
    else throw new S3Error("InvalidBucketAclWithObjectOwnership");
  }

  async permit(call: Call, name: string): Promise<void> {
    if (call.access?.operation === "CreateBucket") requireCreator(call, name);
    else await permittedBucket(this.components.catalog, call, name);
  }

  get(call: Call, name: string): Promise<Bucket> {
    return permittedBucket(this.components.catalog, call, name);
  }

  async list(call: Call): Promise<readonly Bucket[]> {
    const { anonymous = false, limits = {} } = call.access ?? {};
    if (anonymous) throw new S3Error("AccessDenied");
    return (await this.components.catalog.buckets.list(call.account.id)).filter(({ name }) =>
      withinBuckets(limits, name),
    );
  }

  /** Who may use the new bucket: set with it, so that it is never open for a moment. */
  private configurations({ account }: Call, { ownership, acl: request }: NewBucket): Map<ConfigurationName, string> {
    const configurations = new Map<ConfigurationName, string>();
    const effective = ownership ?? this.settings.objectOwnership;
    configurations.set("ownershipControls", effective);
    if (this.settings.blockPublicAccess) configurations.set("publicAccessBlock", JSON.stringify(ALL_BLOCKED));
    if (!request || ("canned" in request && request.canned === "private")) return configurations;
    if (effective === "BucketOwnerEnforced") throw new S3Error("InvalidBucketAclWithObjectOwnership");
    const acl = aclOf(request, account.id, account.id);
    requireGrantees(acl, this.components.accounts, account.id);
    if (this.settings.blockPublicAccess && isPublicAcl(acl))
      throw new S3Error("AccessDenied", { message: "Public ACLs are blocked for new buckets." });
    return configurations.set("acl", JSON.stringify(acl));
  }

  async delete(call: Call, name: string): Promise<void> {
    const { catalog, staging } = this.components;
    await permittedBucket(catalog, call, name);
    await staging.commit([], () => catalog.buckets.delete(name));
  }
}

/** AccessDenied for the nameless, and for keys that may not create this bucket. */
function requireCreator({ access }: Call, bucket: string): void {
  if (!access) return;
  const asked = { operation: access.operation, action: "s3:CreateBucket", bucket, key: "", prefix: "" };
  if (access.anonymous || (access.limits && !withinLimits(access.limits, asked)))
    throw new S3Error("AccessDenied", { resource: bucket });
}
