import type { AdminRoute } from "../../../admin/admin-server.js";
import type { History } from "../history.js";
import type { NodeHistory } from "../node-history.js";
import type { Services } from "../services.js";
import type { BucketDurability } from "./bucket-route.js";
import { eventRoute } from "./event-routes.js";
import { gatewayRoute } from "./gateway-route.js";
import { jobRoutes } from "./job-routes.js";
import { nodeRoutes } from "./node-route.js";
import { objectRoute } from "./object-route.js";
import { statusRoute, type StatusComponents } from "./status-route.js";

/** What operators ask of the gateway as a whole, of an object, and of jobs: docs/admin.md. */
export function insightRoutes(
  components: StatusComponents & {
    readonly services: Services;
    readonly history: History;
    readonly nodes: NodeHistory;
    readonly durability: BucketDurability;
  },
  settings: { readonly packMaxAgeMs: number },
): AdminRoute[] {
  const { services, history, nodes, durability } = components;
  return [
    statusRoute(components),
    eventRoute(components, history),
    gatewayRoute(services.registration),
    objectRoute(services, settings),
    durability.route(),
    ...nodeRoutes(services, nodes),
    ...jobRoutes(services),
  ];
}
