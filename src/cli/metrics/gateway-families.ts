import type { Registry } from "prom-client";
import type { GatewayRegistration } from "../gateway/gateway-registration.js";
import type { DatabaseClockCheck } from "../health/database-clock-check.js";
import { gauge, labelledGauge } from "./families.js";

/** The gateways that use one catalog, as this one sees them. */
export function gatewayFamilies(
  registry: Registry,
  registration: Pick<GatewayRegistration, "gateways">,
  clock: Pick<DatabaseClockCheck, "aheadMs">,
): void {
  labelledGauge(
    registry,
    "cess_s3_gateways",
    "Gateways that use the catalog: running, or silent, which were seen within a day",
    () => {
      const running = registration.gateways.filter((each) => each.running).length;
      return { running, silent: registration.gateways.length - running };
    },
    "state",
  );
  gauge(
    registry,
    "cess_s3_database_clock_ahead_seconds",
    "Seconds that this machine's clock is ahead of that of the catalog's database, where that is another machine's",
    () => (clock.aheadMs === undefined ? undefined : clock.aheadMs / 1000),
  );
}
