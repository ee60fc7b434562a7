import type { AdminRoute } from "../../../admin/admin-server.js";
import type { Services } from "../services.js";
import { jobRoutes } from "./job-routes.js";
import { objectRoute } from "./object-route.js";
import { statusRoute, type StatusComponents } from "./status-route.js";

/** What operators ask of the gateway as a whole, of an object, and of jobs: docs/admin.md. */
export function insightRoutes(
  components: StatusComponents & { readonly services: Services },
  settings: { readonly packMaxAgeMs: number },
): AdminRoute[] {
  const { services } = components;
  return [statusRoute(components), objectRoute(services, settings), ...jobRoutes(services)];
}
