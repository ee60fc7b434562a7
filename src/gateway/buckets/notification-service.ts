import type { Catalog } from "../../catalog/catalog.js";
import { outboxEventFor, type EventSource, type OutboxEvent } from "../../model/notification.js";
import type { BucketCall, Call } from "../call.js";

/** Makes the outbox events of a bucket's notifications. They are recorded with the change and delivered later. */
export class NotificationService {
  constructor(private readonly components: { readonly catalog: Catalog }) {}

  /** The event to record with a change of the object; absent if no rule asks for it. */
  async outboxEvent(
    call: BucketCall,
    key: string,
    event: OutboxEvent["event"],
  ): Promise<{ readonly outboxEvent?: OutboxEvent }> {
    const configuration = await this.components.catalog.documents.get(call.bucket.name, "notification");
    if (!configuration) return {};
    const outboxEvent = outboxEventFor(configuration.rules, event, key, eventSource(call));
    return outboxEvent ? { outboxEvent } : {};
  }
}

/** Who caused an event: the call's requester. */
export function eventSource({ account, access, requestId = "" }: Call): EventSource {
  return { principal: account.id, address: access?.conditions("aws:sourceip")?.[0] ?? "", requestId };
}
