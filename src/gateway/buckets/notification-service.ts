import type { Catalog } from "../../catalog/catalog.js";
import { S3Error } from "../s3-error.js";
import {
  outboxEventFor,
  type OutboxEvent,
  type EventSource,
  type NotificationConfiguration,
} from "../../model/notification.js";
import { permittedBucket } from "../access/access.js";
import type { BucketCall, Notifications, ObjectName } from "../gateway.js";

export interface NotificationComponents {
  readonly catalog: Catalog;
  /** Names of the webhooks the operator has configured. */
  readonly webhooks: readonly string[];
}

/** Who is told of what happens to a bucket's objects. What is told is recorded with the change, and delivered later. */
export class NotificationService implements Notifications {
  constructor(private readonly components: NotificationComponents) {}

  async get(call: BucketCall): Promise<NotificationConfiguration> {
    return (await this.configuration(bucket)) ?? { rules: [] };
  }

  async set(call: BucketCall, configuration: NotificationConfiguration, tested = true): Promise<void> {
    const { catalog, webhooks } = this.components;
    for (const { webhook } of configuration.rules) if (!webhooks.includes(webhook)) throw unknownDestination(webhook);
    if (configuration.rules.length === 0) await catalog.configurations.delete(bucket, "notification");
    else await catalog.configurations.put(bucket, "notification", JSON.stringify(configuration));
    if (tested && configuration.rules.length > 0)
      await catalog.events.test(bucket, configuration.rules, sourceOf(call));
  }

  /** What is to be recorded with a change; nothing where nobody listens. */
  async outboxEvent(
    call: Call,
    { bucket, key }: ObjectName,
    event: OutboxEvent["event"],
  ): Promise<{ readonly outboxEvent?: OutboxEvent }> {
    const configuration = await this.configuration(bucket);
    if (!configuration) return {};
    const outboxEvent = outboxEventFor(configuration.rules, event, key, sourceOf(call));
    return outboxEvent ? { outboxEvent } : {};
  }

  private async configuration(bucket: string): Promise<NotificationConfiguration | undefined> {
    const document = await this.components.catalog.configurations.get(bucket, "notification");
    return document === undefined ? undefined : (JSON.parse(document) as NotificationConfiguration);
  }
}

function sourceOf({ account, access, requestId = "" }: Call): EventSource {
  return { principal: account.id, address: access?.conditions("aws:sourceip")?.[0] ?? "", requestId };
}

function unknownDestination(webhook: string): S3Error {
  return new S3Error("InvalidArgument", {
    message:
      "Unable to validate the following destination configurations: the gateway's operator has configured no webhook of this name",
    fields: { ArgumentName: webhook, ArgumentValue: "The destination queue does not exist" },
  });
}
