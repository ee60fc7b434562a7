import type { Registry } from "prom-client";
import type { Services } from "../gateway/services.js";
import { counter, labelledGauge } from "./families.js";

/** What several gateways share among themselves. */
export function coordinationFamilies(
  registry: Registry,
  { distribution, single }: Pick<Services, "distribution" | "single">,
): void {
  counter(
    registry,
    "cess_s3_job_leases_lost_total",
    "Steps of jobs that were given up because their lease ran out before it was extended",
    () => distribution.metrics().leasesLost,
  );
  labelledGauge(
    registry,
    "cess_s3_worker_locks_held",
    "Workers of which one runs over all gateways: 1 where it is this one, 0 where it is another",
    () => single.held(),
    "worker",
  );
}
