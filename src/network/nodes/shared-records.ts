import type { KeyValueStore } from "../../model/key-value-store.js";
import { mergedRecord } from "./merged-record.js";
import { NodeRecord, savedRecord, type SavedRecord } from "./node-record.js";

/** Of the records; older versions wrote them under this name. */
export const RECORDS_KEY = "node-book";
/** Records that are shared, those that were touched last: each is a kilobyte at most. */
const SHARED = 1_000;
/** What nobody has saved for so long is forgotten, ms. */
const KEPT_MS = 30 * 86_400_000;

/** What can be read of saved records; what another version wrote is left out: these nodes start without a record. */
export function readRecords(saved: unknown): SavedRecord[] {
  return Array.isArray(saved) ? (saved as unknown[]).flatMap((each) => savedRecord.safeParse(each).data ?? []) : [];
}

/**
 * What several processes have learned of the same nodes, in a store that all use. Each takes over what the others have
 * learned before it writes, so that none is overwritten by the last one.
 */
export class SharedRecords {
  /** When each record was touched last, as it was told or heard. */
  private readonly told = new Map<string, number>();

  private untold = false;

  constructor(private readonly store: KeyValueStore) {}

  /** Both: `changed` when there is something to tell. Rejects with the store's error. */
  async exchange(records: Map<string, NodeRecord>, limit: number, changed: boolean): Promise<void> {
    this.untold ||= changed;
    await this.learn(records, limit);
    if (!this.untold) return;
    await this.tell(records);
    this.untold = false;
  }

  /** Takes over what others have learned: into `records`, of which at most `limit` are kept. Rejects with the store's error. */
  async learn(records: Map<string, NodeRecord>, limit: number): Promise<void> {
    for (const other of readRecords(await this.store.get(RECORDS_KEY)).slice(0, SHARED)) {
      const { account, touchedAt = 0 } = other;
      const told = this.told.get(account) ?? -1;
      if (touchedAt <= told) continue;
      const own = records.get(account);
      if (!own && records.size >= limit) continue;
      const ownNews = own !== undefined && own.touchedAt > told;
      const next = new NodeRecord(ownNews ? mergedRecord(own.save(account), other) : other);
      next.trialRunning = own?.trialRunning ?? false;
      next.failingSince = own?.failingSince;
      records.set(account, next);
      this.told.set(account, touchedAt);
    }
  }

  private async tell(records: ReadonlyMap<string, NodeRecord>): Promise<void> {
    const newest = [...records].sort(([, a], [, b]) => b.touchedAt - a.touchedAt).slice(0, SHARED);
    await this.store.set(
      RECORDS_KEY,
      newest.map(([account, record]) => record.save(account)),
      KEPT_MS,
    );
    this.told.clear();
    for (const [account, { touchedAt }] of newest) this.told.set(account, touchedAt);
  }
}
