import { json, type AdminRoute } from "../../admin/admin-server.js";
import type { DevNetworkThread } from "../../devnet/dev-network-thread.js";

/** The admin endpoint's routes that exist on the dev network only. */
export function devRoutes(network: DevNetworkThread): AdminRoute[] {
  return [
    { method: "GET", path: /^\/dev\/nodes$/, run: async () => json(await network.nodes()) },
    {
      method: "PUT",
      path: /^\/dev\/nodes\/(\d+)$/,
      run: async ([n], body) => {
        try {
          const found = await network.setFault(Number(n), (body as { fault?: unknown } | undefined)?.fault);
          if (!found) return json({ error: `there is no node ${n}` }, 404);
          return json((await network.nodes()).find((node) => node.n === Number(n)));
        } catch (error) {
          if (error instanceof RangeError) return json({ error: error.message }, 400);
          throw error;
        }
      },
    },
  ];
}
