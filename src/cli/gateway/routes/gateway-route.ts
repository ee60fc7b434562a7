import { json, type AdminRoute } from "../../../admin/admin-server.js";
import type { GatewayAnswer } from "../../admin-answers.js";
import type { GatewayRegistration, ListedGateway } from "../gateway-registration.js";

/** All gateways that use the catalog. */
export function gatewayRoute(registration: Pick<GatewayRegistration, "list">): AdminRoute {
  return {
    method: "GET",
    path: /^\/gateways$/,
    run: async () => json((await registration.list()).map(gatewayAnswer)),
  };
}

export function gatewayAnswer(gateway: ListedGateway): GatewayAnswer {
  const { id, self, running, host, folder, version, schema, address, startedAt, seenAt } = gateway;
  return {
    id,
    self,
    running,
    host,
    folder,
    version,
    schema,
    ...(address === undefined ? {} : { address }),
    startedAt: new Date(startedAt).toISOString(),
    seenAt: new Date(seenAt).toISOString(),
  };
}
