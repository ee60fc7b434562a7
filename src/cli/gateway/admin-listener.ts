import { AdminServer, type AdminComponents, type AdminRoute, type MetricsText } from "../../admin/admin-server.js";
import type { AuditLog } from "../../admin/audit-log.js";
import type { Health } from "../../admin/health.js";
import { systemClock } from "../../async/system-clock.js";
import type { Config } from "../../config/config.js";
import type { Accounts } from "./accounts.js";
import { adminRoutes } from "./admin-routes.js";
import type { ListenerSecurity } from "./listener-security.js";
import type { Services } from "./services.js";

interface AdminParts {
  readonly services: Services;
  readonly accounts: Accounts;
  readonly metrics: MetricsText;
  readonly health: Health;
  readonly security: ListenerSecurity;
  readonly audit: AuditLog;
  readonly pages: NonNullable<AdminComponents["pages"]>;
}

/** The listener for operators, with its own routes and further ones. */
export function adminServer(
  { adminListen, adminNames, admin }: Config,
  { services, accounts, metrics, health, security, audit, pages }: AdminParts,
  routes: readonly AdminRoute[],
): AdminServer {
  return new AdminServer(
    {
      metrics,
      health,
      unjournaledSeconds: () => services.journal.check.ageSeconds,
      dropCache: () => {
        services.retrieval.forgetObjects();
        return services.cache.clear();
      },
      access: security.adminAccess,
      audit,
      clock: systemClock,
      createServer: security.createServer("admin"),
      pages,
      routes: [...adminRoutes(services, accounts), ...routes],
    },
    { names: [adminListen.host, ...adminNames], publicMetrics: admin.publicMetrics },
  );
}
