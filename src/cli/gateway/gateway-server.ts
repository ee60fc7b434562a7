import type { Logger } from "pino";
import type { AdminRoute, AdminServer } from "../../admin/admin-server.js";
import type { AuditLog } from "../../admin/audit-log.js";
import { heldWhile } from "../../background/held-worker.js";
import type { Config } from "../../config/config.js";
import type { Settings } from "../../config/settings.js";
import { CessGateway, type GatewayComponents } from "../../gateway/cess-gateway.js";
import { NetworkBucket } from "../../gateway/objects/network-bucket.js";
import type { AccessSpool } from "../../maintenance/access-spool.js";
import { systemClock } from "../../async/system-clock.js";
import { coalesced } from "../../async/timer.js";
import { createS3App, type S3AppSettings } from "../../s3/app.js";
import type { DispatchComponents } from "../../s3/dispatch.js";
import { Drain } from "../../s3/drain.js";
import type { PeerServer } from "../../peers/peer-server.js";
import type { PublicServer } from "../../peers/public-server.js";
import { openAuditLog, processUser } from "../audit.js";
import { Accounts } from "./accounts.js";
import { openAccessLogs } from "./access-logs.js";
import { adminServer } from "./admin-listener.js";
import { ChainStatus } from "./chain-status.js";
import { ChainWarnings } from "./chain-warnings.js";
import { configSummary } from "./config-summary.js";
import { gatewayKeys } from "./gateway-keys.js";
import { gatewayHealth } from "../health/gateway-health.js";
import { GatewayReload } from "./gateway-reload.js";
import { leaseKeeper, type LeaseKeeping } from "./lease-keeping.js";
import { ListenerSecurity } from "./listener-security.js";
import { listen } from "../listen.js";
import { requestLog } from "../log/request-log.js";
import { Metrics } from "../metrics/metrics.js";
import { peerServer } from "./peer-listener.js";
import { publicServer } from "./public-listener.js";
import { RegisterGateway } from "./register-gateway.js";
import { closeServices, openServices, type Services } from "./services.js";
import { insightRoutes } from "./routes/insight-routes.js";
import { identification } from "./sessions.js";
import { S3Server } from "./s3-server.js";
import { openTracing } from "../tracing/open-tracing.js";
import type { Tracing } from "../tracing/tracing.js";
import type { CloseOptions, Running } from "../shutdown.js";
import { signerOf } from "./signer.js";
import { startWorkers, wakeAll } from "./workers.js";

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
  readonly security: ListenerSecurity;
  readonly audit: AuditLog;
  readonly reloading: GatewayReload;
  readonly s3: S3Server;
  readonly spool: AccessSpool;
  readonly admin: AdminServer;
  readonly peer: PeerServer | undefined;
  readonly everyone: PublicServer | undefined;
  readonly registering: RegisterGateway;
  readonly chainStatus: ChainStatus;
  readonly tracing: Tracing | undefined;
  readonly endpoints: Endpoints;
  readonly drain: Drain;
  readonly shutdown: Config["shutdown"];
  readonly log: Logger;
}

/** The composition root: constructs every service from one configuration, starts it, and ends it in order. */
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

  get publicEndpoint(): string | undefined {
    return this.parts.endpoints.public;
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
    const drain = new Drain();
    const keeper = keepLeases(config, services, chainStatus, audit, log);
    metrics.leases(keeper.buyer);
    const watch = gatewayHealth(config, services, accounts, drain, log, [keeper.check]);
    const network = await networkBucket(config, services, log);
    const gateway = cessGateway(config, services, accounts, { network, lease: leaseOf(chainStatus, log) });
    const { spool, accessLogger } = await openAccessLogs(config, services, gateway, log);
    metrics.accessLogs(spool);
    const s3 = s3Server(config, security, {
      gateway,
      credentials,
      sts,
      logger: log,
      drain,
      ...observers(metrics, log),
      ...(tracing && { trace: tracing.request }),
      onAccess: (entry) => void accessLogger.record(entry),
    });
    const { health } = watch;
    metrics.health(watch, services);
    const insight = insightRoutes(
      { services, health, chainStatus, metrics: metrics.registry },
      { packMaxAgeMs: config.packing.maxAgeSeconds * 1000 },
    );
    const parts = { services, accounts, metrics, health, security, audit };
    const registering = new RegisterGateway({ chain: services.chain, clock: systemClock, log });
    const admin = adminServer(config, parts, [...insight, ...registering.routes(), ...extraRoutes]);
    const peer = peerServer(config, accounts, services, log, security.createServer("peers"));
    if (peer) metrics.peerServer(peer);
    const everyone = await publicServer(config, {
      ...parts,
      gateway,
      log,
      createServer: security.createServer("public"),
      s3Url: () => endpoints.s3,
    });
    if (everyone) metrics.publicServer(everyone);
    const endpoints = await listenAll(config, security, { s3, admin, peer, everyone });
    const { s3: endpoint, admin: adminEndpoint, peers: peerEndpoint, public: publicEndpoint } = endpoints;
    log.info(
      { endpoint, adminEndpoint, peerEndpoint, publicEndpoint, ...configSummary(config) },
      "cess-s3 has started",
    );
    if (config.public.register && config.public.endpoint !== undefined) registering.start(config.public.endpoint);
    await audit.record({ act: "start", by: processUser(), subject: endpoint, result: "done" });
    const reloading = new GatewayReload({ accounts, security, audit, log }, config);
    const listeners = { s3, admin, peer, everyone, registering, security, endpoints, drain };
    const { shutdown } = config;
    return new GatewayServer({ ...listeners, services, audit, reloading, spool, chainStatus, tracing, shutdown, log });
  }

  /** Uses another configuration as far as that needs no restart. Never rejects: what is refused is in the log. */
  reload(load: () => Settings): Promise<void> {
    return this.parts.reloading.run(load);
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
    const { services, security, audit, s3, spool, admin, peer, everyone, chainStatus, tracing, drain, log } =
      this.parts;
    const { drainSeconds } = this.parts.shutdown;
    const delaySeconds = atOnce ? 0 : this.parts.shutdown.delaySeconds;
    drain.begin();
    log.info({ delaySeconds, drainSeconds }, "the gateway ends");
    await systemClock.sleep(delaySeconds * 1000);
    drain.refuse();
    await Promise.all([s3.close(drainSeconds * 1000), everyone?.close(drainSeconds * 1000), peer?.close()]);
    await services.supervisor.drain(DRAIN_MS.steps, DRAIN_MS.abort);
    await spool.flush();
    await admin.close();
    await this.parts.registering.close();
    chainStatus.close();
    security.close();
    await closeServices(services);
    await tracing?.close();
    await audit.record({ act: "stop", by: processUser(), subject: this.endpoint, result: "done" });
  }
}

/** URLs of the listeners. */
interface Endpoints {
  readonly s3: string;
  readonly admin: string;
  /** For other gateways; undefined when there is no such listener. */
  readonly peers: string | undefined;
  /** For everyone; undefined when there is no such listener. */
  readonly public: string | undefined;
}

/** Rejects with ConfigError when the system refuses an address. */
async function listenAll(
  config: Config,
  security: ListenerSecurity,
  { s3, admin, peer, everyone }: Pick<Parts, "s3" | "admin" | "peer" | "everyone">,
): Promise<Endpoints> {
  const { listen: s3Listen, adminListen, peers, public: settings } = config;
  return {
    s3: await listen("listen", s3, s3Listen, security.scheme("s3")),
    admin: await listen("adminListen", admin, adminListen, security.scheme("admin")),
    peers: peer && peers.listen && (await listen("peers.listen", peer, peers.listen, security.scheme("peers"))),
    public:
      everyone &&
      settings.listen &&
      (await listen("public.listen", everyone, settings.listen, security.scheme("public"))),
  };
}

function s3Server(
  config: Config,
  security: ListenerSecurity,
  components: Omit<Parameters<typeof createS3App>[0], "clock" | "rates" | "createServer">,
): S3Server {
  const { rates } = security;
  const secured = { clock: systemClock, rates, createServer: security.createServer("s3") };
  return new S3Server(createS3App({ ...components, ...secured }, appSettings(config)));
}

/** S3's meaning, over the services. */
function cessGateway(
  config: Config,
  services: Services,
  accounts: Accounts,
  own: Pick<GatewayComponents, "network" | "lease">,
): CessGateway {
  return new CessGateway(
    {
      ...services,
      accounts,
      files: services.retrieval.files,
      ...own,
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
      outlive: config.leases.outlive,
    },
  );
}

/** Begins to look after the territories that the accounts pay with. */
function keepLeases(
  config: Config,
  services: Services,
  chainStatus: ChainStatus,
  audit: AuditLog,
  log: Logger,
): LeaseKeeping {
  const keeping = leaseKeeper(config, {
    ...services,
    leases: () => chainStatus.territories,
    onBought: () => chainStatus.refresh(),
    audit,
    clock: systemClock,
    log,
  });
  // Of a catalog that went back it is not known what was spent.
  services.supervisor.add(heldWhile(() => services.guard.fault !== undefined, keeping.worker));
  return keeping;
}

/** What the gateway knows of the time that accounts have paid for. */
function leaseOf({ paidUntil }: ChainStatus, log: Logger): NonNullable<GatewayComponents["lease"]> {
  return { paidUntil, onOutlived: (fields, text) => log.warn(fields, text) };
}

function chainStatusOf(config: Config, services: Services, accounts: Accounts, log: Logger): ChainStatus {
  const { session, chain, supervisor } = services;
  const onRead = () => supervisor.wake("leases");
  return new ChainStatus(
    { session, chain, clock: systemClock, log, accounts: () => accounts.all, onRead },
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
