import { randomBytes } from "node:crypto";
import type { Catalog } from "../../catalog/catalog.js";
import { logKey, type LoggingConfiguration } from "../../model/access-log.js";
import type { Clock } from "../../model/clock.js";
import { S3Error } from "../s3-error.js";
import { permittedBucket, type Accounts } from "../access/access.js";
import { bucketAccess } from "../access/bucket-access.js";
import type { AccessLogs, BucketCall, Objects, SpooledLog } from "../gateway.js";
import { requireGrantees, requireUnblocked } from "../access/object-acl.js";

export interface LoggingComponents {
  readonly catalog: Catalog;
  readonly accounts: Accounts;
  readonly objects: Pick<Objects, "put">;
  readonly clock: Clock;
}

const invalidTarget = (message: string, bucket: string) =>
  new S3Error("InvalidTargetBucketForLogging", { message, fields: { TargetBucket: bucket } });

/** Where buckets' access logs go, and the way there: as objects that the target's owner puts. */
export class LoggingService implements AccessLogs {
  constructor(private readonly components: LoggingComponents) {}

  async get(call: BucketCall): Promise<LoggingConfiguration | undefined> {
    return this.configuration(bucket);
  }

  async set(call: BucketCall, configuration: LoggingConfiguration | undefined): Promise<void> {
    const { catalog } = this.components;
    const { owner } = await permittedBucket(catalog, call, bucket);
    if (!configuration) return catalog.configurations.delete(bucket, "logging");
    await this.requireTarget(configuration, owner);
    await catalog.configurations.put(bucket, "logging", JSON.stringify(configuration));
  }

  async deliver({ bucket: name, begun, body, size }: SpooledLog, signal: AbortSignal): Promise<boolean> {
    const { catalog, accounts, objects, clock } = this.components;
    const [source, configuration] = [await catalog.buckets.get(name), await this.configuration(name)];
    if (!source || !configuration) return false;
    const target = await catalog.buckets.get(configuration.targetBucket);
    const account = accounts.owner(source.owner);
    // It was deleted, and may be another's by now.
    if (!account || target?.owner !== source.owner) return false;
    const key = logKey(
      configuration,
      { bucket: name, region: source.region, owner: source.owner },
      begun,
      clock.now(),
      randomBytes(8).toString("hex").toUpperCase(),
    );
    const { acls } = await bucketAccess(catalog, target);
    const grants =
      acls && configuration.grants.length > 0
        ? [{ grantee: { id: target.owner }, permission: "FULL_CONTROL" as const }, ...configuration.grants]
        : undefined;
    await objects.put(
      { account, signal },
      { bucket: target.name, key },
      { stream: body, size, announced: {}, trailer: () => ({}) },
      { content: { contentType: "text/plain" }, metadata: {}, ...(grants ? { acl: { grants } } : {}) },
    );
    return true;
  }

  private async configuration(bucket: string): Promise<LoggingConfiguration | undefined> {
    const document = await this.components.catalog.configurations.get(bucket, "logging");
    return document === undefined ? undefined : (JSON.parse(document) as LoggingConfiguration);
  }

  /** InvalidTargetBucketForLogging, AccessControlListNotSupported, InvalidArgument. */
  private async requireTarget({ targetBucket: name, grants }: LoggingConfiguration, owner: string): Promise<void> {
    const { catalog, accounts } = this.components;
    const target = await catalog.buckets.get(name);
    if (!target) throw invalidTarget("The target bucket for logging does not exist", name);
    if (target.owner !== owner)
      throw invalidTarget("The owner for the bucket to be logged and the target bucket must be the same.", name);
    if (grants.length === 0) return;
    const access = await bucketAccess(catalog, target);
    if (!access.acls)
      throw new S3Error("AccessControlListNotSupported", {
        message: "The target bucket does not allow ACLs, so logs in it take no TargetGrants.",
      });
    requireGrantees({ owner, grants }, accounts, owner);
    requireUnblocked({ owner, grants }, access);
  }
}
