import { json, type AdminRoute } from "../../admin/admin-server.js";
import { systemClock } from "../../async/system-clock.js";
import type { Accounts } from "./accounts.js";
import { BlobHolds } from "./blob-holds.js";
import { catalogRoutes } from "./catalog-routes.js";
import { identityRoutes } from "./identity-routes.js";
import { journalRoutes } from "./routes/journal-routes.js";
import { receiptRoutes } from "./routes/receipt-routes.js";
import { shareRoutes } from "./routes/share-routes.js";
import { territoryRoutes } from "./routes/territory-routes.js";
import type { Services } from "./services.js";

/** What the admin listener shows of the services, and lets an operator do with them. */
export function adminRoutes(services: Services, accounts: Accounts): AdminRoute[] {
  const clock = systemClock;
  const holds = new BlobHolds({ ...services, clock });
  const identity = identityRoutes({ ...services, accounts, clock });
  return [
    peerTable(services),
    ...receiptRoutes(services),
    ...packRoutes(services),
    ...journalRoutes(services),
    ...shareRoutes({ ...services, accounts }),
    ...territoryRoutes(services),
    ...catalogRoutes(services),
    ...holds.routes(),
    ...identity,
  ];
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
function packRoutes({ packer, catalog }: Services): AdminRoute[] {
  const flush = async () => {
    const closing = await packer.flush();
    catalog.announce("flush");
    return json({ closing }, 202);
  };
  return [
    { method: "GET", path: /^\/packs$/, run: async () => json(await packer.status()) },
    { method: "POST", path: /^\/packs\/flush$/, run: flush },
  ];
}
