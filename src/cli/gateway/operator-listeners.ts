import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { AdminRoute, AdminServer } from "../../admin/admin-server.js";
import type { AuditLog } from "../../admin/audit-log.js";
import type { Health } from "../../admin/health.js";
import { systemClock } from "../../async/system-clock.js";
import type { Config } from "../../config/config.js";
import type { RequestProcesses } from "../processes/request-processes.js";
import type { Accounts } from "./accounts.js";
import { adminServer } from "./admin-listener.js";
import type { ChainStatus } from "./chain-status.js";
import { openConsole, type ConsoleParts } from "./console.js";
import { History } from "./history.js";
import type { ListenerSecurity } from "./listener-security.js";
import { NodeHistory } from "./node-history.js";
import { BucketDurability } from "./routes/bucket-route.js";
import { insightRoutes } from "./routes/insight-routes.js";
import type { S3Server } from "./s3-server.js";
import type { Services } from "./services.js";

export interface OperatorParts extends Pick<ConsoleParts, "serving" | "s3Url"> {
  readonly services: Services;
  readonly accounts: Accounts;
  /** Of this process. */
  readonly metrics: Registry;
  /** The others of this gateway; undefined where it has none. */
  readonly processes: RequestProcesses | undefined;
  readonly health: Health;
  readonly chainStatus: ChainStatus;
  readonly security: ListenerSecurity;
  readonly audit: AuditLog;
  readonly log: Logger;
}

export interface OperatorListeners {
  readonly admin: AdminServer;
  /** The console for users; undefined when there is none. */
  readonly users: S3Server | undefined;
  /** To be closed by the caller. */
  readonly history: History;
}

/** The admin listener and the console, and what both show of the gateway. `routes` are further ones. */
export async function openOperatorListeners(
  config: Config,
  parts: OperatorParts,
  routes: readonly AdminRoute[],
): Promise<OperatorListeners> {
  const { services, metrics, processes } = parts;
  const summed = processes?.metrics(metrics);
  const read = () => summed?.registry() ?? Promise.resolve(metrics);
  const history = new History({ clock: systemClock, read }).start();
  const nodes = new NodeHistory(() => services.registry.table());
  history.follow(({ time }) => nodes.take(Date.parse(time)));
  const durability = new BucketDurability(services.catalog);
  const { pages, server: users } = await openConsole(config, { ...parts, durability });
  const insight = insightRoutes(
    { ...parts, history, nodes, durability },
    { packMaxAgeMs: config.packing.maxAgeSeconds * 1000 },
  );
  const admin = adminServer(config, { ...parts, metrics: summed ?? metrics, pages }, [...insight, ...routes]);
  return { admin, users, history };
}
