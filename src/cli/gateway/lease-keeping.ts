import type { Logger } from "pino";
import type { AuditLog } from "../../admin/audit-log.js";
import type { HealthCheck } from "../../admin/health.js";
import type { Worker } from "../../background/worker.js";
import type { Catalog } from "../../catalog/catalog.js";
import type { Config } from "../../config/config.js";
import type { Clock } from "../../model/clock.js";
import { LeaseBuyer, type LeaseChain } from "../../leases/lease-buyer.js";
import { LeaseKeeper } from "../../leases/lease-keeper.js";
import { LeaseNotices } from "../../leases/lease-notices.js";
import type { Lease } from "../../leases/lease.js";
import type { CessChain } from "../../network/chain/chain-client.js";
import type { ChainSession } from "../../network/chain/chain-session.js";
import { TerritoryReader } from "../../network/chain/territory-reader.js";

export interface LeaseKeepingComponents {
  readonly catalog: Pick<Catalog, "leases">;
  readonly session: ChainSession;
  readonly chain: CessChain;
  /** As last read. */
  readonly leases: () => readonly Lease[];
  /** Called when a territory was renewed or expanded. */
  readonly onBought: () => void;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface LeaseKeeping {
  readonly worker: Worker;
  /** What operators should know of territories that end. */
  readonly check: HealthCheck;
  readonly buyer: LeaseBuyer;
}

/** Notices, renewals and expansions of the territories that the accounts pay with. */
export function leaseKeeper({ leases: settings }: Config, components: LeaseKeepingComponents): LeaseKeeping {
  const { session, chain, leases, clock } = components;
  const reader = new TerritoryReader(session);
  const leaseChain: LeaseChain = {
    account: chain.account,
    terms: () => reader.terms(),
    balance: (account) => reader.balance(account),
    territory: (owner, name) => chain.territory(owner, name),
    submit: (call, options) => chain.submit(call, options),
    settled: (signed) => chain.settled(signed),
  };
  const buyer = new LeaseBuyer({ ...components, chain: leaseChain }, settings);
  const notices = new LeaseNotices(components, settings.webhook);
  const worker = new LeaseKeeper({ leases, notices, buyer, clock });
  return { worker, buyer, check: { name: "territory", reason: () => undefined, warning: () => worker.warning() } };
}
