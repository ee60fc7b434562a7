import type { Logger } from "pino";
import { systemClock } from "../../async/system-clock.js";
import { coalesced } from "../../async/timer.js";
import type { AuditLog } from "../../admin/audit-log.js";
import type { Config } from "../../config/config.js";
import { Drain } from "../../s3/drain.js";
import { listen } from "../listen.js";
import { RequestMetrics } from "../metrics/request-metrics.js";
import { openTracing } from "../tracing/open-tracing.js";
import type { Tracing } from "../tracing/tracing.js";
import { Accounts } from "./accounts.js";
import { DRAIN_MS } from "./drain-times.js";
import { gatewayKeys } from "./gateway-keys.js";
import { GatewayReload, type LoadConfig } from "./gateway-reload.js";
import { ListenerSecurity } from "./listener-security.js";
import { closeRequestServices, openRequestServices, type RemoteServices } from "./request-services.js";
import type { ProcessShare } from "./s3-services.js";
import { openGateway, openS3Side, WAKE_MS, type S3Side } from "./s3-side.js";
import { identification } from "./sessions.js";

export interface RequestServerComponents {
  readonly log: Logger;
  /** Lines that the log has lost, for metrics. */
  readonly droppedLines: () => number;
}

interface Parts {
  readonly config: Config;
  readonly services: RemoteServices;
  readonly security: ListenerSecurity;
  readonly s3: S3Side;
  readonly reloading: GatewayReload;
  readonly tracing: Tracing | undefined;
  readonly drain: Drain;
}

/** Acts are recorded by the background process. */
const NO_AUDIT: AuditLog = { record: () => Promise.resolve() };

/** What a request process runs: the S3 listener, over a catalog and staging that it shares with others. */
export class RequestServer {
  private constructor(
    private readonly parts: Parts,
    /** URL of the S3 listener. */
    readonly endpoint: string,
  ) {}

  /** Resolves when requests are answered, also while the background process is away. Rejects with ConfigError. */
  static async start(
    config: Config,
    { log, droppedLines }: RequestServerComponents,
    share: ProcessShare,
    socket: string,
  ): Promise<RequestServer> {
    const security = new ListenerSecurity({ clock: systemClock, log: quiet(log) }, config);
    const keys = await gatewayKeys(config, log);
    const accounts = new Accounts(config.accounts, keys.keys);
    const tracing = await openTracing(config.tracing);
    const metrics = new RequestMetrics(droppedLines);
    metrics.rates(security);
    const calls = {
      metrics: () => metrics.registry.getMetricsAsJSON(),
      memory: () => ({ pid: process.pid, bytes: process.memoryUsage.rss() }),
    };
    const services = await openRequestServices(config, { keys, log, traced: tracing?.traced, calls }, share, socket);
    await accounts.load(services.catalog);
    security.share(services.limits);
    const drain = new Drain();
    const gateway = await openGateway(config, {
      services,
      accounts,
      paidUntil: services.facts.paidUntil,
      onWork: coalesced(systemClock, WAKE_MS, () => services.background.notify("work")),
      log,
    });
    const identified = identification(config.identity, { accounts, sealer: keys.keys, clock: systemClock });
    const { requests } = metrics;
    const s3 = await openS3Side(
      config,
      { services, accounts, gateway, identification: identified, security, requests, tracing, drain, log },
      share,
    );
    metrics.accessLogs(s3.spool);
    const endpoint = await listen("listen", s3.server, config.listen, security.scheme("s3"));
    const reloading = new GatewayReload({ accounts, security, audit: NO_AUDIT, log: quiet(log) }, config);
    return new RequestServer({ config, services, security, s3, reloading, tracing, drain }, endpoint);
  }

  /** As of GatewayServer. */
  reload(load: LoadConfig): Promise<void> {
    return this.parts.reloading.run(load);
  }

  /** As of GatewayServer: takes requests until load balancers have noticed, then lets those that run finish. */
  async close(atOnce: boolean): Promise<void> {
    const { config, services, security, s3, tracing, drain } = this.parts;
    const { delaySeconds, drainSeconds } = config.shutdown;
    drain.begin();
    await systemClock.sleep(atOnce ? 0 : delaySeconds * 1000);
    drain.refuse();
    await s3.server.close(drainSeconds * 1000);
    await services.supervisor.drain(DRAIN_MS.steps, DRAIN_MS.abort);
    await s3.spool.flush();
    security.close();
    await closeRequestServices(services);
    await tracing?.close();
  }
}

/** What all processes find out is said by the background process alone. */
function quiet(log: Logger): Pick<Logger, "info" | "warn" | "error" | "level"> {
  return {
    info: () => undefined,
    warn: () => undefined,
    error: log.error.bind(log),
    get level() {
      return log.level;
    },
    set level(level) {
      log.level = level;
    },
  };
}
