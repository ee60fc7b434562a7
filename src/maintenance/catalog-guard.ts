import type { Worker, Progress } from "../background/worker.js";
import type { Catalog, CatalogMark } from "../catalog/catalog.js";
import type { Clock } from "../model/clock.js";

/** Where the mark is kept, outside the catalog; each write replaces it whole, and is on the disk when it resolves. */
export interface MarkStore {
  /** Undefined where there is none that can be read. */
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<unknown>;
}

export interface CatalogGuardComponents {
  readonly catalog: Pick<Catalog, "mark" | "shared">;
  readonly store: MarkStore;
  readonly clock: Clock;
}

export const CATALOG_GUARD_DEFAULTS = {
  /** While the catalog changes, the mark follows it this far behind, ms. */
  intervalMs: 1_000,
};

/** The mark's key: it stands in `catalog-mark.json` in the data folder. */
export const CATALOG_MARK = "catalog-mark";

/**
 * Notices a catalog that went back: one that was restored from an old backup, that lost its log, or that is another one
 * than before. What such a catalog has forgotten looks like garbage, so nothing is swept until an operator accepts it.
 *
 * Catalog and mark hold the catalog's id and a generation. It is moved on first in the catalog, then, when that is on
 * the disk, in the mark: at each start, at the close, and each interval in which something was written. So the catalog
 * is never behind the mark, whatever crash or power cut comes. If it is, it lost something that was durable. A loss of
 * only what was written after the last move cannot be told from a crash; the quarantine is for that.
 */
export class CatalogGuard implements Worker {
  readonly name = "catalog-mark";
  private readonly intervalMs: number;
  private found: string | undefined;
  private generation = 0;
  /** Whether there is a mark of this catalog. */
  private marked = false;
  /** Changes of the catalog that the mark covers. */
  private covered = -1;

  private constructor(
    private readonly components: CatalogGuardComponents,
    settings: Partial<typeof CATALOG_GUARD_DEFAULTS>,
  ) {
    this.intervalMs = settings.intervalMs ?? CATALOG_GUARD_DEFAULTS.intervalMs;
  }

  /** Compares the catalog with the mark; nothing is written. The worker's first step moves the mark on. */
  static async open(
    components: CatalogGuardComponents,
    settings: Partial<typeof CATALOG_GUARD_DEFAULTS> = {},
  ): Promise<CatalogGuard> {
    const guard = new CatalogGuard(components, settings);
    const mark = toMark(await components.store.get(CATALOG_MARK));
    guard.generation = mark?.generation ?? 0;
    guard.marked = mark !== undefined;
    // A gateway that is new beside others finds a catalog that has come far.
    if (mark !== undefined || !components.catalog.shared)
      guard.found = catalogFault(await components.catalog.mark.read(), mark);
    return guard;
  }

  /** Why the catalog is not the one that this gateway wrote last; undefined when it is, or was accepted. */
  get fault(): string | undefined {
    return this.found;
  }

  async step(): Promise<Progress> {
    const { catalog, clock } = this.components;
    if (this.found === undefined && catalog.mark.changes() !== this.covered) await this.move();
    return { kind: "idle", until: clock.now() + this.intervalMs };
  }

  /** The catalog is right as it is: what it does not know is garbage. Every older copy of it counts as gone back. */
  async accept(): Promise<CatalogMark> {
    const mark = await this.components.catalog.mark.renew(this.generation);
    await this.components.store.set(CATALOG_MARK, mark);
    this.generation = mark.generation;
    this.marked = true;
    this.found = undefined;
    return mark;
  }

  /** Moves the mark a last time. To be called when nothing else writes, before the catalog is closed. */
  async close(): Promise<void> {
    if (this.found === undefined) await this.move();
  }

  private async move(): Promise<void> {
    const { catalog, store } = this.components;
    // Its own change is one; what is written while it moves is not covered.
    const changes = catalog.mark.changes() + 1;
    // Of a new catalog first where it is: one that was moved on has lost its mark, if it has none.
    if (!this.marked) await store.set(CATALOG_MARK, await catalog.mark.read());
    this.marked = true;
    const mark = await catalog.mark.advance();
    // Of a database that was lost while the gateway runs, and came back without what it had confirmed.
    this.found = catalogFault({ ...mark, generation: mark.generation - 1 }, { ...mark, generation: this.generation });
    if (this.found !== undefined) return;
    this.generation = mark.generation;
    await store.set(CATALOG_MARK, mark);
    this.covered = changes;
  }
}

/** Undefined for what is no mark. */
export function toMark(value: unknown): CatalogMark | undefined {
  const { catalog, generation } = (value ?? {}) as { catalog?: unknown; generation?: unknown };
  return typeof catalog === "string" && typeof generation === "number" ? { catalog, generation } : undefined;
}

/** What is wrong with a catalog beside the mark that was kept of it; undefined when nothing is. */
export function catalogFault(catalog: CatalogMark, mark: CatalogMark | undefined): string | undefined {
  // A new catalog, or one of before there were marks.
  if (mark === undefined && catalog.generation === 0) return undefined;
  if (mark === undefined)
    return `there is no mark that tells whether the catalog is the newest: ${CATALOG_MARK}.json is missing or unreadable`;
  if (mark.catalog !== catalog.catalog) return "this is another catalog than the one that was used here last";
  if (mark.generation > catalog.generation)
    return `the catalog went back: it is at generation ${catalog.generation}, and was at ${mark.generation}`;
  return undefined;
}
