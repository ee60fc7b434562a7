import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { AdminServer, json, type AdminRoute } from "../admin/admin-server.js";
import { readSecret } from "../config/load.js";
import type { Config } from "../config/config.js";
import type { ListenAddress } from "../config/quantity.js";
import { CessGateway } from "../gateway/cess-gateway.js";
import { BookKeeper } from "../maintenance/book-keeper.js";
import { NetworkBucket } from "../gateway/objects/network-bucket.js";
import { AccessLogger } from "../maintenance/access-logger.js";
import { AccessSpool } from "../maintenance/access-spool.js";
import { LifecycleWorker } from "../maintenance/lifecycle-worker.js";
import { Notifier } from "../maintenance/notifier.js";
import { OrphanSweeper } from "../maintenance/orphan-sweeper.js";
import { PreparationPruner } from "../maintenance/preparation-pruner.js";
import { UploadForgetter } from "../maintenance/upload-forgetter.js";
import { systemClock } from "../model/system-clock.js";
import { createS3App } from "../s3/app.js";
import type { PeerServer } from "../peers/peer-server.js";
import { Accounts } from "./accounts.js";
import { gatewayKeys } from "./gateway-keys.js";
import { Metrics } from "./metrics.js";
import { peerServer } from "./peer-listener.js";
import { closeRooms, openRooms, type Rooms } from "./rooms.js";
import { S3Server } from "./s3-server.js";
import type { Running } from "./shutdown.js";
import { signerOf } from "./signer.js";

/** How long running requests and job steps may take to finish after a signal; together below the 10 s we promise. */
const DRAIN_MS = { requests: 5_000, steps: 1_500, abort: 1_000 };

export interface GatewayServerComponents {
  readonly log: Logger;
  readonly adminRoutes?: readonly AdminRoute[];
}

/** The composition root: constructs every room from one configuration, starts it, and ends it in order. */
export class GatewayServer implements Running {
  private constructor(
    private readonly rooms: Rooms,
    private readonly s3: S3Server,
    private readonly spool: AccessSpool,
    private readonly admin: AdminServer,
    private readonly peer: PeerServer | undefined,
    readonly endpoint: string,
    readonly adminEndpoint: string,
    /** Where other gateways fetch; undefined when they may not. */
    readonly peerEndpoint: string | undefined,
  ) {}

  /** Resolves when S3 requests are answered; the chain may still be connecting, `/health/ready` tells. */
  static async start(config: Config, { log, adminRoutes = [] }: GatewayServerComponents): Promise<GatewayServer> {
    const keys = await gatewayKeys(config, log);
    const accounts = new Accounts(config.accounts, keys.keys);
    const signer = await signerOf(config.chain);
    await mkdir(config.dataDir, { recursive: true });
    const rooms = await openRooms(config, accounts, signer, keys, log);
    await startWorkers(rooms, config, log);
    const metrics = new Metrics(rooms);
    const network = await networkBucket(config, rooms, log);
    const gateway = new CessGateway(
      { ...rooms, accounts, files: rooms.retrieval.files, network, clock: systemClock, onWork: () => wakeAll(rooms) },
      {
        region: config.region,
        newBuckets: config.newBuckets,
        encryption: config.encryption,
        multipartEtag: config.etag.multipart,
        lifecycleDayMs: config.lifecycleDayMs,
        webhooks: config.notifications.webhooks.map(({ name }) => name),
      },
    );
    const spool = await AccessSpool.open(
      { folder: join(config.dataDir, "access-logs"), log },
      { intervalMs: config.accessLogs.minutes * 60_000, fileBytes: config.accessLogs.bytes },
    );
    const accessLogger = new AccessLogger({
      ...rooms,
      spool,
      clock: systemClock,
      log,
      deliver: (logged, signal) => gateway.accessLogs.deliver(logged, signal),
    });
    rooms.supervisor.add(accessLogger);
    metrics.accessLogs(spool);
    const s3 = new S3Server(
      createS3App(
        {
          gateway,
          credentials: accounts,
          clock: systemClock,
          logger: log,
          onAnswer: metrics.onAnswer,
          onAccess: (entry) => void accessLogger.record(entry),
        },
        {
          region: config.region,
          trustProxy: config.trustProxy,
          ...(config.domain === undefined ? {} : { domain: config.domain }),
          ...(config.websiteDomain === undefined ? {} : { websiteDomain: config.websiteDomain }),
        },
      ),
    );
    const admin = new AdminServer({
      metrics: metrics.registry,
      notReady: () =>
        rooms.chain.connected ? [] : ["the chain is not connected: " + config.chain.endpoints.join(", ")],
      dropCache: () => rooms.cache.clear(),
      routes: [nodeTable(rooms), ...adminRoutes],
    });
    const peer = peerServer(config, accounts, rooms, log);
    if (peer) metrics.peerServer(peer);
    const endpoint = await listen(s3, config.listen);
    const adminEndpoint = await listen(admin, config.adminListen);
    const peerEndpoint = peer && config.peers.listen && (await listen(peer, config.peers.listen));
    return new GatewayServer(rooms, s3, spool, admin, peer, endpoint, adminEndpoint, peerEndpoint);
  }

  async close(): Promise<void> {
    await Promise.all([this.s3.close(DRAIN_MS.requests), this.peer?.close()]);
    await this.rooms.supervisor.drain(DRAIN_MS.steps, DRAIN_MS.abort);
    await this.spool.flush();
    await this.admin.close();
    await closeRooms(this.rooms);
  }
}

/** The admin endpoint's table of storage nodes, the best first. */
function nodeTable({ book }: Rooms): AdminRoute {
  const rows = () => book.table().sort((a, b) => Number(b.registered) - Number(a.registered) || b.quality - a.quality);
  const run = async () => {
    // A chain that does not answer must not hide what is remembered.
    await book.nodes().catch(() => undefined);
    return json(rows());
  };
  return { method: "GET", path: /^\/nodes$/, run };
}

/** The bucket of all files on the network; undefined when the operator wants none, or a user's bucket has its name. */
async function networkBucket(
  { networkBucket: name, region }: Config,
  rooms: Rooms,
  log: Logger,
): Promise<NetworkBucket | undefined> {
  const bucket = await NetworkBucket.open({ ...rooms, files: rooms.retrieval.files }, { name, region });
  if (!bucket && name !== "")
    log.warn({ bucket: name }, "a bucket has the network bucket's name: set networkBucket to another one");
  return bucket;
}

async function startWorkers(rooms: Rooms, { lifecycleDayMs, notifications }: Config, log: Logger): Promise<void> {
  const { catalog, blobs, supervisor, distribution, book } = rooms;
  await catalog.jobs.releaseAll();
  for (const { worker, concurrency } of distribution.workers) supervisor.add(worker, concurrency);
  const shared = { catalog, blobs, clock: systemClock };
  for (const worker of [
    new OrphanSweeper(shared),
    new PreparationPruner(shared),
    new UploadForgetter(shared),
    new BookKeeper({ book, clock: systemClock }),
  ])
    supervisor.add(worker);
  supervisor.add(new LifecycleWorker({ ...shared, onWork: () => wakeAll(rooms) }, { dayMs: lifecycleDayMs }));
  const webhooks = notifications.webhooks.map(({ name, url, tokenFile }) => ({
    name,
    url,
    ...(tokenFile === undefined ? {} : { token: readSecret(tokenFile) }),
  }));
  supervisor.add(new Notifier({ ...shared, webhooks, log }, { maxAgeMs: notifications.maxAgeDays * 86_400_000 }));
  distribution.watch();
}

function wakeAll({ supervisor, distribution }: Rooms): void {
  for (const { worker } of distribution.workers) supervisor.wake(worker.name);
  supervisor.wake("notifier");
}

async function listen(
  server: { listen(host: string, port: number): Promise<{ readonly port: number }> },
  { host, port }: ListenAddress,
): Promise<string> {
  const actual = await server.listen(host, port);
  return `http://${host.includes(":") ? `[${host}]` : host}:${actual.port}`;
}
