import { join } from "node:path";
import type { Logger } from "pino";
import { systemClock } from "../../async/system-clock.js";
import type { Config } from "../../config/config.js";
import type { CessGateway } from "../../gateway/cess-gateway.js";
import { AccessLogger } from "../../maintenance/access-logger.js";
import { AccessSpool } from "../../maintenance/access-spool.js";
import type { Services } from "./services.js";

/** Takes the lines of access logs to their buckets. */
export async function openAccessLogs(
  config: Config,
  services: Services,
  gateway: CessGateway,
  log: Logger,
): Promise<{ readonly spool: AccessSpool; readonly accessLogger: AccessLogger }> {
  const spool = await AccessSpool.open(
    { folder: join(config.dataDir, "access-logs"), log, fits: (bytes) => services.space.fits(bytes) },
    { intervalMs: config.accessLogs.minutes * 60_000, fileBytes: config.accessLogs.bytes },
  );
  const accessLogger = new AccessLogger({
    ...services,
    spool,
    clock: systemClock,
    log,
    deliver: (logged, signal) => gateway.accessLogs.deliver(logged, signal),
  });
  services.supervisor.add(accessLogger);
  return { spool, accessLogger };
}
