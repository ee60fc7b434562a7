import type { Catalog } from "../../catalog/catalog.js";
import { outboxEventFor, type EventSource, type OutboxEvent } from "../../model/notification.js";
import type { BucketCall, Call } from "../call.js";

/** Who is told of what happens to a bucket's objects. What is told is recorded with the change, and delivered later. */
export class NotificationService {
  constructor(private readonly components: { readonly catalog: Catalog }) {}

  /** What is to be recorded with a change of the object; nothing where nobody listens. */
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

export function eventSource({ account, access, requestId = "" }: Call): EventSource {
  return { principal: account.id, address: access?.conditions("aws:sourceip")?.[0] ?? "", requestId };
}
