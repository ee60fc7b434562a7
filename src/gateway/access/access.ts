import type { Catalog } from "../../catalog/catalog.js";
import { aclAllows, type Acl, type Requester } from "../../model/acl.js";
import type { Account } from "../../model/account.js";
import type { Bucket } from "../../model/bucket.js";
import { S3Error } from "../s3-error.js";
import type { ObjectVersion } from "../../model/object.js";
import type { Principal } from "../../model/policy.js";
import { isObjectAction } from "../../model/policy-actions.js";
import { askPolicy, isPublicPolicy } from "../../model/policy-decision.js";
import { actionOf, bucketPermissions, objectPermissions, policyActions } from "./actions.js";
import { bucketAccess, type BucketAccess } from "./bucket-access.js";
import type { Call, CallAccess } from "../gateway.js";
import { withinLimits } from "./key-limits.js";

/** What is asked for, where it is not what the request addresses: the source of a copy, one of many objects. */
export interface Target {
  /** Undefined: no permission beyond knowing that the bucket is there. */
  readonly action: string | undefined;
  readonly key: string;
  readonly versionId?: string | undefined;
}

/**
 * The bucket, if the caller may do with it what the call is about: the one place where that is decided. The access
 * key's limits come first; then an explicit Deny of the policy; then the bucket's owner may do all, and others what
 * policy or ACL allows. NoSuchBucket comes before AccessDenied, as in S3. A call without `access` is its account's own.
 */
export async function permittedBucket(catalog: Catalog, call: Call, name: string, target?: Target): Promise<Bucket> {
  const bucket = await catalog.buckets.get(name);
  if (!bucket) throw new S3Error("NoSuchBucket", { resource: name, fields: { BucketName: name } });
  const { access } = call;
  if (!access) {
    if (bucket.owner !== call.account.id) throw new S3Error("AccessDenied", { resource: name });
    return bucket;
  }
  const expected = target && name !== access.bucket ? access.expectedSourceOwner : access.expectedOwner;
  if (expected !== undefined && expected !== bucket.owner) throw new S3Error("AccessDenied", { resource: name });
  await new Decision(catalog, call, access, bucket, target ?? addressed(access)).require(target ? [] : access.also);
  return bucket;
}

/** DeleteObjects asks for each of its objects by itself. */
function addressed({ operation, key, versionId }: CallAccess): Target {
  return { action: operation === "DeleteObjects" ? undefined : actionOf(operation, versionId), key, versionId };
}

/** Whose territory is charged for what is written to a bucket: its owner's, whoever writes. */
export function payerOf(accounts: Accounts, call: Call, bucket: Bucket): Account {
  const payer = bucket.owner === call.account.id ? call.account : accounts.owner(bucket.owner);
  if (payer) return payer;
  throw new S3Error("AccessDenied", {
    message: "The bucket's owner has no account on this gateway any more, so nobody would pay for the object.",
  });
}

/** The accounts this gateway knows. */
export interface Accounts {
  /** By Account.id. */
  owner(id: string): Account | undefined;
  readonly all: readonly Account[];
}

class Decision {
  private readonly principal: Principal;
  private readonly asker: Requester;

  constructor(
    private readonly catalog: Catalog,
    private readonly call: Call,
    private readonly access: CallAccess,
    private readonly bucket: Bucket,
    private readonly target: Target,
  ) {
    const { id, displayName } = call.account;
    const { accessKeyId } = access;
    this.principal = access.anonymous ? {} : { id, displayName, ...(accessKeyId === undefined ? {} : { accessKeyId }) };
    this.asker = access.anonymous ? {} : { id };
  }

  /** AccessDenied unless the action, and all that come with it, are allowed. */
  async require(also: readonly string[]): Promise<void> {
    const { access, bucket, target } = this;
    const { action, key } = target;
    const prefix = access.conditions("s3:prefix")?.[0] ?? "";
    for (const each of [action, ...also]) {
      const asked = { operation: access.operation, action: each, bucket: bucket.name, key, prefix };
      if (access.limits && !withinLimits(access.limits, asked))
        throw this.denied("The access key's limits do not permit this.");
    }
    if (action === undefined) return;
    const settings = await bucketAccess(this.catalog, bucket);
    // As on AWS: who is nobody cannot pay.
    if (settings.requesterPays && !this.isOwner && (access.anonymous || !access.pays))
      throw this.denied("The requester pays in this bucket: sign the request and send x-amz-request-payer: requester.");
    const version = await this.version(action, settings);
    for (const each of [action, ...also]) if (!this.allows(each, settings, version)) throw this.denied();
    const reads = objectPermissions.get(action as never) === "READ";
    // Who may not list is not told which keys there are.
    if (
      reads &&
      !this.isOwner &&
      (!version || version.deleteMarker) &&
      !this.allows("s3:ListBucket", settings, undefined)
    )
      throw this.denied();
  }

  private get isOwner(): boolean {
    return this.asker.id === this.bucket.owner;
  }

  private denied(message?: string): S3Error {
    return new S3Error("AccessDenied", message === undefined ? {} : { message });
  }

  /** The object, where the decision depends on it. */
  private async version(action: string, { acls, policy }: BucketAccess): Promise<ObjectVersion | undefined> {
    if (!isObjectAction(action)) return undefined;
    const tags = policy?.statements.some(
      ({ conditions, resources }) =>
        conditions.some(({ key }) => key.startsWith("s3:existingobjecttag/")) ||
        resources.patterns.some((pattern) => /existingobjecttag/i.test(pattern)),
    );
    const byAcl = objectPermissions.has(action as never) && (acls || !this.isOwner);
    if (tags !== true && !byAcl) return undefined;
    return this.catalog.objects.get(this.bucket.name, this.target.key, this.target.versionId);
  }

  private allows(action: string, settings: BucketAccess, version: ObjectVersion | undefined): boolean {
    const { policy, block } = settings;
    if (policyActions.includes(action)) return this.isOwner;
    const resource = isObjectAction(action) ? `${this.bucket.name}/${this.target.key}` : this.bucket.name;
    const answer = policy
      ? askPolicy(policy, { principal: this.principal, action, resource, context: this.context(version) })
      : "silent";
    if (answer === "deny") return false;
    const permission = objectPermissions.get(action as never);
    // An object of another account's is that account's to give: the bucket's policy and owner have no say in it.
    const foreign =
      settings.acls &&
      permission !== undefined &&
      version?.acl !== undefined &&
      version.acl.owner !== this.bucket.owner;
    if (!foreign) {
      if (this.isOwner) return true;
      const restricted = policy !== undefined && block.restrictPublicBuckets && isPublicPolicy(policy);
      if (answer === "allow" && !restricted) return true;
    }
    return settings.acls && this.aclAllows(action, settings, version);
  }

  private aclAllows(action: string, { acl, block }: BucketAccess, version: ObjectVersion | undefined): boolean {
    const onObject = objectPermissions.get(action as never);
    const object: Acl | undefined = version && !version.deleteMarker ? version.acl : undefined;
    // An account's own objects are open to it, whatever their ACLs grant.
    if (
      onObject &&
      object &&
      (object.owner === this.asker.id || aclAllows(object, this.asker, onObject, block.ignorePublicAcls))
    )
      return true;
    // Who writes an object by a grant on the bucket owns it, and so sets its ACL along with it.
    const asked =
      action === "s3:PutObjectAcl" && actionOf(this.access.operation, undefined) === "s3:PutObject"
        ? "s3:PutObject"
        : action;
    const onBucket = bucketPermissions.get(asked as never);
    return onBucket !== undefined && aclAllows(acl, this.asker, onBucket, block.ignorePublicAcls);
  }

  private context(version: ObjectVersion | undefined): (key: string) => readonly string[] | undefined {
    const { id, displayName } = this.call.account;
    const own: Readonly<Record<string, string>> = this.access.anonymous
      ? { "aws:principaltype": "Anonymous" }
      : {
          "aws:username": displayName,
          "aws:userid": id,
          "aws:principaltype": "User",
          "aws:principalaccount": id,
          "aws:principalarn": `arn:aws:iam::${id}:user/${displayName}`,
        };
    const tags = "s3:existingobjecttag/";
    return (key) => {
      if (key === "s3:resourceaccount") return [this.bucket.owner];
      if (key.startsWith(tags))
        return version?.tags?.filter((tag) => tag.key === key.slice(tags.length)).map((tag) => tag.value);
      const found = Object.hasOwn(own, key) ? own[key] : undefined;
      return found === undefined ? this.access.conditions(key) : [found];
    };
  }
}
