import type { Catalog } from "../../catalog/catalog.js";
import type { Bucket } from "../../model/bucket.js";
import type { Clock } from "../../model/clock.js";
import { S3Error } from "../s3-error.js";
import type { LockConfiguration, ObjectLock, Retention } from "../../model/object-lock.js";
import type { ObjectVersion } from "../../model/object.js";
import type { BucketCall } from "../call.js";
import type { Body } from "../ingest/body.js";
import type { LeaseGuard } from "../ingest/lease-guard.js";
import type { Locks } from "./locks.js";
import { readableVersion } from "./object-read.js";
import type { ObjectKey } from "./objects.js";

const DAY_MS = 86_400_000;

export interface LockComponents {
  readonly catalog: Catalog;
  readonly clock: Clock;
}

export interface LockServiceComponents extends LockComponents {
  readonly leases: LeaseGuard;
}

/** Object lock of versions. The bucket's lock configuration is a bucket document. */
export class LockService implements Locks {
  constructor(private readonly components: LockServiceComponents) {}

  async retention(call: BucketCall, name: ObjectKey): Promise<Retention> {
    const { lock } = await this.lockable(call, name);
    if (!lock?.retention) throw new S3Error("NoSuchObjectLockConfiguration", { resource: name.key });
    return lock.retention;
  }

  async setRetention(
    call: BucketCall,
    name: ObjectKey,
    retention: Retention | undefined,
    bypassGovernance: boolean,
  ): Promise<void> {
    const { catalog, clock, leases } = this.components;
    const { id } = await this.lockable(call, name);
    if (retention) requireFuture(retention, clock.now());
    leases.require(call, "The object is locked", retention?.until);
    if (!(await catalog.objects.setRetention(id, retention, bypassGovernance))) throw gone(name);
  }

  async legalHold(call: BucketCall, name: ObjectKey): Promise<"ON" | "OFF"> {
    const { lock } = await this.lockable(call, name);
    if (!lock?.legalHold) throw new S3Error("NoSuchObjectLockConfiguration", { resource: name.key });
    return lock.legalHold;
  }

  async setLegalHold(call: BucketCall, name: ObjectKey, legalHold: "ON" | "OFF"): Promise<void> {
    const { id } = await this.lockable(call, name);
    if (!(await this.components.catalog.objects.setLegalHold(id, legalHold))) throw gone(name);
  }

  async requireBypassable({ bucket }: BucketCall): Promise<void> {
    await requireBypassable(this.components.catalog, bucket.name);
  }

  private async lockable({ bucket }: BucketCall, name: ObjectKey): Promise<ObjectVersion> {
    const { catalog } = this.components;
    if (!(await lockConfiguration(catalog, bucket.name))) throw notLockable();
    return readableVersion(catalog, bucket.name, name);
  }
}

/** InvalidArgument if the bucket has no object lock: there is no retention to bypass. */
export async function requireBypassable(catalog: Catalog, bucket: string): Promise<void> {
  if (await lockConfiguration(catalog, bucket)) return;
  throw new S3Error("InvalidArgument", {
    message: "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
    fields: { ArgumentName: "x-amz-bypass-governance-retention" },
  });
}

function lockConfiguration(catalog: Catalog, bucket: string): Promise<LockConfiguration | undefined> {
  return catalog.documents.get(bucket, "object-lock");
}

/**
 * The lock of a new version: the requested one, with the bucket's default retention if no retention was requested.
 * InvalidRequest if the bucket has no object lock, InvalidArgument for a retention that is over already.
 */
export async function newLock(
  components: LockComponents,
  bucket: Bucket,
  asked: ObjectLock | undefined,
): Promise<{ readonly lock?: ObjectLock }> {
  const lock = await uploadLock(components, bucket, asked);
  if (asked?.retention) requireFuture(asked.retention, components.clock.now());
  return lock;
}

/**
 * Like `newLock`, for an open upload. A retention that was in the future when the upload was created may be over when it
 * is completed, so this is no error.
 */
export async function uploadLock(
  { catalog, clock }: LockComponents,
  bucket: Bucket,
  asked: ObjectLock | undefined,
): Promise<{ readonly lock?: ObjectLock }> {
  // A bucket with object lock always has its versioning enabled.
  const configuration = bucket.versioning === "Enabled" ? await lockConfiguration(catalog, bucket.name) : undefined;
  if (!configuration) {
    if (asked) throw notLockable();
    return {};
  }
  const { defaultRetention } = configuration;
  if (asked?.retention || !defaultRetention) return asked ? { lock: asked } : {};
  const retention = { mode: defaultRetention.mode, until: defaultEnd(defaultRetention, clock.now()) };
  return { lock: { ...asked, retention } };
}

/**
 * InvalidRequest for a body that will be locked but has no digest. S3 asks for Content-MD5 or a checksum. A signature over
 * the body is accepted, too: MinIO's clients send nothing else over plain HTTP. `what`: the operation, such as
 * `Put Object`.
 */
export function requireLockDigest(
  lock: ObjectLock | undefined,
  { announced: { md5, algorithm, sha256, signedChunks } }: Body,
  what: string,
): void {
  if (!lock || (md5 ?? algorithm ?? sha256 ?? signedChunks) !== undefined) return;
  throw new S3Error("InvalidRequest", {
    message: `Content-MD5 OR x-amz-checksum- HTTP header is required for ${what} requests with Object Lock parameters`,
  });
}

function defaultEnd({ days = 0, years = 0 }: NonNullable<LockConfiguration["defaultRetention"]>, now: number): number {
  if (years === 0) return now + days * DAY_MS;
  const end = new Date(now);
  end.setUTCFullYear(end.getUTCFullYear() + years);
  return end.getTime();
}

function requireFuture({ until }: Retention, now: number): void {
  if (until > now) return;
  throw new S3Error("InvalidArgument", {
    message: "The retain until date must be in the future!",
    fields: { ArgumentName: "x-amz-object-lock-retain-until-date", ArgumentValue: new Date(until).toISOString() },
  });
}

function notLockable(): S3Error {
  return new S3Error("InvalidRequest", { message: "Bucket is missing Object Lock Configuration" });
}

function gone({ key }: ObjectKey): S3Error {
  return new S3Error("NoSuchKey", { resource: key, fields: { Key: key } });
}
