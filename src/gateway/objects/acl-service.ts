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

/** Reads and sets the ACLs of buckets and objects. The authorizer applies them. */
export class AclService implements Acls {
  constructor(private readonly components: AclComponents) {}

  async getBucket({ bucket }: BucketCall): Promise<NamedAcl> {
    const { acl, acls } = await bucketAccess(this.components.catalog, bucket);
    return this.withNames(acls ? acl : privateAcl(bucket.owner));
  }

  async setBucket({ bucket }: BucketCall, request: AclRequest): Promise<void> {
    const acl = await this.requestedAcl(bucket, bucket.owner, request);
    await this.components.catalog.documents.put(bucket.name, "acl", acl);
  }

  async getObject({ bucket }: BucketCall, name: ObjectKey): Promise<NamedAcl> {
    const { acls } = await bucketAccess(this.components.catalog, bucket);
    const { acl } = await readableVersion(this.components.catalog, bucket.name, name);
    return this.withNames(acls && acl ? acl : privateAcl(bucket.owner));
  }

  async setObject({ bucket }: BucketCall, name: ObjectKey, request: AclRequest): Promise<void> {
    const version = await readableVersion(this.components.catalog, bucket.name, name);
    const acl = await this.requestedAcl(bucket, version.acl?.owner ?? bucket.owner, request);
    const plain = acl.owner === bucket.owner && "canned" in request && request.canned === "private";
    const set = await this.components.catalog.objects.setAcl(version.id, plain ? undefined : acl);
    if (!set) throw new S3Error("NoSuchKey", { resource: name.key, fields: { Key: name.key } });
  }

  /** The ACL that a request asks for. AccessControlListNotSupported, AccessDenied, InvalidArgument. */
  private async requestedAcl(bucket: Bucket, owner: string, request: AclRequest): Promise<Acl> {
    const access = await bucketAccess(this.components.catalog, bucket);
    const acl = aclOf(request, owner, bucket.owner);
    if (!access.acls) {
      // While ACLs are disabled, an ACL that changes nothing is taken. AWS still refuses the canned ACL `private`.
      const isUnchanged = acl.grants.every(
        ({ grantee, permission }) => "id" in grantee && grantee.id === owner && permission === "FULL_CONTROL",
      );
      if (isUnchanged && !("canned" in request && request.canned === "private")) return privateAcl(owner);
      throw new S3Error("AccessControlListNotSupported");
    }
    // A document cannot change the owner.
    if (!("canned" in request) && request.owner !== undefined && request.owner !== owner)
      throw new S3Error("AccessDenied");
    requireGrantees(acl, this.components.accounts, owner);
    requireUnblocked(acl, access);
    return acl;
  }

  private withNames(acl: Acl): NamedAcl {
    const ids = [acl.owner, ...acl.grants.flatMap(({ grantee }) => ("id" in grantee ? grantee.id : []))];
    return { ...acl, names: new Map(ids.map((id) => [id, this.components.accounts.owner(id)?.displayName ?? id])) };
  }
}
