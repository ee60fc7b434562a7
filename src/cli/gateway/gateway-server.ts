import { join } from "node:path";
import type { Logger } from "pino";
import { AdminServer, type AdminRoute } from "../../admin/admin-server.js";
import type { Health } from "../../admin/health.js";
import type { Config } from "../../config/config.js";
import { readSecret } from "../../config/secret.js";
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
import { Drain } from "../../s3/drain.js";
import type { PeerServer } from "../../peers/peer-server.js";
import { Accounts } from "./accounts.js";
import { adminRoutes } from "./admin-routes.js";
import { ChainStatus } from "./chain-status.js";
import { ChainWarnings } from "./chain-warnings.js";
import { configSummary } from "./config-summary.js";
import { gatewayKeys } from "./gateway-keys.js";
import { gatewayHealth } from "../health/gateway-health.js";
import { listen } from "../listen.js";
import { requestLog } from "../log/request-log.js";
import { Metrics } from "../metrics/metrics.js";
import { peerServer } from "./peer-listener.js";
import { closeServices, openServices, type Services } from "./services.js";
import { insightRoutes } from "./routes/insight-routes.js";
import { identification } from "./sessions.js";
import { S3Server } from "./s3-server.js";
import { openTracing } from "../tracing/open-tracing.js";
import type { Tracing } from "../tracing/tracing.js";
import type { CloseOptions, Running } from "../shutdown.js";
import { signerOf } from "./signer.js";

/** How long running job steps may take to finish after the requests, and to react when they are told to end, ms. */
const DRAIN_MS = { steps: 1_500, abort: 1_000 };
/** How long all may take that follows the last request, ms: job steps, and closing what there is. */
const BACKGROUND_MS = 4_500;

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

interface Parts {
  readonly services: Services;
  readonly s3: S3Server;
  readonly spool: AccessSpool;
  readonly admin: AdminServer;
  readonly peer: PeerServer | undefined;
  readonly chainStatus: ChainStatus;
  readonly tracing: Tracing | undefined;
  readonly endpoint: string;
  readonly adminEndpoint: string;
  readonly peerEndpoint: string | undefined;
  readonly drain: Drain;
  readonly shutdown: Config["shutdown"];
  readonly log: Logger;
}

/** The composition root: constructs every service from one configuration, starts it, and ends it in order. */
export class GatewayServer implements Running {
  private constructor(private readonly parts: Parts) {}

  get endpoint(): string {
    return this.parts.endpoint;
  }

  get adminEndpoint(): string {
    return this.parts.adminEndpoint;
  }

  /** URL for other gateways; undefined when there is no such listener. */
  get peerEndpoint(): string | undefined {
    return this.parts.peerEndpoint;
  }

  /**
   * The caller must hold `config.dataDir` open as a DataFolder. Resolves when S3 requests are answered. The chain may
   * still be connecting then: `/health/ready` tells. Rejects with ConfigError.
   */
  static async start(
    config: Config,
    { log, droppedLines = () => 0, extraRoutes = [] }: GatewayServerComponents,
  ): Promise<GatewayServer> {
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
    const drain = new Drain();
    const watch = gatewayHealth(config, services, accounts, drain, log);
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
          drain,
          ...observers(metrics, log),
          ...(tracing && { trace: tracing.request }),
          onAccess: (entry) => void accessLogger.record(entry),
        },
        appSettings(config),
      ),
    );
    const { health } = watch;
    metrics.health(watch, services);
    const insight = insightRoutes(
      { services, health, chainStatus, metrics: metrics.registry },
      { packMaxAgeMs: config.packing.maxAgeSeconds * 1000 },
    );
    const admin = adminServer(config, services, accounts, metrics, health, [...insight, ...extraRoutes]);
    const peer = peerServer(config, accounts, services, log);
    if (peer) metrics.peerServer(peer);
    const endpoint = await listen("listen", s3, config.listen);
    const adminEndpoint = await listen("adminListen", admin, config.adminListen);
    const peerEndpoint = peer && config.peers.listen && (await listen("peers.listen", peer, config.peers.listen));
    log.info({ endpoint, adminEndpoint, peerEndpoint, ...configSummary(config) }, "cess-s3 has started");
    const { shutdown } = config;
    return new GatewayServer({
      services,
      s3,
      spool,
      admin,
      peer,
      chainStatus,
      tracing,
      endpoint,
      adminEndpoint,
      peerEndpoint,
      drain,
      shutdown,
      log,
    });
  }

  /** How long `close` takes at most, ms. */
  get closeMs(): number {
    const { delaySeconds, drainSeconds } = this.parts.shutdown;
    return (delaySeconds + drainSeconds) * 1000 + BACKGROUND_MS;
  }

  /**
   * Not ready first, and still taking requests until load balancers have noticed; then nothing new, while what runs may
   * finish; then the background.
   */
  async close({ atOnce }: CloseOptions): Promise<void> {
    const { services, s3, spool, admin, peer, chainStatus, tracing, drain, log } = this.parts;
    const { drainSeconds } = this.parts.shutdown;
    const delaySeconds = atOnce ? 0 : this.parts.shutdown.delaySeconds;
    drain.begin();
    log.info({ delaySeconds, drainSeconds }, "the gateway ends");
    await systemClock.sleep(delaySeconds * 1000);
    drain.refuse();
    await Promise.all([s3.close(drainSeconds * 1000), peer?.close()]);
    await services.supervisor.drain(DRAIN_MS.steps, DRAIN_MS.abort);
    await spool.flush();
    await admin.close();
    chainStatus.close();
    await closeServices(services);
    await tracing?.close();
  }
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
      quota: { staleMs: config.chain.staleSeconds * 1000 },
    },
  );
}

async function accessLogs(
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

function adminServer(
  { adminListen, adminNames }: Config,
  services: Services,
  accounts: Accounts,
  metrics: Metrics,
  health: Health,
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
      routes: [...adminRoutes(services, accounts), ...routes],
    },
    { names: [adminListen.host, ...adminNames] },
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
    ...(tokenFile === undefined ? {} : { token: readSecret(tokenFile, `notifications.webhooks[${index}].tokenFile`) }),
  }));
  supervisor.add(new Notifier({ ...shared, webhooks, log }, { maxAgeMs: notifications.maxAgeDays * 86_400_000 }));
  distribution.watch();
}

function wakeAll({ supervisor, distribution }: Services): void {
  for (const { worker } of distribution.workers) supervisor.wake(worker.name);
  supervisor.wake("notifier");
}

function appSettings({ region, trustProxy, domain, websiteDomain, limits }: Config): Partial<S3AppSettings> {
  return {
    region,
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
