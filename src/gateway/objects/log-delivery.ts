import { randomBytes } from "node:crypto";
import type { Catalog } from "../../catalog/catalog.js";
import { logKey } from "../../model/access-log.js";
import type { Clock } from "../../model/clock.js";
import type { Accounts } from "../access/accounts.js";
import { bucketAccess } from "../access/bucket-access.js";
import type { Objects } from "./objects.js";
import type { AccessLogs, SpooledLog } from "./access-logs.js";

export interface LogDeliveryComponents {
  readonly catalog: Catalog;
  readonly accounts: Accounts;
  readonly objects: Pick<Objects, "put">;
  readonly clock: Clock;
}

/** Puts access logs as objects into the target bucket, in the name of its owner. */
export class LogDelivery implements AccessLogs {
  constructor(private readonly components: LogDeliveryComponents) {}

  async deliver({ bucket: name, begun, body, size }: SpooledLog, signal: AbortSignal): Promise<boolean> {
    const { catalog, accounts, objects, clock } = this.components;
    const [source, configuration] = [await catalog.buckets.get(name), await catalog.documents.get(name, "logging")];
    if (!source || !configuration) return false;
    const target = await catalog.buckets.get(configuration.targetBucket);
    const account = accounts.owner(source.owner);
    // The target bucket was deleted, and another account may have created it again.
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
      { account, client: { signal }, bucket: target },
      key,
      { stream: body, size, announced: {}, trailer: () => ({}) },
      { content: { contentType: "text/plain" }, metadata: {}, ...(grants ? { acl: { grants } } : {}) },
    );
    return true;
  }
}
