import { Health, type HealthCheck } from "../../admin/health.js";
import { systemClock } from "../../async/system-clock.js";
import type { Worker } from "../../background/worker.js";
import type { Config } from "../../config/config.js";
import type { Logger } from "pino";
import type { Accounts } from "../gateway/accounts.js";
import { catalogReason, type Services } from "../gateway/services.js";
import { AuthorizationCheck } from "./authorization-check.js";
import { CatalogCheck } from "./catalog-check.js";
import { chainCheck } from "./chain-check.js";
import { ClockCheck } from "./clock-check.js";
import { DiskCheck } from "./disk-check.js";

/** Between two looks at all checks, ms: trouble is logged so soon. */
const LOOK_MS = 1_000;

export interface GatewayHealth {
  readonly health: Health;
  readonly authorization: AuthorizationCheck;
}

/** What readiness depends on. Some checks look by themselves from time to time, as workers of the supervisor. */
export function gatewayHealth(
  config: Config,
  services: Services,
  accounts: Accounts,
  drain: { readonly isBegun: boolean },
  log: Logger,
  further: readonly HealthCheck[] = [],
): GatewayHealth {
  const { supervisor, session, chain, catalog, guard, space, databaseClock, journal } = services;
  const clock = systemClock;
  const authorization = new AuthorizationCheck({ chain, accounts, clock });
  const looking = [
    authorization,
    new DiskCheck({ space, clock }, config.dataDir),
    new CatalogCheck({ catalog, clock, fault: () => guard.fault && catalogReason(guard.fault) }),
    new ClockCheck({ clock, chain: session }, { blockMs: config.chain.blockMs }),
    databaseClock,
    journal.check,
  ];
  const draining: HealthCheck = {
    name: "draining",
    reason: () => (drain.isBegun ? "the gateway was told to end, and takes no new clients" : undefined),
  };
  const health = new Health(clock, [draining, chainCheck(session), ...looking, ...further], log);
  for (const check of looking) supervisor.add(worker(`health-${check.name}`, (signal) => check.step(signal)));
  session.watchAuthorizations(() => supervisor.wake(`health-${authorization.name}`));
  const look = () => {
    health.unready();
    health.warnings();
    return Promise.resolve({ kind: "idle", until: clock.now() + LOOK_MS } as const);
  };
  supervisor.add(worker("health", look));
  return { health, authorization };
}

const worker = (name: string, step: Worker["step"]): Worker => ({ name, step });
