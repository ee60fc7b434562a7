import { LRUCache } from "lru-cache";

/** Files whose delivery is remembered. When one is forgotten, silent nodes are only waited for longer. */
const REMEMBERED_FILES = 10_000;

/** What was learned while one file was delivered. */
export interface FileMemory {
  /** Nodes that took fragments and did not report in time. */
  readonly silent: Set<string>;
  /** Times in which silent nodes were replaced. */
  rounds: number;
  /** Finalized block since which reports of the present nodes are awaited. */
  awaitedSince: number | undefined;
  /** Finalized block and time at which the deal was first missing. */
  missingSince: { readonly block: number; readonly at: number } | undefined;
}

/**
 * What this process learned while delivering files. It only improves choices: after a restart, or at another gateway, a
 * file is delivered without it.
 */
export class DeliveryMemory {
  private readonly files = new LRUCache<string, FileMemory>({ max: REMEMBERED_FILES });

  of(id: string): FileMemory {
    const known = this.files.get(id);
    if (known) return known;
    const fresh: FileMemory = { silent: new Set(), rounds: 0, awaitedSince: undefined, missingSince: undefined };
    this.files.set(id, fresh);
    return fresh;
  }

  forget(id: string): void {
    this.files.delete(id);
  }
}
