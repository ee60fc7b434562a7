import { mkdir } from "node:fs/promises";
import type { Logger } from "pino";
import { AdminServer, type AdminRoute } from "../admin/admin-server.js";
import type { Config } from "../config/config.js";
import type { ListenAddress } from "../config/quantity.js";
import { CessGateway } from "../gateway/cess-gateway.js";
import { LifecycleWorker } from "../maintenance/lifecycle-worker.js";
import { OrphanSweeper } from "../maintenance/orphan-sweeper.js";
import { PreparationPruner } from "../maintenance/preparation-pruner.js";
import { UploadForgetter } from "../maintenance/upload-forgetter.js";
import { systemClock } from "../model/system-clock.js";
import { createS3App } from "../s3/app.js";
import { Accounts } from "./accounts.js";
import { Metrics } from "./metrics.js";
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
    private readonly admin: AdminServer,
    readonly endpoint: string,
    readonly adminEndpoint: string,
  ) {}

  /** Resolves when S3 requests are answered; the chain may still be connecting, `/health/ready` tells. */
  static async start(config: Config, { log, adminRoutes = [] }: GatewayServerComponents): Promise<GatewayServer> {
    const accounts = new Accounts(config.accounts);
    const signer = await signerOf(config.chain);
    await mkdir(config.dataDir, { recursive: true });
    const rooms = await openRooms(config, accounts, signer, log);
    await startWorkers(rooms, config);
    const metrics = new Metrics(rooms);
    const gateway = new CessGateway(
      { ...rooms, accounts, clock: systemClock, onWork: () => wakeAll(rooms) }, { region: config.region, newBuckets: config.newBuckets },
    );
    const s3 = new S3Server(createS3App(
      { gateway, credentials: accounts, clock: systemClock, logger: log, onAnswer: metrics.onAnswer },
      { region: config.region, trustProxy: config.trustProxy, ...(config.domain === undefined ? {} : { domain: config.domain }) },
    ));
    const admin = new AdminServer({
      metrics: metrics.registry,
      notReady: () => (rooms.chain.connected ? [] : ["the chain is not connected: " + config.chain.endpoints.join(", ")]),
      dropCache: () => rooms.cache.clear(),
      routes: adminRoutes,
    });
    const endpoint = await listen(s3, config.listen);
    return new GatewayServer(rooms, s3, admin, endpoint, await listen(admin, config.adminListen));
  }

  async close(): Promise<void> {
    await this.s3.close(DRAIN_MS.requests);
    await this.rooms.supervisor.drain(DRAIN_MS.steps, DRAIN_MS.abort);
    await this.admin.close();
    await closeRooms(this.rooms);
  }
}

async function startWorkers(rooms: Rooms, { lifecycleDayMs }: Config): Promise<void> {
  const { catalog, blobs, supervisor, distribution } = rooms;
  await catalog.jobs.releaseAll();
  for (const { worker, concurrency } of distribution.workers) supervisor.add(worker, concurrency);
  const shared = { catalog, blobs, clock: systemClock };
  for (const worker of [new OrphanSweeper(shared), new PreparationPruner(shared), new UploadForgetter(shared)]) supervisor.add(worker);
  supervisor.add(new LifecycleWorker({ ...shared, onWork: () => wakeAll(rooms) }, { dayMs: lifecycleDayMs }));
  distribution.watch();
}

function wakeAll({ supervisor, distribution }: Rooms): void {
  for (const { worker } of distribution.workers) supervisor.wake(worker.name);
}

async function listen(server: { listen(host: string, port: number): Promise<{ readonly port: number }> }, { host, port }: ListenAddress): Promise<string> {
  const actual = await server.listen(host, port);
  return `http://${host.includes(":") ? `[${host}]` : host}:${actual.port}`;
}
