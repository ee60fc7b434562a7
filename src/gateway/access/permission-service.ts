import type { Catalog } from "../../catalog/catalog.js";
import { privateAcl, type Acl, type AclRequest } from "../../model/acl.js";
import type { Bucket } from "../../model/bucket.js";
import { S3Error } from "../s3-error.js";
import type { Policy } from "../../model/policy.js";
import { requireActions } from "../../model/policy-actions.js";
import { isNamed, isPublicPolicy } from "../../model/policy-decision.js";
import { parsePolicy } from "../../model/policy-document.js";
import type { ObjectOwnership, Payer, PublicAccessBlock } from "../../model/public-access.js";
import { permittedBucket, type Accounts } from "./access.js";
import { bucketAccess } from "./bucket-access.js";
import type { BucketCall, NamedAcl, ObjectName, Permissions } from "../gateway.js";
import { aclOf, requireGrantees, requireUnblocked } from "./object-acl.js";
import { readableVersion } from "../objects/object-read.js";

export interface PermissionComponents {
  readonly catalog: Catalog;
  readonly accounts: Accounts;
}

/** Policies, ACLs, ownership and the blocks against the public: read and set here, upheld in access.ts. */
export class PermissionService implements Permissions {
  constructor(private readonly components: PermissionComponents) {}

  async policy(call: BucketCall): Promise<string> {
    await this.bucket(call, bucket);
    return this.document(bucket, "policy", "NoSuchBucketPolicy");
  }

  async policyIsPublic(call: BucketCall): Promise<boolean> {
    return isPublicPolicy(parsePolicy(await this.policy(call, bucket), bucket));
  }

  async setPolicy(call: BucketCall, text: string): Promise<void> {
    const { block } = await bucketAccess(this.components.catalog, await this.bucket(call, bucket));
    const policy = parsePolicy(text, bucket);
    requireActions(policy);
    this.requirePrincipals(policy);
    if (block.blockPublicPolicy && isPublicPolicy(policy)) {
      throw new S3Error("AccessDenied", {
        message: "Public policies are blocked by the bucket's PublicAccessBlock configuration.",
      });
    }
    await this.components.catalog.configurations.put(bucket, "policy", text);
  }

  async deletePolicy(call: BucketCall): Promise<void> {
    await this.bucket(call, bucket);
    await this.components.catalog.configurations.delete(bucket, "policy");
  }

  async publicAccessBlock(call: BucketCall): Promise<PublicAccessBlock> {
    await this.bucket(call, bucket);
    return JSON.parse(
      await this.document(bucket, "publicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
    ) as PublicAccessBlock;
  }

  async setPublicAccessBlock(call: BucketCall, block: PublicAccessBlock): Promise<void> {
    await this.bucket(call, bucket);
    await this.components.catalog.configurations.put(bucket, "publicAccessBlock", JSON.stringify(block));
  }

  async deletePublicAccessBlock(call: BucketCall): Promise<void> {
    await this.bucket(call, bucket);
    await this.components.catalog.configurations.delete(bucket, "publicAccessBlock");
  }

  async ownership(call: BucketCall): Promise<ObjectOwnership> {
    await this.bucket(call, bucket);
    return (await this.document(bucket, "ownershipControls", "OwnershipControlsNotFoundError")) as ObjectOwnership;
  }

  async setOwnership(call: BucketCall, ownership: ObjectOwnership): Promise<void> {
    const { owner, name } = await this.bucket(call, bucket);
    const { acl } = await bucketAccess(this.components.catalog, { owner, name });
    if (
      ownership === "BucketOwnerEnforced" &&
      acl.grants.some(({ grantee }) => !("id" in grantee && grantee.id === owner))
    ) {
      throw new S3Error("InvalidBucketAclWithObjectOwnership");
    }
    await this.components.catalog.configurations.put(bucket, "ownershipControls", ownership);
  }

  async deleteOwnership(call: BucketCall): Promise<void> {
    await this.bucket(call, bucket);
    await this.components.catalog.configurations.delete(bucket, "ownershipControls");
  }

  async requestPayment(call: BucketCall): Promise<Payer> {
    await this.bucket(call, bucket);
    return ((await this.components.catalog.configurations.get(bucket, "requestPayment")) ?? "BucketOwner") as Payer;
  }

  async setRequestPayment(call: BucketCall, payer: Payer): Promise<void> {
    await this.bucket(call, bucket);
    await this.components.catalog.configurations.put(bucket, "requestPayment", payer);
  }

  async bucketAcl(call: BucketCall): Promise<NamedAcl> {
    const bucket = await this.bucket(call, name);
    const { acl, acls } = await bucketAccess(this.components.catalog, bucket);
    return this.named(acls ? acl : privateAcl(bucket.owner));
  }

  async setBucketAcl(call: BucketCall, request: AclRequest): Promise<void> {
    const bucket = await this.bucket(call, name);
    const acl = await this.wanted(bucket, bucket.owner, request);
    await this.components.catalog.configurations.put(name, "acl", JSON.stringify(acl));
  }

  async objectAcl(call: BucketCall, name: ObjectKey): Promise<NamedAcl> {
    const bucket = await this.bucket(call, name.bucket);
    const { acls } = await bucketAccess(this.components.catalog, bucket);
    const { acl } = await readableVersion(this.components.catalog, name);
    return this.named(acls && acl ? acl : privateAcl(bucket.owner));
  }

  async setObjectAcl(call: BucketCall, name: ObjectKey, request: AclRequest): Promise<void> {
    const bucket = await this.bucket(call, name.bucket);
    const version = await readableVersion(this.components.catalog, name);
    const acl = await this.wanted(bucket, version.acl?.owner ?? bucket.owner, request);
    const plain = acl.owner === bucket.owner && "canned" in request && request.canned === "private";
    const set = await this.components.catalog.objects.setAcl(version.id, plain ? undefined : acl);
    if (!set) throw new S3Error("NoSuchKey", { resource: name.key, fields: { Key: name.key } });
  }

  private bucket(call: BucketCall): Promise<Bucket> {
    return permittedBucket(this.components.catalog, call, name);
  }

  private async document(
    bucket: string,
    name: "policy" | "publicAccessBlock" | "ownershipControls",
    missing: "NoSuchBucketPolicy" | "NoSuchPublicAccessBlockConfiguration" | "OwnershipControlsNotFoundError",
  ): Promise<string> {
    const text = await this.components.catalog.configurations.get(bucket, name);
    if (text === undefined) throw new S3Error(missing, { resource: bucket, fields: { BucketName: bucket } });
    return text;
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

  /** MalformedPolicy for an account nobody has: a Deny for a mistyped one would deny nothing. */
  private requirePrincipals({ statements }: Policy): void {
    const known = (name: string) =>
      this.components.accounts.all.some(({ id, displayName }) =>
        [name, name.replace(/:user\/.*$/s, ":root")].some((form) => isNamed(form, { id, displayName })),
      );
    const stranger = statements
      .flatMap(({ principals }) => principals.names)
      .find((name) => name !== "*" && !known(name));
    if (stranger !== undefined)
      throw new S3Error("MalformedPolicy", {
        message: "Invalid principal in policy",
        fields: { Detail: stranger.slice(0, 200) },
      });
  }

  private named(acl: Acl): NamedAcl {
    const ids = [acl.owner, ...acl.grants.flatMap(({ grantee }) => ("id" in grantee ? grantee.id : []))];
    return { ...acl, names: new Map(ids.map((id) => [id, this.components.accounts.owner(id)?.displayName ?? id])) };
  }
}
