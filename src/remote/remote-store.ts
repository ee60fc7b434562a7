import type { LocalClient } from "../ipc/local-client.js";
import type { KeyValueStore } from "../model/key-value-store.js";
import type { StoreQuestion } from "./background-process.js";

/** Small state that the processes of one gateway share, in the background process' memory: it ends with that. */
export class RemoteStore implements KeyValueStore {
  constructor(private readonly background: Pick<LocalClient, "call">) {}

  get(key: string): Promise<unknown> {
    return this.background.call("stored", key);
  }

  async set(key: string, value: unknown, ttlMs?: number): Promise<void> {
    await this.background.call("store", { key, value, ttlMs } satisfies StoreQuestion);
  }
}
