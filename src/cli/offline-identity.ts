import { stat } from "node:fs/promises";
import { AdminRefusal } from "../admin/admin-server.js";
import { routeRecord, type AuditLog } from "../admin/audit-log.js";
import { systemClock } from "../async/system-clock.js";
import { ConfigError } from "../config/config-error.js";
import { loadIdentityConfig } from "../config/load.js";
import { AdminError } from "./admin-error.js";
import { offlineAuditLog, offlineUser } from "./audit.js";
import { openGatewayFolder } from "./data-folder.js";
import { Accounts } from "./gateway/accounts.js";
import { catalogPath, openCatalog } from "./gateway/catalog.js";
import { gatewayKeys } from "./gateway/gateway-keys.js";
import { identityRoutes } from "./gateway/identity-routes.js";
import type { IdentityRequest } from "./gateway/identity-requests.js";
import { plainLog } from "./log/logger.js";

/**
 * Carries out on the data folder itself what no gateway answered, under the folder's lock. Rejects with AdminError or
 * ConfigError.
 */
export async function onFolder(
  file: string | undefined,
  request: IdentityRequest,
  unanswered: AdminError,
): Promise<unknown> {
  const config = loadIdentityConfig(file);
  // A mistyped folder must not become a new, empty one.
  if (!config.catalog.url && !(await isFile(catalogPath(config.dataDir))))
    throw new ConfigError(
      `${unanswered.message}; and the data folder ${config.dataDir} (dataDir) has no catalog to work on`,
      {
        cause: unanswered,
      },
    );
  const folder = await openGatewayFolder(config.dataDir, "cess-s3 account and key commands", plainLog);
  try {
    const { keys, settle } = await gatewayKeys(config, plainLog);
    const catalog = await openCatalog(config, { clock: systemClock, sealer: keys });
    try {
      await settle(catalog);
      const accounts = new Accounts(config.accounts, keys);
      await accounts.load(catalog);
      const routes = identityRoutes({ accounts, catalog, keys, clock: systemClock });
      return await answer(routes, request, offlineAuditLog(folder.path));
    } finally {
      await catalog.close();
    }
  } finally {
    folder.close();
  }
}

/** As the admin listener would: what is no GET is recorded. */
async function answer(
  routes: ReturnType<typeof identityRoutes>,
  { method, path, body }: IdentityRequest,
  audit: AuditLog,
): Promise<unknown> {
  const record = (answer: { readonly status: number; readonly made?: string }) =>
    method === "GET" ? Promise.resolve() : audit.record(routeRecord({ method, path, by: offlineUser(), body, answer }));
  for (const route of routes) {
    const match = route.method === method ? route.path.exec(path) : null;
    if (!match) continue;
    try {
      const done = await route.run(match.slice(1).map(decodeURIComponent), body, new URLSearchParams());
      await record(done);
      return JSON.parse(done.body);
    } catch (error) {
      await record({ status: error instanceof AdminRefusal ? error.status : 500 });
      if (error instanceof AdminRefusal) throw new AdminError(error.message, error.status, { cause: error });
      throw error;
    }
  }
  throw new Error(`no route for ${method} ${path}`);
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
