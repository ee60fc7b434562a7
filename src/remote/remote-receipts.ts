import type { LocalClient } from "../ipc/local-client.js";
import type { Receipt } from "../receipts/document.js";
import type { Receipts } from "../receipts/receipts.js";

/** Receipts from the background process, which has the chain and the key that signs. */
export class RemoteReceipts implements Pick<Receipts, "of"> {
  constructor(private readonly background: Pick<LocalClient, "call">) {}

  async of(version: string, signal?: AbortSignal): Promise<Receipt> {
    return (await this.background.call("receipt", version, { signal })) as Receipt;
  }
}
