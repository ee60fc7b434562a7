import type { Logger } from "pino";
import type { HealthCheck } from "../../admin/health.js";
import { systemClock } from "../../async/system-clock.js";
import type { Worker } from "../../background/worker.js";
import type { Catalog } from "../../catalog/catalog.js";
import { knownMigrations } from "../../catalog/migrations.js";
import { ConfigError } from "../../config/config-error.js";
import type { Config } from "../../config/config.js";
import type { OrderNames } from "../../distribution/order-name.js";
import { HELD_BY_FENCE, JournalFence, type JournalFenceComponents } from "../../journal/journal-fence.js";
import { JournalWorker, type JournalComponents } from "../../journal/journal-worker.js";
import { JournalDiscarder } from "../../journal/journal-discarder.js";
import { JOURNAL_KEYS } from "../../journal/sealed-journal.js";
import type { KeyRing } from "../../keys/key-ring.js";
import type { Account } from "../../model/account.js";
import type { Accounts } from "./accounts.js";

/** A start waits so long for the chain to say whether another gateway goes on in the place of this one, ms. */
const FENCE_PATIENCE_MS = 15_000;
/** Of how many times the age that changes may reach an operator is told that they are older. */
const LATE = 4;
/** Between two readings for health checks, ms. */
const READ_MS = 5_000;

export interface JournalKeeping {
  readonly worker: Worker;
  /** Writes what has changed now; undefined where no journal is kept. */
  readonly flush: (() => void) | undefined;
  readonly check: JournalCheck;
  /** Undefined where no journal is kept. */
  readonly fence: JournalFence | undefined;
}

interface Parts extends Omit<JournalComponents, "keys" | "account" | "schema" | "clock" | "log" | "fence"> {
  readonly chain: JournalFenceComponents["chain"];
  readonly orderNames: OrderNames;
  /** As every gateway reaches it, also one whose journal worker does not run. */
  readonly ownCatalog: Catalog;
  /** Called when this gateway must end, with why. */
  readonly onEnd: (reason: string) => void;
  readonly keys: KeyRing;
  readonly accounts: Pick<Accounts, "all" | "named">;
  readonly log: Logger;
}

/** The journal of this catalog, or what keeps its changes from piling up where none is kept. */
export async function openJournal({ journal: settings }: Config, parts: Parts): Promise<JournalKeeping> {
  const { catalog, keys, accounts } = parts;
  const check = new JournalCheck(catalog, settings.enabled ? settings.maxAgeSeconds : undefined);
  if (!settings.enabled)
    return { worker: new JournalDiscarder({ catalog, clock: systemClock }), flush: undefined, check, fence: undefined };
  const account = () => payerOf(accounts, settings.account);
  const fence = new JournalFence(
    {
      catalog: parts.ownCatalog,
      chain: parts.chain,
      names: parts.orderNames,
      account,
      clock: systemClock,
      log: parts.log,
      onSuperseded: (journal) => parts.onEnd(supersededReason(journal)),
      onOurs: () => {
        for (const worker of HELD_BY_FENCE) parts.wake(worker);
      },
    },
    { lookMs: settings.fenceSeconds * 1000 },
  );
  const worker = new JournalWorker(
    {
      ...parts,
      keys: keys.derive(JOURNAL_KEYS),
      account,
      schema: (await knownMigrations()).at(-1) ?? "",
      clock: systemClock,
      fence,
    },
    { maxAgeMs: settings.maxAgeSeconds * 1000 },
  );
  return { worker, flush: () => worker.flush(), check, fence };
}

/**
 * Before this gateway does anything: whether another one goes on in its place. Rejects with ConfigError where one does. Where
 * the chain cannot be asked for FENCE_PATIENCE_MS, this one starts all the same, since nothing says that there is another one.
 */
export async function requireOurs({ fence }: Pick<JournalKeeping, "fence">, log: Logger): Promise<void> {
  const found = await fence?.begin(FENCE_PATIENCE_MS);
  if (found === "superseded") throw new ConfigError(SUPERSEDED, { key: "dataDir" });
  if (found === "unknown")
    log.warn(
      `the chain could not be asked for ${FENCE_PATIENCE_MS / 1000} s whether another gateway was made from this one's journals: this one ` +
        "starts, and ends when it finds one",
    );
}

const SUPERSEDED =
  "another gateway was made from this one's journals and goes on with them. Use that one, and remove this one's data folder";

function supersededReason(journal: number): string {
  return (
    `another gateway was made from this one's journals and goes on with them: the chain has number ${journal}, which this one has not ` +
    "written. What this one still took would be lost: it ends. Use the other one, and remove this one's data folder"
  );
}

/** The account that journals are charged to; undefined while there is none, or it is disabled. */
export function payerOf(accounts: Pick<Accounts, "all" | "named">, name: string | undefined): Account | undefined {
  const account = name === undefined ? accounts.all.find(({ disabled }) => !disabled) : accounts.named(name);
  return account?.disabled ? undefined : account;
}

/** How old the oldest change is that would be lost with this machine. */
export class JournalCheck implements HealthCheck, Worker {
  readonly name = "journal";
  private changedAt: number | undefined;

  constructor(
    private readonly catalog: Pick<Catalog, "journal">,
    private readonly maxAgeSeconds: number | undefined,
  ) {}

  async step() {
    if (this.maxAgeSeconds !== undefined) this.changedAt = (await this.catalog.journal.state()).changedAt;
    return { kind: "idle", until: systemClock.now() + READ_MS } as const;
  }

  /** Seconds; 0 when there is no such change, undefined where no journal is kept. */
  get ageSeconds(): number | undefined {
    if (this.maxAgeSeconds === undefined) return undefined;
    return this.changedAt === undefined ? 0 : Math.max(0, Math.round((systemClock.now() - this.changedAt) / 1000));
  }

  reason(): undefined {
    return undefined;
  }

  warning(): string | undefined {
    const { ageSeconds, maxAgeSeconds } = this;
    if (ageSeconds === undefined || maxAgeSeconds === undefined || ageSeconds <= LATE * maxAgeSeconds) return undefined;
    return (
      `changes of the last ${ageSeconds} s are in no journal on CESS: a rebuild would not have them. Look why the journal's file is ` +
      "not stored: cess-s3 journal status, cess-s3 jobs"
    );
  }
}
