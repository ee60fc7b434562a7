import type { Logger } from "pino";
import type { AdminRoute, AdminServer } from "../../admin/admin-server.js";
import type { HealthCheck } from "../../admin/health.js";
import type { AuditLog } from "../../admin/audit-log.js";
import { heldWhile } from "../../background/held-worker.js";
import type { Config } from "../../config/config.js";
import { systemClock } from "../../async/system-clock.js";
import { Drain } from "../../s3/drain.js";
import type { PeerServer } from "../../peers/peer-server.js";
import type { PublicServer } from "../../peers/public-server.js";
import { openAuditLog, processUser } from "../audit.js";
import { Accounts } from "./accounts.js";
import { ChainStatus } from "./chain-status.js";
import { ChainWarnings } from "./chain-warnings.js";
import { listenAll, logStart, type Endpoints } from "./endpoints.js";
import type { History } from "./history.js";
import { gatewayKeys } from "./gateway-keys.js";
import { gatewayHealth } from "../health/gateway-health.js";
import { closeMs, DRAIN_MS } from "./drain-times.js";
import { GatewayReload, type LoadConfig } from "./gateway-reload.js";
import { leaseKeeper, type LeaseKeeping } from "./lease-keeping.js";
import { ListenerSecurity } from "./listener-security.js";
import { Metrics } from "../metrics/metrics.js";
import { openOperatorListeners } from "./operator-listeners.js";
import { mountsCheck } from "./mounts.js";
import { peerServer } from "./peer-listener.js";
import { publicServer } from "./public-listener.js";
import { RegisterGateway } from "./register-gateway.js";
import { closeServices, openServices, type Services } from "./services.js";
import { identification } from "./sessions.js";
import { openGateway, openS3Serving, s3Server, type S3Serving } from "./s3-side.js";
import type { S3Server } from "./s3-server.js";
import type { Facts } from "../../remote/background-process.js";
import { serveRequests } from "../../remote/serve-requests.js";
import type { RequestProcesses } from "../processes/request-processes.js";
import { openTracing } from "../tracing/open-tracing.js";
import type { Tracing } from "../tracing/tracing.js";
import type { CloseOptions, Running } from "../shutdown.js";
import { signerOf } from "./signer.js";
import { startWorkers, workNotice } from "./workers.js";

export interface GatewayServerComponents {
  readonly log: Logger;
  /** Lines that the log has lost, for metrics. */
  readonly droppedLines?: () => number;
  /** Called when this gateway must end, because another one has its id. By default the process gets SIGTERM. */
  readonly onEnd?: () => void;
  /** Of the admin listener, beside its own: the dev network has some. */
  readonly extraRoutes?: readonly AdminRoute[];
  /** Processes that serve S3 requests instead of this one; absent: this process does everything. */
  readonly requests?: RequestProcesses | undefined;
}

interface Parts {
  readonly services: Services;
  readonly security: ListenerSecurity;
  readonly audit: AuditLog;
  readonly reloading: GatewayReload;
  /** Undefined where other processes serve requests. */
  readonly s3: S3Server | undefined;
  readonly serving: S3Serving;
  readonly requests: RequestProcesses | undefined;
  readonly admin: AdminServer;
  readonly users: S3Server | undefined;
  readonly history: History;
  readonly peer: PeerServer | undefined;
  readonly everyone: PublicServer | undefined;
  readonly registering: RegisterGateway;
  readonly chainStatus: ChainStatus;
  readonly tracing: Tracing | undefined;
  readonly endpoints: Endpoints;
  readonly drain: Drain;
  readonly config: Config;
  readonly log: Logger;
}

/**
 * The composition root: constructs every service from one configuration, starts it, and ends it in order. Of several
 * processes it runs in one, the background process, and the others serve S3 requests.
 */
export class GatewayServer implements Running {
  private constructor(private readonly parts: Parts) {}

  get endpoint(): string {
    return this.parts.endpoints.s3;
  }

  get adminEndpoint(): string {
    return this.parts.endpoints.admin;
  }

  get peerEndpoint(): string | undefined {
    return this.parts.endpoints.peers;
  }

  /** Of the console for users. */
  get consoleEndpoint(): string | undefined {
    return this.parts.endpoints.console;
  }

  get publicEndpoint(): string | undefined {
    return this.parts.endpoints.public;
  }

  /**
   * The caller must hold `config.dataDir` open as a DataFolder. Resolves when S3 requests are answered. The chain may
   * still be connecting then: `/health/ready` tells. Rejects with ConfigError.
   */
  static async start(
    config: Config,
    { log, droppedLines = () => 0, extraRoutes = [], requests, onEnd = endProcess }: GatewayServerComponents,
  ): Promise<GatewayServer> {
    const security = new ListenerSecurity({ clock: systemClock, log }, config);
    const audit = openAuditLog(config.dataDir, log);
    const keys = await gatewayKeys(config, log);
    const accounts = new Accounts(config.accounts, keys.keys);
    const signer = await signerOf(config.chain);
    const tracing = await openTracing(config.tracing);
    const services = await openServices(config, {
      ...{ accounts, signer, gatewayKeys: keys, log },
      ...{ traced: tracing?.traced, requestProcesses: requests?.settings.processes ?? 0, onEnd: ending(log, onEnd) },
    });
    await accounts.load(services.catalog);
    if (services.limits) security.share(services.limits);
    ChainWarnings.start({ ...services, accounts: () => accounts.all, clock: systemClock, log }, config.chain);
    await startWorkers(services, accounts, config, log);
    const chainStatus = chainStatusOf(config, services, accounts, log);
    const metrics = new Metrics({ services, accounts, chainStatus, droppedLines });
    metrics.listeners(security);
    const drain = new Drain();
    const keeper = keepLeases(config, services, chainStatus, audit, log);
    metrics.leases(keeper.buyer);
    const others = requests ? [requests.check] : [];
    const checks = [keeper.check, services.registration, ...furtherChecks(services), ...others];
    const watch = gatewayHealth(config, services, accounts, drain, log, checks);
    // Also for what several request processes tell.
    const onWork = workNotice(services);
    const { paidUntil } = chainStatus;
    const gateway = await openGateway(config, { services, accounts, paidUntil, onWork, log });
    const identified = identification(config.identity, { accounts, sealer: keys.keys, clock: systemClock });
    const sidePart = { services, accounts, gateway, identification: identified, security, tracing, drain, log };
    // Also beside request processes: the console is here.
    const share = requests ? { index: 0, processes: 1, logs: "console" } : { index: 0, processes: 1 };
    const serving = await openS3Serving(config, { ...sidePart, requests: metrics.requests }, share);
    metrics.accessLogs(serving.spool);
    const s3 = requests ? undefined : s3Server(serving, security);
    metrics.health(watch, services);
    const s3Url = () => endpoints.s3;
    const parts = { services, accounts, gateway, health: watch.health, security, audit, s3Url, log };
    const registering = new RegisterGateway({ chain: services.chain, clock: systemClock, log });
    const { admin, users, history } = await openOperatorListeners(
      config,
      { ...parts, chainStatus, metrics: metrics.registry, serving, processes: requests },
      [...registering.routes(), ...extraRoutes],
    );
    const peer = peerServer(config, accounts, services, log, security.createServer("peers"));
    if (peer) metrics.peerServer(peer);
    const everyone = await publicServer(config, { ...parts, createServer: security.createServer("public") });
    if (everyone) metrics.publicServer(everyone);
    await requests?.listen(serveRequests({ ...services, onWork }), () => factsOf(services, chainStatus));
    const endpoints = await listenAll(config, security, { s3, admin, users, peer, everyone });
    const reloading = new GatewayReload({ accounts, security, audit, log }, config);
    const listeners = {
      s3,
      serving,
      admin,
      users,
      history,
      peer,
      everyone,
      registering,
      security,
      endpoints,
      drain,
      requests,
    };
    const server = new GatewayServer({ ...listeners, services, audit, reloading, chainStatus, tracing, config, log });
    if (s3) await server.serving(endpoints.s3);
    return server;
  }

  /**
   * To be called when S3 requests are answered. `again`: they were before, and this process alone was started again.
   */
  async serving(s3: string, again = false): Promise<void> {
    const { endpoints, services, config, registering, audit, log } = this.parts;
    endpoints.s3 = s3;
    await services.registration.listens(s3);
    logStart(log, endpoints, config, again);
    if (config.public.register && config.public.endpoint !== undefined) registering.start(config.public.endpoint);
    if (!again) await audit.record({ act: "start", by: processUser(), subject: s3, result: "done" });
  }

  /** Uses another configuration as far as that needs no restart. Never rejects: what is refused is in the log. */
  reload(load: LoadConfig): Promise<void> {
    return this.parts.reloading.run(load);
  }

  /** How long `close` takes at most, ms. */
  get closeMs(): number {
    return closeMs(this.parts.config);
  }

  /**
   * Not ready first, and still taking requests until load balancers have noticed; then nothing new, while what runs may
   * finish; then the background.
   */
  async close(options: CloseOptions): Promise<void> {
    await this.drain(options);
    await this.finish();
  }

  /** The first part of `close`: the listeners end, but the admin's. */
  async drain({ atOnce }: CloseOptions): Promise<void> {
    const { s3, users, peer, everyone, drain, config, log } = this.parts;
    const { drainSeconds } = config.shutdown;
    const delaySeconds = atOnce ? 0 : config.shutdown.delaySeconds;
    drain.begin();
    log.info({ delaySeconds, drainSeconds }, "the gateway ends");
    await systemClock.sleep(delaySeconds * 1000);
    drain.refuse();
    const graceMs = drainSeconds * 1000;
    await Promise.all([s3?.close(graceMs), users?.close(graceMs), everyone?.close(graceMs), peer?.close()]);
  }

  /** The second part of `close`: nobody makes requests any more. */
  async finish(): Promise<void> {
    const { services, security, audit, serving, history, requests, admin, chainStatus, tracing, registering } =
      this.parts;
    await services.supervisor.drain(DRAIN_MS.steps, DRAIN_MS.abort);
    await serving.spool.flush();
    await admin.close();
    await requests?.close();
    await registering.close();
    history.close();
    chainStatus.close();
    security.close();
    await closeServices(services);
    await tracing?.close();
    await audit.record({ act: "stop", by: processUser(), subject: this.endpoint, result: "done" });
  }
}

/** What is done when the gateway must end. */
function ending(log: Logger, end: () => void): (reason: string) => void {
  return (reason) => {
    log.fatal({ reason }, "the gateway must end");
    end();
  };
}

/** Of what is shared with other gateways, and what is read of them. */
function furtherChecks({ state: { shared }, followers }: Services): HealthCheck[] {
  return [...(shared ? [shared] : []), mountsCheck(followers)];
}

/** As an operator's signal. */
function endProcess(): void {
  process.kill(process.pid, "SIGTERM");
}

/** Begins to look after the territories that the accounts pay with. */
function keepLeases(
  config: Config,
  services: Services,
  chainStatus: ChainStatus,
  audit: AuditLog,
  log: Logger,
): LeaseKeeping {
  const { single, supervisor, guard } = services;
  const keeping = leaseKeeper(config, {
    ...services,
    catalog: single.catalogOf("leases"),
    leases: () => chainStatus.territories,
    onBought: () => chainStatus.refresh(),
    audit,
    clock: systemClock,
    log,
  });
  // Of a catalog that went back it is not known what was spent.
  supervisor.add(heldWhile(() => guard.fault !== undefined, single.run(keeping.worker)));
  return keeping;
}

/** What request processes are told unasked. */
function factsOf({ chain, guard }: Services, { allPaidUntil: paidUntil }: ChainStatus): Facts {
  return { account: chain.account, connected: chain.connected, paidUntil, keepRemoved: guard.fault !== undefined };
}

function chainStatusOf(config: Config, services: Services, accounts: Accounts, log: Logger): ChainStatus {
  const { session, chain, supervisor } = services;
  const onRead = () => supervisor.wake("leases");
  return new ChainStatus(
    { session, chain, clock: systemClock, log, accounts: () => accounts.all, onRead },
    { blockMs: config.chain.blockMs },
  );
}
