import { join } from "node:path";
import type { Logger } from "pino";
import { AdminServer, type AdminRoute } from "../../admin/admin-server.js";
import type { AuditLog } from "../../admin/audit-log.js";
import { Health, type HealthCheck } from "../../admin/health.js";
import type { Config } from "../../config/config.js";
import { readSecret } from "../../config/secret.js";
import type { Settings } from "../../config/settings.js";
import { CessGateway } from "../../gateway/cess-gateway.js";
import { RegistrySaver } from "../../maintenance/registry-saver.js";
import { NetworkBucket } from "../../gateway/objects/network-bucket.js";
import { AccessLogger } from "../../maintenance/access-logger.js";
import { AccessSpool } from "../../maintenance/access-spool.js";
import { LifecycleWorker } from "../../maintenance/lifecycle-worker.js";
import { Notifier } from "../../maintenance/notifier.js";
import { OrphanSweeper } from "../../maintenance/orphan-sweeper.js";
import { PreparationGc } from "../../maintenance/preparation-gc.js";
import { QuarantineKeeper } from "../../maintenance/quarantine-keeper.js";
import { UploadGc } from "../../maintenance/upload-gc.js";
import type { Worker } from "../../background/worker.js";
import { heldWhile } from "../../background/held-worker.js";
import { systemClock } from "../../async/system-clock.js";
import { coalesced } from "../../async/timer.js";
import { createS3App, type S3AppSettings } from "../../s3/app.js";
import type { DispatchComponents } from "../../s3/dispatch.js";
import type { PeerServer } from "../../peers/peer-server.js";
import { openAuditLog, processUser } from "../audit.js";
import { Accounts } from "./accounts.js";
import { adminRoutes } from "./admin-routes.js";
import { ChainStatus } from "./chain-status.js";
import { ChainWarnings } from "./chain-warnings.js";
import { configSummary } from "./config-summary.js";
import { gatewayKeys } from "./gateway-keys.js";
import { GatewayReload } from "./gateway-reload.js";
import { ListenerSecurity } from "./listener-security.js";
import { listen } from "../listen.js";
import { requestLog } from "../log/request-log.js";
import { Metrics } from "../metrics/metrics.js";
import { peerServer } from "./peer-listener.js";
import { catalogReason, closeServices, openServices, type Services } from "./services.js";
import { insightRoutes } from "./routes/insight-routes.js";
import { identification } from "./sessions.js";
import { S3Server } from "./s3-server.js";
import { openTracing } from "../tracing/open-tracing.js";
import type { Tracing } from "../tracing/tracing.js";
import type { Running } from "../shutdown.js";
import { signerOf } from "./signer.js";

/** How long running requests and job steps may take to finish after a signal; together less than the 10 s that are documented. */
const DRAIN_MS = { requests: 5_000, steps: 1_500, abort: 1_000 };

/**
 * Requests wake the workers no more often than this, ms: each look for jobs costs as much as a small request, and they
 * find many at a time.
 */
const WAKE_MS = 20;

export interface GatewayServerComponents {
  readonly log: Logger;
  /** Lines that the log has lost, for metrics. */
  readonly droppedLines?: () => number;
  /** Of the admin listener, beside its own: the dev network has some. */
  readonly extraRoutes?: readonly AdminRoute[];
}

/** The composition root: constructs every service from one configuration, starts it, and ends it in order. */
export class GatewayServer implements Running {
  private constructor(
    private readonly services: Services,
    private readonly security: ListenerSecurity,
    private readonly audit: AuditLog,
    private readonly reloading: GatewayReload,
    private readonly s3: S3Server,
    private readonly spool: AccessSpool,
    private readonly admin: AdminServer,
    private readonly peer: PeerServer | undefined,
    private readonly chainStatus: ChainStatus,
    private readonly tracing: Tracing | undefined,
    private readonly endpoints: Endpoints,
  ) {}

  get endpoint(): string {
    return this.endpoints.s3;
  }

  get adminEndpoint(): string {
    return this.endpoints.admin;
  }

  get peerEndpoint(): string | undefined {
    return this.endpoints.peers;
  }

  /**
   * The caller must hold `config.dataDir` open as a DataFolder. Resolves when S3 requests are answered. The chain may
   * still be connecting then: `/health/ready` tells. Rejects with ConfigError.
   */
  static async start(
    config: Config,
    { log, droppedLines = () => 0, extraRoutes = [] }: GatewayServerComponents,
  ): Promise<GatewayServer> {
    const security = new ListenerSecurity({ clock: systemClock, log }, config);
    const audit = openAuditLog(config.dataDir, log);
    const keys = await gatewayKeys(config, log);
    const accounts = new Accounts(config.accounts, keys.keys);
    const { sts, credentials } = identification(config.identity, { accounts, sealer: keys.keys, clock: systemClock });
    const signer = await signerOf(config.chain);
    const tracing = await openTracing(config.tracing);
    const services = await openServices(config, accounts, signer, keys, log, tracing?.traced);
    await accounts.load(services.catalog);
    ChainWarnings.start({ ...services, accounts: () => accounts.all, clock: systemClock, log }, config.chain);
    await startWorkers(services, config, log);
    const chainStatus = chainStatusOf(config, services, accounts, log);
    const metrics = new Metrics({ services, accounts, chainStatus, droppedLines });
    metrics.listeners(security);
    const network = await networkBucket(config, services, log);
    const gateway = cessGateway(config, services, accounts, network);
    const { spool, accessLogger } = await accessLogs(config, services, gateway, log);
    metrics.accessLogs(spool);
    const s3 = new S3Server(
      createS3App(
        {
          gateway,
          credentials,
          sts,
          clock: systemClock,
          logger: log,
          rates: security.rates,
          createServer: security.createServer("s3"),
          ...observers(metrics, log),
          ...(tracing && { trace: tracing.request }),
          onAccess: (entry) => void accessLogger.record(entry),
        },
        appSettings(config),
      ),
    );
    const health = new Health(systemClock, healthChecks(config, services));
    metrics.health(health);
    const insight = insightRoutes(
      { services, health, chainStatus, metrics: metrics.registry },
      { packMaxAgeMs: config.packing.maxAgeSeconds * 1000 },
    );
    const parts = { services, accounts, metrics, health, security, audit };
    const admin = adminServer(config, parts, [...insight, ...extraRoutes]);
    const peer = peerServer(config, accounts, services, log, security.createServer("peers"));
    if (peer) metrics.peerServer(peer);
    const endpoints = await listenAll(config, security, { s3, admin, peer });
    const { s3: endpoint, admin: adminEndpoint, peers: peerEndpoint } = endpoints;
    log.info({ endpoint, adminEndpoint, peerEndpoint, ...configSummary(config) }, "cess-s3 has started");
    await audit.record({ act: "start", by: processUser(), subject: endpoint, result: "done" });
    const reload = new GatewayReload({ accounts, security, audit, log }, config);
    const listeners = [s3, spool, admin, peer, chainStatus, tracing, endpoints] as const;
    return new GatewayServer(services, security, audit, reload, ...listeners);
  }

  /** Uses another configuration as far as that needs no restart. Never rejects: what is refused is in the log. */
  reload(load: () => Settings): Promise<void> {
    return this.reloading.run(load);
  }

  async close(): Promise<void> {
    await Promise.all([this.s3.close(DRAIN_MS.requests), this.peer?.close()]);
    await this.services.supervisor.drain(DRAIN_MS.steps, DRAIN_MS.abort);
    await this.spool.flush();
    await this.admin.close();
    this.chainStatus.close();
    this.security.close();
    await closeServices(this.services);
    await this.tracing?.close();
    await this.audit.record({ act: "stop", by: processUser(), subject: this.endpoint, result: "done" });
  }
}

/** URLs of the listeners. */
interface Endpoints {
  readonly s3: string;
  readonly admin: string;
  /** For other gateways; undefined when there is no such listener. */
  readonly peers: string | undefined;
}

/** Rejects with ConfigError when the system refuses an address. */
async function listenAll(
  config: Config,
  security: ListenerSecurity,
  { s3, admin, peer }: { readonly s3: S3Server; readonly admin: AdminServer; readonly peer: PeerServer | undefined },
): Promise<Endpoints> {
  const { listen: s3Listen, adminListen, peers } = config;
  return {
    s3: await listen("listen", s3, s3Listen, security.scheme("s3")),
    admin: await listen("adminListen", admin, adminListen, security.scheme("admin")),
    peers: peer && peers.listen && (await listen("peers.listen", peer, peers.listen, security.scheme("peers"))),
  };
}

/** Takes the lines of access logs to their buckets. */
async function accessLogs(
  config: Config,
  services: Services,
  gateway: CessGateway,
  log: Logger,
): Promise<{ readonly spool: AccessSpool; readonly accessLogger: AccessLogger }> {
  const spool = await AccessSpool.open(
    { folder: join(config.dataDir, "access-logs"), log },
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

/** S3's meaning, over the services. */
function cessGateway(
  config: Config,
  services: Services,
  accounts: Accounts,
  network: NetworkBucket | undefined,
): CessGateway {
  return new CessGateway(
    {
      ...services,
      accounts,
      files: services.retrieval.files,
      network,
      clock: systemClock,
      onWork: coalesced(systemClock, WAKE_MS, () => wakeAll(services)),
    },
    {
      region: config.region,
      newBuckets: config.newBuckets,
      encryption: config.encryption,
      packing: config.packing,
      multipartEtag: config.etag.multipart,
      lifecycleDayMs: config.lifecycleDayMs,
      webhooks: config.notifications.webhooks.map(({ name }) => name),
    },
  );
}

interface AdminParts {
  readonly services: Services;
  readonly accounts: Accounts;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly security: ListenerSecurity;
  readonly audit: AuditLog;
}

function adminServer(
  { adminListen, adminNames, admin }: Config,
  { services, accounts, metrics, health, security, audit }: AdminParts,
  routes: readonly AdminRoute[],
): AdminServer {
  return new AdminServer(
    {
      metrics: metrics.registry,
      health,
      dropCache: () => {
        services.retrieval.forgetObjects();
        return services.cache.clear();
      },
      access: security.adminAccess,
      audit,
      clock: systemClock,
      createServer: security.createServer("admin"),
      routes: [...adminRoutes(services, accounts), ...routes],
    },
    { names: [adminListen.host, ...adminNames], publicMetrics: admin.publicMetrics },
  );
}

function chainStatusOf(config: Config, services: Services, accounts: Accounts, log: Logger): ChainStatus {
  const { session, chain } = services;
  return new ChainStatus(
    { session, chain, clock: systemClock, log, accounts: () => accounts.all },
    { blockMs: config.chain.blockMs },
  );
}

/** Who is told of each request. */
function observers({ requests }: Metrics, log: Logger): Pick<DispatchComponents, "onArrival" | "onAnswer"> {
  const line = requestLog(log);
  return {
    onArrival: requests.onArrival,
    onAnswer: (answered) => {
      requests.onAnswer(answered);
      line?.(answered);
    },
  };
}

/** What readiness depends on. */
function healthChecks({ chain }: Config, services: Services): HealthCheck[] {
  return [
    {
      name: "chain",
      reason: () =>
        services.chain.connected ? undefined : `the chain is not connected: ${chain.endpoints.join(", ")}`,
    },
    {
      name: "catalog",
      reason: () => (services.guard.fault === undefined ? undefined : catalogReason(services.guard.fault)),
    },
  ];
}

/** The bucket of all files on the network; undefined when it is off, or when a user's bucket has its name. */
async function networkBucket(
  { networkBucket: name, region }: Config,
  services: Services,
  log: Logger,
): Promise<NetworkBucket | undefined> {
  const bucket = await NetworkBucket.open({ ...services, files: services.retrieval.files }, { name, region });
  if (!bucket && name !== "")
    log.warn({ bucket: name }, "a bucket has the network bucket's name: set networkBucket to another one");
  return bucket;
}

async function startWorkers(services: Services, config: Config, log: Logger): Promise<void> {
  const { catalog, blobs, guard, supervisor, distribution, packer, registry, scrubber, repairer } = services;
  const { lifecycleDayMs, notifications, quarantine } = config;
  await catalog.jobs.releaseAll();
  // Nothing is destroyed because of a catalog that went back.
  const held = (worker: Worker) => heldWhile(() => guard.fault !== undefined, worker);
  for (const { worker, concurrency } of distribution.workers)
    supervisor.add(worker.name === "delete" ? held(worker) : worker, concurrency);
  for (const worker of [packer, scrubber, held(repairer)]) supervisor.add(worker);
  const shared = { catalog, blobs, clock: systemClock };
  for (const worker of [
    guard,
    held(new OrphanSweeper({ ...shared, log })),
    held(
      new QuarantineKeeper(shared, {
        keepMs: quarantine.days * 86_400_000,
        minFreeBytes: quarantine.minFreeBytes,
      }),
    ),
    new PreparationGc(shared),
    new UploadGc(shared),
    new RegistrySaver({ registry, clock: systemClock }),
    held(new LifecycleWorker({ ...shared, onWork: () => wakeAll(services) }, { dayMs: lifecycleDayMs })),
  ])
    supervisor.add(worker);
  const webhooks = notifications.webhooks.map(({ name, url, tokenFile }, index) => ({
    name,
    url,
    ...(tokenFile === undefined
      ? {}
      : { token: webhookToken(tokenFile, `notifications.webhooks[${index}].tokenFile`) }),
  }));
  supervisor.add(new Notifier({ ...shared, webhooks, log }, { maxAgeMs: notifications.maxAgeDays * 86_400_000 }));
  distribution.watch();
}

/** Read for each delivery: it may be renewed. Throws ConfigError when it cannot be read, now or then. */
function webhookToken(file: string, setting: string): () => string {
  const read = () => readSecret(file, setting);
  read();
  return read;
}

function wakeAll({ supervisor, distribution }: Services): void {
  for (const { worker } of distribution.workers) supervisor.wake(worker.name);
  supervisor.wake("notifier");
}

function appSettings({
  region,
  acceptAnyRegion,
  trustProxy,
  domain,
  websiteDomain,
  limits,
}: Config): Partial<S3AppSettings> {
  return {
    region,
    acceptAnyRegion,
    trustProxy,
    maxConnections: limits.maxConnections,
    maxRequests: limits.maxRequests,
    maxAnonymousRequests: limits.maxAnonymousRequests,
    headersTimeoutMs: limits.headerSeconds * 1000,
    documentMs: limits.documentSeconds * 1000,
    bodyIdleMs: limits.bodyIdleSeconds * 1000,
    ...(domain === undefined ? {} : { domain }),
    ...(websiteDomain === undefined ? {} : { websiteDomain }),
  };
}
