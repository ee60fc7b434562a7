import { json, type AdminRoute } from "../../admin/admin-server.js";
import { systemClock } from "../../async/system-clock.js";
import type { Accounts } from "./accounts.js";
import { BlobHolds } from "./blob-holds.js";
import { catalogRoutes } from "./catalog-routes.js";
import { identityRoutes } from "./identity-routes.js";
import type { Services } from "./services.js";

/** What the admin listener shows of the services, and lets an operator do with them. */
export function adminRoutes(services: Services, accounts: Accounts): AdminRoute[] {
  const clock = systemClock;
  const holds = new BlobHolds({ ...services, clock });
  const identity = identityRoutes({ ...services, accounts, clock });
  return [
    nodeTable(services),
    peerTable(services),
    ...packRoutes(services),
    ...catalogRoutes(services),
    ...holds.routes(),
    ...identity,
  ];
}

/** The admin endpoint's table of storage nodes, the best first. */
function nodeTable({ registry }: Services): AdminRoute {
  const rows = () =>
    registry.table().sort((a, b) => Number(b.registered) - Number(a.registered) || b.quality - a.quality);
  const run = async () => {
    // While the chain does not answer, the table still shows what is remembered.
    await registry.nodes().catch(() => undefined);
    return json(rows());
  };
  return { method: "GET", path: /^\/nodes$/, run };
}

/** The admin endpoint's table of other gateways. */
function peerTable({ peers }: Services): AdminRoute {
  const rows = () =>
    peers?.table().map(({ openUntil, ...row }) => ({
      ...row,
      ...(openUntil === undefined ? {} : { openUntil: new Date(openUntil).toISOString() }),
    }));
  return { method: "GET", path: /^\/peers$/, run: () => Promise.resolve(json(rows() ?? [])) };
}

/** The admin endpoint's view of packs, and the order to close those that wait. */
function packRoutes({ packer }: Services): AdminRoute[] {
  return [
    { method: "GET", path: /^\/packs$/, run: async () => json(await packer.status()) },
    { method: "POST", path: /^\/packs\/flush$/, run: async () => json({ closing: await packer.flush() }, 202) },
  ];
}
