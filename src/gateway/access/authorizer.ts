import type { Catalog } from "../../catalog/catalog.js";
import { aclAllows, type Acl, type Requester } from "../../model/acl.js";
import { isNetworkBucket, type Bucket } from "../../model/bucket.js";
import { S3Error } from "../s3-error.js";
import type { ObjectVersion, Upload } from "../../model/object.js";
import type { Account } from "../../model/account.js";
import type { Policy, Principal } from "../../model/policy.js";
import type { ConditionContext } from "../../model/policy-condition.js";
import { isObjectAction } from "../../model/policy-actions.js";
import { evaluatePolicy, isPublicPolicy } from "../../model/policy-decision.js";
import type { Access, AccessRequest, AccessTarget, Call, RequestCall, UploadCall } from "../call.js";
import { bucketPermissions, forVersion, objectPermissions, policyActions } from "./actions.js";
import { bucketAccess, type BucketAccess } from "./bucket-access.js";
import { withinLimits } from "./key-limits.js";
import { withUploadEncryption } from "./upload-access.js";
import { defined } from "../../model/defined.js";

/**
 * Decides who may do what. The access key's limits are checked first, then its identity and session policies, which must
 * all allow it, then an explicit Deny in the bucket's policy. After that the bucket's owner may do everything, and others
 * what the bucket's policy or an ACL allows. NoSuchBucket comes before
 * AccessDenied, as in S3.
 */
export class Authorizer implements Access {
  constructor(private readonly catalog: Catalog) {}

  async permit(call: RequestCall): Promise<Call | UploadCall> {
    const { access } = call;
    const { rule, key, versionId, uploadId } = access;
    // No policy and no ACL can allow this.
    if (access.anonymous && !rule.anonymous) throw new S3Error("AccessDenied");
    if (rule.resource === "service") {
      requireIdentity(call, [rule.action], "*");
      return call;
    }
    if (rule.resource === "newBucket") return this.permitCreation(call);
    const bucket = await this.bucket(access.bucket);
    requireOwner(bucket, access.expectedOwner);
    const upload = uploadId === undefined ? undefined : await this.catalog.uploads.get(bucket.name, key, uploadId);
    const target = { action: forVersion(rule.action, versionId), bucket: bucket.name, key, versionId };
    const judged = withUploadEncryption(access, upload);
    await new Decision(this.catalog, call, judged, bucket, target, upload).require();
    // What is added comes first, here and wherever each request passes: Node 20 adds to a copy some ten times slower than it
    // copies into what is there.
    return { bucket, upload, ...call };
  }

  private permitCreation(call: RequestCall): Call {
    const { limits, rule, bucket, furtherActions } = call.access;
    requireIdentity(call, [rule.action, ...furtherActions], bucket);
    if (!limits || withinLimits(limits, { ...rule, bucket, key: "", prefix: "" })) return call;
    throw new S3Error("AccessDenied", { resource: bucket, message: "The access key's limits do not permit this." });
  }

  /** The second decision of a permitted call, on a further target such as a copy's source. Resolves the target's bucket. */
  async require(call: Call, target: AccessTarget): Promise<Bucket> {
    const { access } = call;
    const bucket = await this.bucket(target.bucket);
    if (!access) {
      if (bucket.owner !== call.account.id) throw new S3Error("AccessDenied", { resource: target.bucket });
      return bucket;
    }
    requireOwner(bucket, target.source ? access.expectedSourceOwner : access.expectedOwner);
    const { action } = target;
    const alone: AccessRequest = {
      ...access,
      furtherActions: [],
      rule: { resource: "object", action, anonymous: access.rule.anonymous },
    };
    await new Decision(this.catalog, call, alone, bucket, target, undefined).require();
    return bucket;
  }

  private async bucket(name: string): Promise<Bucket> {
    const bucket = await this.catalog.buckets.get(name);
    if (!bucket) throw new S3Error("NoSuchBucket", { resource: name, fields: { BucketName: name } });
    return bucket;
  }
}

/** AccessDenied if the bucket's owner is not the one that the request expects. */
function requireOwner({ owner, name }: Bucket, expected: string | undefined): void {
  if (expected !== undefined && expected !== owner) throw new S3Error("AccessDenied", { resource: name });
}

/**
 * AccessDenied unless each identity and session policy of the requester's key allows each action. For requests about no
 * bucket or one that does not exist yet; `resource` as in PolicyQuestion.
 */
function requireIdentity({ account, access }: RequestCall, actions: readonly string[], resource: string): void {
  const context = requesterContext(account, access);
  const { policies = [] } = access;
  const allowed = policies.every((policy) =>
    actions.every((action) => evaluatePolicy(policy, { principal: {}, action, resource, context }) === "allow"),
  );
  if (!allowed) throw new S3Error("AccessDenied", { message: NOT_ALLOWED_BY_KEY });
}

const NOT_ALLOWED_BY_KEY = "The policy of the access key or session does not allow this.";

/** The values of condition keys that tell who the requester is; all others are the request's own. */
function requesterContext(
  { id, displayName }: Account,
  { anonymous, session, conditions }: AccessRequest,
): ConditionContext {
  const own: Readonly<Record<string, string>> = anonymous
    ? { "aws:principaltype": "Anonymous" }
    : {
        "aws:username": displayName,
        "aws:userid": id,
        "aws:principaltype": "User",
        "aws:principalaccount": id,
        "aws:principalarn": `arn:aws:iam::${id}:user/${displayName}`,
        ...(session ? { "aws:tokenissuetime": new Date(session.issuedAt).toISOString() } : {}),
      };
  return (key) => {
    const found = Object.hasOwn(own, key) ? own[key] : undefined;
    return found === undefined ? conditions(key) : [found];
  };
}

/** What an account that may read the network may do in its bucket. A list has only what the account itself holds. */
const NETWORK_READS: ReadonlySet<string> = new Set([
  "s3:GetObject",
  "s3:GetObjectVersion",
  "s3:ListBucket",
  "s3:ListBucketVersions",
  "s3:GetBucketLocation",
]);

class Decision {
  private readonly principal: Principal;
  private readonly requester: Requester;

  constructor(
    private readonly catalog: Catalog,
    private readonly call: Call,
    private readonly access: AccessRequest,
    private readonly bucket: Bucket,
    private readonly target: AccessTarget,
    private readonly upload: Upload | undefined,
  ) {
    const { id, displayName } = call.account;
    const { accessKeyId } = access;
    this.principal = access.anonymous ? {} : defined({ id, displayName, accessKeyId });
    this.requester = access.anonymous ? {} : { id };
  }

  /** AccessDenied unless the action and all further actions of the request are allowed. */
  async require(): Promise<void> {
    const { access, bucket, target, upload } = this;
    const { rule, furtherActions } = access;
    const actions = [target.action, ...furtherActions];
    this.requireLimits(actions);
    // The network's files belong to no S3 account, so no bucket policy and no ACL applies to them.
    if (isNetworkBucket(bucket)) {
      if (rule.resource !== "objects") this.requireIdentity(actions, undefined);
      this.requireNetworkRead();
      return;
    }
    // The service asks about each object separately.
    if (rule.resource === "objects") return;
    if (upload && rule.initiator === "only" && !this.isInitiator) throw this.denied();
    const settings = await bucketAccess(this.catalog, bucket);
    // Nothing else could forbid it.
    if (this.isOwner && !settings.policy && !settings.acls && this.policies.length === 0) return;
    // As on AWS, an anonymous requester cannot be charged.
    if (settings.requesterPays && !this.isOwner && (access.anonymous || !access.pays))
      throw this.denied("The requester pays in this bucket: sign the request and send x-amz-request-payer: requester.");
    const version = await this.version(target.action, settings);
    this.requireIdentity(actions, version);
    const answers = actions.map((action) => this.decide(action, settings, version));
    if (answers.includes("deny")) throw this.denied();
    if (this.isMissingRead(version)) {
      // Without ListBucket a missing key is 403, as on AWS. With ListBucket the service answers 404.
      this.requireIdentity(["s3:ListBucket"], undefined);
      if (!this.isOwner && this.decide("s3:ListBucket", settings, undefined) !== "allow") throw this.denied();
      return;
    }
    if (answers.some((answer) => answer !== "allow")) throw this.denied();
  }

  /** The limits of an access key apply whatever its account may do. */
  private requireLimits(actions: readonly string[]): void {
    const { access, bucket, target } = this;
    if (!access.limits) return;
    const prefix = access.conditions("s3:prefix")?.[0] ?? "";
    for (const action of actions) {
      const request = { bucket: bucket.name, key: target.key, prefix, ...access.rule, action };
      if (!withinLimits(access.limits, request)) throw this.denied("The access key's limits do not permit this.");
    }
  }

  /** The policies of the key and its session apply whatever its account may do. */
  private requireIdentity(actions: readonly string[], version: ObjectVersion | undefined): void {
    const { principal } = this;
    const context = this.context(version);
    for (const policy of this.policies)
      for (const action of actions) {
        const question = { principal, action, resource: this.resource(action), context };
        if (evaluatePolicy(policy, question) !== "allow") throw this.denied(NOT_ALLOWED_BY_KEY);
      }
  }

  private get policies(): readonly Policy[] {
    return this.access.policies ?? [];
  }

  private resource(action: string): string {
    return isObjectAction(action) ? `${this.bucket.name}/${this.target.key}` : this.bucket.name;
  }

  private requireNetworkRead(): void {
    if (!NETWORK_READS.has(this.target.action) || this.call.account.readsNetwork !== true) throw this.denied();
  }

  /** Whether somebody reads an object that does not exist who may not know that it does not: not the owner himself. */
  private isMissingRead(version: ObjectVersion | undefined): boolean {
    const reads = objectPermissions.get(this.target.action) === "READ";
    return reads && (!this.isOwner || this.policies.length > 0) && (!version || version.deleteMarker);
  }

  private get isInitiator(): boolean {
    return this.upload !== undefined && this.requester.id === this.upload.owner;
  }

  private get isOwner(): boolean {
    return this.requester.id === this.bucket.owner;
  }

  private denied(message?: string): S3Error {
    return new S3Error("AccessDenied", message === undefined ? {} : { message });
  }

  /** The object's version, if the decision depends on its tags or its ACL. */
  private async version(action: string, { acls, policy }: BucketAccess): Promise<ObjectVersion | undefined> {
    if (!isObjectAction(action)) return undefined;
    const tags = [...(policy ? [policy] : []), ...this.policies].some(({ statements }) =>
      statements.some(
        ({ conditions, resources }) =>
          conditions.some(({ key }) => key.startsWith("s3:existingobjecttag/")) ||
          resources.patterns.some((pattern) => /existingobjecttag/i.test(pattern)),
      ),
    );
    const byObject = objectPermissions.has(action) && (acls || !this.isOwner || this.policies.length > 0);
    if (!tags && !byObject) return undefined;
    return this.catalog.objects.get(this.bucket.name, this.target.key, this.target.versionId);
  }

  private decide(
    action: string,
    settings: BucketAccess,
    version: ObjectVersion | undefined,
  ): "allow" | "deny" | "silent" {
    const { policy, block } = settings;
    if (policyActions.includes(action)) return this.isOwner ? "allow" : "silent";
    const question = {
      principal: this.principal,
      action,
      resource: this.resource(action),
      context: this.context(version),
    };
    const answer = policy ? evaluatePolicy(policy, question) : "silent";
    if (answer === "deny") return "deny";
    if (this.isInitiator && this.access.rule.initiator === "also" && action === this.target.action) return "allow";
    const permission = objectPermissions.get(action);
    // If another account owns the object, only its ACL grants access: the bucket's policy and owner do not.
    const foreign =
      settings.acls &&
      permission !== undefined &&
      version?.acl !== undefined &&
      version.acl.owner !== this.bucket.owner;
    if (!foreign) {
      if (this.isOwner) return "allow";
      const restricted = policy !== undefined && block.restrictPublicBuckets && isPublicPolicy(policy);
      if (answer === "allow" && !restricted) return "allow";
    }
    return settings.acls && this.aclAllows(action, settings, version) ? "allow" : "silent";
  }

  private aclAllows(action: string, { acl, block }: BucketAccess, version: ObjectVersion | undefined): boolean {
    const onObject = objectPermissions.get(action);
    const object: Acl | undefined = version && !version.deleteMarker ? version.acl : undefined;
    // An account may always use its own objects, whatever their ACLs grant.
    if (
      onObject &&
      object &&
      (object.owner === this.requester.id || aclAllows(object, this.requester, onObject, block.ignorePublicAcls))
    )
      return true;
    // A requester that writes an object by a grant on the bucket owns the object, so it may set the ACL in the same write.
    const granted =
      action === "s3:PutObjectAcl" && this.access.rule.action === "s3:PutObject" ? "s3:PutObject" : action;
    const onBucket = bucketPermissions.get(granted);
    return onBucket !== undefined && aclAllows(acl, this.requester, onBucket, block.ignorePublicAcls);
  }

  private context(version: ObjectVersion | undefined): ConditionContext {
    const requester = requesterContext(this.call.account, this.access);
    const tags = "s3:existingobjecttag/";
    return (key) => {
      if (key === "s3:resourceaccount") return [this.bucket.owner];
      if (key.startsWith(tags))
        return version?.tags?.filter((tag) => tag.key === key.slice(tags.length)).map((tag) => tag.value);
      return requester(key);
    };
  }
}
