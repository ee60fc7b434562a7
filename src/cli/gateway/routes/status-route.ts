import type { Registry } from "prom-client";
import { json, type AdminRoute } from "../../../admin/admin-server.js";
import type { Health } from "../../../admin/health.js";
import { systemClock } from "../../../async/system-clock.js";
import type { StatusAnswer } from "../../admin-answers.js";
import { VERSION } from "../../version.js";
import type { RequestProcesses } from "../../processes/request-processes.js";
import type { ChainStatus } from "../chain-status.js";
import type { Services } from "../services.js";
import { gatewayAnswer } from "./gateway-route.js";

export interface StatusComponents {
  readonly services: Pick<Services, "catalog" | "chain" | "registry" | "cache" | "registration">;
  readonly health: Pick<Health, "unready" | "warnings">;
  readonly chainStatus: ChainStatus;
  /** Other parts of the gateway tell of damage and redundancy there. */
  readonly metrics: Registry;
  /** The other processes of this gateway; undefined where it has none. */
  readonly processes: Pick<RequestProcesses, "status"> | undefined;
}

const iso = (ms: number) => new Date(ms).toISOString();

/** How the gateway is, in one answer. */
export function statusRoute(components: StatusComponents): AdminRoute {
  return { method: "GET", path: /^\/status$/, run: async () => json(await status(components)) };
}

export async function status({
  services,
  health,
  chainStatus,
  metrics,
  processes,
}: StatusComponents): Promise<StatusAnswer> {
  const { catalog, registry, cache } = services;
  const reasons = health.unready();
  const staged = await catalog.staged();
  const oldest = await catalog.status.oldestStaged();
  const queues = await catalog.packs.queues();
  // While the chain does not answer, what is remembered is shown.
  const { states, open, halfOpen } = registry.metrics();
  const redundancy = await family(metrics, "cess_s3_files_redundancy", "fragments");
  const damaged = await family(metrics, "cess_s3_damaged_objects");
  return {
    version: VERSION,
    node: process.version,
    startedAt: iso(systemClock.now() - process.uptime() * 1000),
    uptimeSeconds: Math.round(process.uptime()),
    ...(processes && { processes: await processes.status() }),
    ready: reasons.length === 0,
    reasons: reasons.map(({ check, reason, since }) => ({ check, reason, since })),
    warnings: health.warnings(),
    gateways: (await services.registration.list()).map(gatewayAnswer),
    chain: chainOf(services, chainStatus),
    staged: { ...staged, ...(oldest === undefined ? {} : { oldest: iso(oldest) }) },
    objects: { ...(await catalog.status.objects()) },
    files: { ...(await catalog.files.countByState()) },
    jobs: (await catalog.status.jobs()).map((each) => ({ ...each, oldest: iso(each.oldest) })),
    packs: {
      states: { ...(await catalog.packs.count()) },
      waitingObjects: queues.reduce((sum, { objects }) => sum + objects, 0),
    },
    nodes: { states: { ...states }, cooldown: open, triedAgain: halfOpen },
    cache: cache.usage(),
    territories: territoriesOf(chainStatus),
    ...(redundancy && { redundancy }),
    ...(damaged && { damagedObjects: Object.values(damaged).reduce((sum, each) => sum + each, 0) }),
  };
}

function chainOf({ chain }: StatusComponents["services"], status: ChainStatus): StatusAnswer["chain"] {
  const { host, height, blockAge, balance, counts } = status;
  return {
    connected: chain.connected,
    ...(host === undefined ? {} : { endpoint: host }),
    ...(height === undefined ? {} : { height }),
    ...(blockAge === undefined ? {} : { lagSeconds: Math.round(blockAge) }),
    ...(balance === undefined ? {} : { feeBalanceTokens: balance }),
    connections: counts.links,
    failovers: counts.failovers,
  };
}

function territoriesOf({ territories }: ChainStatus): StatusAnswer["territories"] {
  return territories.map(({ account, name, state, total, used, locked, remaining, endsAt, secondsLeft }) => ({
    account,
    territory: name,
    state,
    totalBytes: Number(total),
    usedBytes: Number(used),
    lockedBytes: Number(locked),
    freeBytes: Number(remaining),
    secondsLeft,
    ends: iso(endsAt),
  }));
}

/** The samples of a family by the value of a label; undefined where the gateway does not have that family. */
async function family(metrics: Registry, name: string, label = ""): Promise<Record<string, number> | undefined> {
  const found = await metrics.getSingleMetric(name)?.get();
  if (!found) return undefined;
  return Object.fromEntries(found.values.map(({ labels, value }) => [String(labels[label] ?? ""), value]));
}
