import type { Catalog } from "../catalog/catalog.js";
import type { Clock } from "../model/clock.js";
import { LEASE_EVENT, LEASE_NOTICE_DAYS } from "../model/lease.js";
import { leaseKey, type Lease } from "./lease.js";

const DAY_MS = 86_400_000;

export interface LeaseNoticesComponents {
  readonly catalog: Pick<Catalog, "leases">;
  readonly clock: Clock;
  readonly log: { warn(fields: object, message: string): void };
}

/**
 * Tells of territories that end: 30, 7 and 1 days before, and when they have ended, each once for each end, in the log
 * and to a webhook. A gateway that sees a territory first shortly before its end tells only the notice that is next to it.
 */
export class LeaseNotices {
  /** What was found to be recorded, so that the catalog is not asked again and again. */
  private readonly told = new Map<string, string>();

  constructor(
    private readonly components: LeaseNoticesComponents,
    /** The webhook's name. */
    private readonly webhook: string | undefined,
  ) {}

  async look(lease: Lease): Promise<void> {
    const { catalog, clock, log } = this.components;
    const left = lease.endsAt - clock.now();
    const days = LEASE_NOTICE_DAYS.filter((each) => left <= each * DAY_MS).at(-1);
    if (days === undefined) return;
    const key = leaseKey(lease);
    const notice = `${lease.deadline}/${days}`;
    if (this.told.get(key) === notice) return;
    const { cessAccount, name: territory, deadline, account, state, endsAt } = lease;
    const event = { event: LEASE_EVENT, account, cessAccount, territory, state, days, endsAt } as const;
    const isNew = await catalog.leases.notice(
      { cessAccount, territory, deadline, days },
      this.webhook === undefined ? undefined : { webhook: this.webhook, event },
    );
    this.told.set(key, notice);
    if (isNew) log.warn({ account, cessAccount, territory, state, ends: new Date(endsAt).toISOString() }, textOf(days));
  }
}

function textOf(days: number): string {
  const remedy =
    "cess-s3 territory renew lets it last longer; after its end it is frozen for some days, and then its files are removed";
  if (days === 0) return `a territory has ended: ${remedy}`;
  return `a territory ends within ${days === 1 ? "a day" : `${days} days`}: ${remedy}`;
}
