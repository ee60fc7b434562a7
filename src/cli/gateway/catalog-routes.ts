import { json, type AdminRoute } from "../../admin/admin-server.js";
import type { Services } from "./services.js";

/** How an operator says that a catalog which went back is right as it is. */
export function catalogRoutes({ guard, supervisor }: Services): AdminRoute[] {
  const accept = async () => {
    const fault = guard.fault;
    if (fault === undefined) return json({ accepted: false });
    await guard.accept();
    for (const { name } of supervisor.status()) supervisor.wake(name);
    return json({ accepted: true, fault });
  };
  return [{ method: "POST", path: /^\/catalog\/accept$/, run: accept }];
}
