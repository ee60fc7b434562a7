import { heldWhile } from "../../src/background/held-worker.js";
import type { Supervisor } from "../../src/background/supervisor.js";
import type { Worker } from "../../src/background/worker.js";
import type { Catalog } from "../../src/catalog/catalog.js";
import { knownMigrations } from "../../src/catalog/migrations.js";
import type { OrderNames } from "../../src/distribution/order-name.js";
import { HELD_BY_FENCE, JournalFence } from "../../src/journal/journal-fence.js";
import { JournalWorker, type JournalComponents, type JournalSettings } from "../../src/journal/journal-worker.js";
import { JOURNAL_KEYS } from "../../src/journal/sealed-journal.js";
import type { KeyRing } from "../../src/keys/key-ring.js";
import type { Account } from "../../src/model/account.js";
import type { Owner } from "./scheduler.js";
import type { SimulatedChain } from "./simulated-chain.js";

/** How a journal is kept, and who watches it. */
export interface JournalSurroundings {
  readonly settings: Partial<JournalSettings> & Pick<JournalSettings, "maxAgeMs">;
  /** Between two looks of the fence, ms. */
  readonly fenceMs: number;
  /** The catalog as this process's journal reaches it. */
  readonly watched: (catalog: Catalog, owner: Owner) => Catalog;
  /** Another gateway goes on in the place of this process. */
  readonly onSuperseded: (owner: Owner) => void;
}

/** The newest migration, as journals name it. */
export const SCHEMA = (await knownMigrations()).at(-1) ?? "";
/** As `serve` has them. */
const JOURNALS_WAITED_FOR = 4;
const FENCE_PATIENCE_MS = 15_000;

/** How long the deletion of a file waits for a journal, ms. */
export function holdMs({ settings }: Pick<JournalSurroundings, "settings">): number {
  return JOURNALS_WAITED_FOR * settings.maxAgeMs;
}

interface Parts extends Pick<JournalComponents, "catalog" | "blobs" | "preprocessing"> {
  readonly chain: SimulatedChain;
  readonly orderNames: OrderNames;
  readonly keys: KeyRing;
  readonly owner: Owner;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly supervisor: Supervisor;
}

/** A journal as `serve` keeps it: undefined where none is. */
export function keptJournal(keeping: JournalSurroundings | undefined, parts: Parts) {
  if (!keeping) return undefined;
  const { catalog, blobs, preprocessing, chain, orderNames, keys, owner, accounts, supervisor } = parts;
  const account = () => [...accounts.values()][0];
  const log = { warn: () => undefined, info: () => undefined };
  const wake = (worker: string) => supervisor.wake(worker);
  const fence = new JournalFence(
    {
      ...{ catalog, chain, names: orderNames, account, clock: owner, log },
      onSuperseded: () => keeping.onSuperseded(owner),
      onOurs: () => HELD_BY_FENCE.forEach(wake),
    },
    { lookMs: keeping.fenceMs },
  );
  const journal = new JournalWorker(
    {
      catalog: keeping.watched(catalog, owner),
      ...{ blobs, preprocessing, clock: owner, wake, account, log, fence },
      keys: keys.derive(JOURNAL_KEYS),
      schema: SCHEMA,
    },
    keeping.settings,
  );
  return {
    journal,
    fence,
    /** Before anything else is done; never resolves where another gateway goes on. */
    begin: async () => {
      if ((await fence.begin(FENCE_PATIENCE_MS)) !== "superseded") return;
      keeping.onSuperseded(owner);
      await new Promise<never>(() => undefined);
    },
    fenced: (worker: Worker) =>
      HELD_BY_FENCE.includes(worker.name) ? heldWhile(() => !fence.isFresh, worker) : worker,
  };
}
