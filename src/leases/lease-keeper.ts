import type { Progress, Worker } from "../background/worker.js";
import type { Clock } from "../model/clock.js";
import { ChainUnavailable } from "../network/chain/chain.js";
import type { LeaseBuyer } from "./lease-buyer.js";
import type { LeaseNotices } from "./lease-notices.js";
import { leaseKey, type Lease } from "./lease.js";

/** Between two looks, ms. */
const LOOK_MS = 60_000;
const DAY_MS = 86_400_000;
/** A territory that ends within this time is in the warnings, ms. */
const WARN_MS = 30 * DAY_MS;
/** Territories that a warning names. */
const NAMED = 5;

export interface LeaseKeeperComponents {
  /** As last read; those of the same territory may be several. */
  readonly leases: () => readonly Lease[];
  readonly notices: Pick<LeaseNotices, "look">;
  readonly buyer: Pick<LeaseBuyer, "settle" | "look" | "problems">;
  readonly clock: Clock;
}

/** Looks after the territories that the accounts pay with, so that none ends by surprise. */
export class LeaseKeeper implements Worker {
  readonly name = "leases";

  constructor(private readonly components: LeaseKeeperComponents) {}

  async step(signal: AbortSignal): Promise<Progress> {
    const { notices, buyer, clock } = this.components;
    const leases = this.leases();
    try {
      for (const lease of leases) await notices.look(lease);
      await buyer.settle();
      for (const lease of leases) await buyer.look(lease, signal);
    } catch (error) {
      // The check of the chain tells.
      if (!(error instanceof ChainUnavailable)) throw error;
    }
    return { kind: "idle", until: clock.now() + LOOK_MS };
  }

  /** What operators should know of territories, in one text; undefined where all is well. */
  warning(): string | undefined {
    const now = this.components.clock.now();
    const ending = this.leases().filter(({ state, endsAt }) => state !== "active" || endsAt - now <= WARN_MS);
    const texts = ending.slice(0, NAMED).map((lease) => textOf(lease, now));
    if (ending.length > NAMED) texts.push(`${ending.length - NAMED} more: cess-s3 status lists them`);
    const found = [...texts, ...this.components.buyer.problems()];
    return found.length === 0 ? undefined : found.join("; ");
  }

  /** Each territory once. */
  private leases(): Lease[] {
    return [...new Map(this.components.leases().map((lease) => [leaseKey(lease), lease])).values()];
  }
}

function textOf({ name, account, state, endsAt }: Lease, now: number): string {
  const what = `the territory ${name} of ${account}`;
  const days = Math.floor((endsAt - now) / DAY_MS);
  switch (state) {
    case "active":
      return `${what} ends in ${days === 1 ? "1 day" : `${Math.max(0, days)} days`}: cess-s3 territory renew`;
    case "frozen":
      return `${what} has ended and is frozen, its files will be removed: cess-s3 territory renew`;
    case "expired":
      return `${what} has expired, and its files are gone: cess-s3 territory reactivate, or another territory`;
    case "on-consignment":
      return `${what} is offered for sale, and takes no files`;
  }
}
