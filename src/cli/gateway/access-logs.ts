import { join } from "node:path";
import type { Logger } from "pino";
import { systemClock } from "../../async/system-clock.js";
import type { Config } from "../../config/config.js";
import type { Gateway } from "../../gateway/gateway.js";
import { AccessLogger } from "../../maintenance/access-logger.js";
import { AccessSpool } from "../../maintenance/access-spool.js";
import type { ProcessShare, RequestServices } from "./s3-services.js";

/**
 * Takes the lines of access logs to their buckets. Each process has a folder of its own for them; the first one takes over
 * those of processes that there are no more.
 */
export async function openAccessLogs(
  config: Config,
  services: RequestServices,
  gateway: Gateway,
  log: Logger,
  { index, processes, logs = index < 2 ? "" : `process-${index}` }: ProcessShare,
): Promise<{ readonly spool: AccessSpool; readonly accessLogger: AccessLogger }> {
  const root = join(config.dataDir, "access-logs");
  const folder = join(root, logs);
  const spool = await AccessSpool.open(
    { folder, log, fits: (bytes) => services.space.fits(bytes) },
    { intervalMs: config.accessLogs.minutes * 60_000, fileBytes: config.accessLogs.bytes },
  );
  if (logs === "") await spool.adopt((name) => Number(/^process-(\d+)$/.exec(name)?.[1] ?? 0) > processes);
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
