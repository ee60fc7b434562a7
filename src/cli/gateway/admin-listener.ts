import { AdminServer, type AdminRoute } from "../../admin/admin-server.js";
import type { AuditLog } from "../../admin/audit-log.js";
import type { Health } from "../../admin/health.js";
import { systemClock } from "../../async/system-clock.js";
import type { Config } from "../../config/config.js";
import type { Metrics } from "../metrics/metrics.js";
import type { Accounts } from "./accounts.js";
import { adminRoutes } from "./admin-routes.js";
import type { ListenerSecurity } from "./listener-security.js";
import type { Services } from "./services.js";

interface AdminParts {
  readonly services: Services;
  readonly accounts: Accounts;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly security: ListenerSecurity;
  readonly audit: AuditLog;
}

/** The listener for operators, with its own routes and further ones. */
export function adminServer(
  { adminListen, adminNames, admin }: Config,
  { services, accounts, metrics, health, security, audit }: AdminParts,
  routes: readonly AdminRoute[],
): AdminServer {
  return new AdminServer(
    {
      metrics: metrics.registry,
      health,
      dropCache: () => {
        services.retrieval.forgetObjects();
        return services.cache.clear();
      },
      access: security.adminAccess,
      audit,
      clock: systemClock,
      createServer: security.createServer("admin"),
      routes: [...adminRoutes(services, accounts), ...routes],
    },
    { names: [adminListen.host, ...adminNames], publicMetrics: admin.publicMetrics },
  );
}
