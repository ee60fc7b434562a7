import type { Registry } from "prom-client";
import type { DiskSpace } from "../../files/disk-space.js";
import type { GatewayHealth } from "../health/gateway-health.js";
import { gauge, labelledGauge } from "./families.js";

/** What readiness depends on, in numbers. */
export function readinessFamilies(
  registry: Registry,
  { health, authorization }: GatewayHealth,
  space: Pick<DiskSpace, "status">,
): void {
  gauge(registry, "cess_s3_ready", "1 while the gateway is ready to take requests", () =>
    Number(health.unready().length === 0),
  );
  labelledGauge(
    registry,
    "cess_s3_ready_checks_failing",
    "1 for each check that keeps the gateway from being ready",
    () => Object.fromEntries(health.unready().map(({ check }) => [check, 1])),
    "check",
  );
  labelledGauge(
    registry,
    "cess_s3_account_authorized",
    "1 if the account lets this gateway act for it on the chain",
    () => authorization.metrics(),
    "account",
  );
  gauge(
    registry,
    "cess_s3_disk_free_bytes",
    "Bytes free on the disk of the data folder",
    async () => (await space.status()).free,
  );
  gauge(
    registry,
    "cess_s3_disk_reserve_bytes",
    "Bytes that bodies leave free on the disk of the data folder",
    async () => (await space.status()).reserve,
  );
}
