import type { Catalog } from "../../catalog/catalog.js";
import { privateAcl, type Acl, type AclRequest } from "../../model/acl.js";
import type { Bucket } from "../../model/bucket.js";
import { S3Error } from "../s3-error.js";
import type { BucketCall } from "../call.js";
import type { ObjectKey } from "./objects.js";
import type { Accounts } from "../access/accounts.js";
import type { Acls, NamedAcl } from "./acls.js";
import { bucketAccess } from "../access/bucket-access.js";
import { aclOf, requireGrantees, requireUnblocked } from "../access/object-acl.js";
import { readableVersion } from "./object-read.js";

export interface AclComponents {
  readonly catalog: Catalog;
  readonly accounts: Accounts;
}

/** ACLs of buckets and objects are read and set here; the authorizer applies them. */
export class AclService implements Acls {
  constructor(private readonly components: AclComponents) {}

  async ofBucket({ bucket }: BucketCall): Promise<NamedAcl> {
    const { acl, acls } = await bucketAccess(this.components.catalog, bucket);
    return this.named(acls ? acl : privateAcl(bucket.owner));
  }

  async setBucket({ bucket }: BucketCall, request: AclRequest): Promise<void> {
    const acl = await this.wanted(bucket, bucket.owner, request);
    await this.components.catalog.documents.put(bucket.name, "acl", acl);
  }

  async ofObject({ bucket }: BucketCall, name: ObjectKey): Promise<NamedAcl> {
    const { acls } = await bucketAccess(this.components.catalog, bucket);
    const { acl } = await readableVersion(this.components.catalog, bucket.name, name);
    return this.named(acls && acl ? acl : privateAcl(bucket.owner));
  }

  async setObject({ bucket }: BucketCall, name: ObjectKey, request: AclRequest): Promise<void> {
    const version = await readableVersion(this.components.catalog, bucket.name, name);
    const acl = await this.wanted(bucket, version.acl?.owner ?? bucket.owner, request);
    const plain = acl.owner === bucket.owner && "canned" in request && request.canned === "private";
    const set = await this.components.catalog.objects.setAcl(version.id, plain ? undefined : acl);
    if (!set) throw new S3Error("NoSuchKey", { resource: name.key, fields: { Key: name.key } });
  }

  /** The ACL a request asks for, if it may be set: AccessControlListNotSupported, AccessDenied, InvalidArgument. */
  private async wanted(bucket: Bucket, owner: string, request: AclRequest): Promise<Acl> {
    const access = await bucketAccess(this.components.catalog, bucket);
    const acl = aclOf(request, owner, bucket.owner);
    if (!access.acls) {
      // What says nothing new is no request to change anything; AWS refuses the word `private` all the same.
      const same = acl.grants.every(
        ({ grantee, permission }) => "id" in grantee && grantee.id === owner && permission === "FULL_CONTROL",
      );
      if (same && !("canned" in request && request.canned === "private")) return privateAcl(owner);
      throw new S3Error("AccessControlListNotSupported");
    }
    // An owner cannot be changed, and a document that tries is another object's.
    if (!("canned" in request) && request.owner !== undefined && request.owner !== owner)
      throw new S3Error("AccessDenied");
    requireGrantees(acl, this.components.accounts, owner);
    requireUnblocked(acl, access);
    return acl;
  }

  private named(acl: Acl): NamedAcl {
    const ids = [acl.owner, ...acl.grants.flatMap(({ grantee }) => ("id" in grantee ? grantee.id : []))];
    return { ...acl, names: new Map(ids.map((id) => [id, this.components.accounts.owner(id)?.displayName ?? id])) };
  }
}
