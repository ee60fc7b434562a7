import type { Catalog } from "../../catalog/catalog.js";
import type { Bucket } from "../../model/bucket.js";
import { S3Error } from "../s3-error.js";
import { isPublicAcl, type Acl } from "../../model/acl.js";
import type { DocumentSet } from "../../model/bucket-documents.js";
import { ALL_BLOCKED, type ObjectOwnership } from "../../model/public-access.js";
import { requireTags, TAG_LIMITS } from "../../model/tag.js";
import type { Accounts } from "../access/accounts.js";
import { bucketAccess } from "../access/bucket-access.js";
import { requireBucketTags } from "../limits.js";
import { requireBucketName } from "./bucket-name.js";
import type { BucketCall, Call } from "../call.js";
import type { Buckets, NewBucket } from "./buckets.js";
import { withinBuckets } from "../access/key-limits.js";
import { aclOf, requireGrantees } from "../access/object-acl.js";
import type { Staging } from "../ingest/staging.js";

/** The settings of a new bucket whose request names no others; the same as on AWS. */
export const NEW_BUCKETS = {
  objectOwnership: "BucketOwnerEnforced" as ObjectOwnership,
  /** Whether all four settings of the public access block are set. */
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
    requireTags(request.tags ?? [], TAG_LIMITS.bucket);
    requireBucketTags(request.tags ?? []);
    const documents: DocumentSet = {
      ...this.accessDocuments(call, request),
      ...(request.tags && request.tags.length > 0 ? { tagging: request.tags } : {}),
      // A bucket with object lock has versioning from the start.
      ...(request.objectLock === true ? { versioning: "Enabled", "object-lock": {} } : {}),
    };
    const fresh = { name, owner: call.account.id, region: this.settings.region };
    const { created, bucket } = await this.components.catalog.buckets.create(fresh, documents);
    if (!created) await this.recreate(call, bucket, documents.acl);
    return bucket;
  }

  /**
   * Creating a bucket that the requester owns already. In us-east-1 that succeeds and sets the bucket's ACL again, as on
   * AWS; rclone relies on it.
   */
  private async recreate({ account }: Call, { name, owner, region }: Bucket, acl: Acl | undefined): Promise<void> {
    const own = owner === account.id;
    if (!own || region !== "us-east-1")
      throw new S3Error(own ? "BucketAlreadyOwnedByYou" : "BucketAlreadyExists", {
        resource: name,
        fields: { BucketName: name },
      });
    const { documents } = this.components.catalog;
    if (acl === undefined) await documents.delete(name, "acl");
    else if ((await bucketAccess(this.components.catalog, { name, owner })).acls) await documents.put(name, "acl", acl);
    else throw new S3Error("InvalidBucketAclWithObjectOwnership");
  }

  async list(call: Call): Promise<readonly Bucket[]> {
    const limits = call.access?.limits ?? {};
    return (await this.components.catalog.buckets.list(call.account.id)).filter(({ name }) =>
      withinBuckets(limits, name),
    );
  }

  /** The documents that decide who may use the new bucket. They are created with it, so that it is never open. */
  private accessDocuments({ account }: Call, { ownership, acl: request }: NewBucket): DocumentSet {
    const { objectOwnership, blockPublicAccess } = this.settings;
    const ownershipControls = ownership ?? objectOwnership;
    const documents: DocumentSet = {
      ownershipControls,
      ...(blockPublicAccess ? { publicAccessBlock: ALL_BLOCKED } : {}),
    };
    if (!request || ("canned" in request && request.canned === "private")) return documents;
    if (ownershipControls === "BucketOwnerEnforced") throw new S3Error("InvalidBucketAclWithObjectOwnership");
    const acl = aclOf(request, account.id, account.id);
    requireGrantees(acl, this.components.accounts, account.id);
    if (blockPublicAccess && isPublicAcl(acl))
      throw new S3Error("AccessDenied", { message: "Public ACLs are blocked for new buckets." });
    return { ...documents, acl };
  }

  async delete({ bucket }: BucketCall): Promise<void> {
    const { catalog, staging } = this.components;
    await staging.commit([], () => catalog.buckets.delete(bucket.name));
  }
}
