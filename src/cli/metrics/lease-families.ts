import type { Registry } from "prom-client";
import type { LeaseBuyer } from "../../leases/lease-buyer.js";
import { labelledGauge } from "./families.js";

/** What was spent on territories by the settings `leases.renew` and `leases.expand`. */
export function leaseFamilies(registry: Registry, buyer: Pick<LeaseBuyer, "spent">): void {
  labelledGauge(
    registry,
    "cess_s3_lease_spent_tokens",
    "Tokens that were spent in the last 30 days to renew and to expand territories",
    () => buyer.spent,
    "kind",
  );
}
