import { json, type AdminRoute } from "../../../admin/admin-server.js";
import type { NodeRow } from "../../../network/nodes/persistent-node-registry.js";
import { Remembered } from "../../metrics/remembered.js";
import type { NodeHistory } from "../node-history.js";
import type { Services } from "../services.js";
import type { NodeView } from "./node-view.js";

/** Files whose fragments are counted, the newest: more would keep the catalog busy for whoever only looks. */
const FILES = 20_000;

/** What the admin endpoint tells of storage nodes: all of them, and the last hour of one. */
export function nodeRoutes(services: Services, history: NodeHistory): AdminRoute[] {
  const samples: AdminRoute = {
    method: "GET",
    path: /^\/nodes\/([^/]+)\/history$/,
    run: ([account = ""]) => Promise.resolve(json(history.samples(account))),
  };
  return [nodeRoute(services), samples];
}

/** The admin endpoint's table of storage nodes, the best first. */
function nodeRoute({ registry, catalog, placementTags }: Services): AdminRoute {
  const fragments = new Remembered(() => catalog.status.fragmentsByNode(FILES));
  const viewOf = (row: NodeRow, given: ReadonlyMap<string, number>): NodeView => {
    const { account, endpoint } = row;
    const regions = endpoint === undefined ? [] : placementTags.regionsOf({ account, endpoint });
    return {
      ...row,
      fragments: given.get(account) ?? 0,
      ...(regions.length === 0 ? {} : { region: regions.join(", ") }),
    };
  };
  const run = async () => {
    // While the chain does not answer, the table still shows what is remembered.
    await registry.nodes().catch(() => undefined);
    const given = await fragments.get();
    const rows = registry.table().map((row) => viewOf(row, given));
    return json(rows.sort((a, b) => Number(b.registered) - Number(a.registered) || b.quality - a.quality));
  };
  return { method: "GET", path: /^\/nodes$/, run };
}
