import type { HealthCheck } from "../../admin/health.js";

/** Whether a chain node is connected that is synced, and whose blocks go on. `trouble` says why not. */
export function chainCheck(session: { readonly trouble: string | undefined }): HealthCheck {
  return {
    name: "chain",
    reason: () => (session.trouble === undefined ? undefined : `the chain cannot be used: ${session.trouble}`),
  };
}
