import { LimitedNodes } from "../../src/network/nodes/limited-nodes.js";
import { Supervisor } from "../../src/background/supervisor.js";
import type { Progress, Worker } from "../../src/background/worker.js";
import type { FileBlobs } from "../../src/blobs/file-blobs.js";
import type { Catalog } from "../../src/catalog/catalog.js";
import { openSqliteCatalog } from "../../src/catalog/sqlite/sqlite-catalog.js";
import { SharedNonces } from "../../src/cli/gateway/shared-nonces.js";
import { SingleWorkers } from "../../src/cli/gateway/single-workers.js";
import { Distribution } from "../../src/distribution/distribution.js";
import { ORDER_NAMES, OrderNames } from "../../src/distribution/order-name.js";
import { Staging } from "../../src/gateway/ingest/staging.js";
import { DamageRecorder } from "../../src/maintenance/damage-recorder.js";
import { OrphanSweeper } from "../../src/maintenance/orphan-sweeper.js";
import { QuarantineKeeper } from "../../src/maintenance/quarantine-keeper.js";
import type { Account } from "../../src/model/account.js";
import type { Clock } from "../../src/model/clock.js";
import { FinalizedWatermark } from "../../src/network/chain/finalized-watermark.js";
import { MeasuredNodes } from "../../src/network/nodes/measured-nodes.js";
import { PersistentNodeRegistry } from "../../src/network/nodes/persistent-node-registry.js";
import type { SharedMemoryChain } from "../support/shared-memory-chain.js";
import { testKeys } from "../support/test-keys.js";
import { clusterWork, type ClusterStaging } from "./cluster-staging.js";
import { BLOCK_MS } from "./incarnation.js";
import type { LeaseWitness } from "./lease-witness.js";
import { setMachine, type Machine } from "./machine.js";
import { Owner, type Scheduler } from "./scheduler.js";
import { SimulatedChain, type ChainTrouble } from "./simulated-chain.js";
import type { SimulatedDisk } from "./simulated-disk.js";
import type { SimulatedNodes } from "./simulated-nodes.js";

export interface ClusterSurroundings {
  readonly scheduler: Scheduler;
  readonly disk: SimulatedDisk;
  readonly chain: SharedMemoryChain;
  readonly trouble: ChainTrouble;
  readonly nodes: SimulatedNodes;
  readonly staging: ClusterStaging;
  readonly leases: LeaseWitness;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly random: () => number;
  /** The one catalog. */
  readonly path: string;
  readonly leaseMs: number;
  /** Told of what a log would show as an error: nothing expected is. */
  readonly onError: (error: unknown) => void;
}

/** Between two rounds of a sweeper, ms. */
const SWEEP_MS = 10_000;

/** What requests use. */
export interface ClusterParts {
  readonly catalog: Catalog;
  readonly blobs: FileBlobs;
  readonly staging: Staging;
}

/** One process of one of several gateways: what is composed of it is what works at jobs. */
export class ClusterGateway {
  readonly owner: Owner;
  readonly machine: Machine;
  private parts: ClusterParts | undefined;
  private supervisor!: Supervisor;
  private readonly mourners = new Set<() => void>();

  /** `id`: the gateway's, whose processes follow each other. `skewMs`: by how much its clock is ahead. */
  constructor(
    private readonly world: ClusterSurroundings,
    readonly id: string,
    skewMs: number,
  ) {
    this.owner = new Owner(world.scheduler, id);
    this.owner.skewMs = skewMs;
    this.machine = {
      owner: this.owner,
      disk: world.disk,
      random: world.random,
      catalogSynced: 0,
      connections: new Set(),
      diskMs: () => 0.1 + 20 * world.random() ** 6,
    };
  }

  async open(): Promise<void> {
    const { world, owner, id } = this;
    const { random, leaseMs, accounts, onError } = world;
    setMachine(this.machine);
    const catalog = await openSqliteCatalog(
      { clock: owner, sealer: testKeys, gateway: id },
      { path: world.path, shared: true, maxBatchMs: Infinity, checkpointRows: 0 },
    );
    // Its own property: a fenced catalog is made of these.
    Object.assign(catalog, { jobs: world.leases.over(catalog.jobs, id) });
    const log = { warn: () => undefined, error: ({ err }: { err?: unknown }) => onError(err) } as never;
    const nonces = new SharedNonces({ catalog, log }, { account: "signer", reserveMs: leaseMs });
    const kept = new Map<string, unknown>();
    const store = {
      get: (key: string) => Promise.resolve(kept.get(key)),
      set: (key: string, value: unknown) => Promise.resolve(kept.set(key, value)),
    };
    const watermark = await FinalizedWatermark.open(store);
    const chain = new SimulatedChain(world.chain, owner, world.trouble, random, watermark, nonces);
    const registry = PersistentNodeRegistry.inMemory({ chain, clock: owner });
    const nodes = new LimitedNodes({
      nodes: new MeasuredNodes({ nodes: world.nodes.seenBy(owner), registry, clock: owner }),
    });
    const supervisor = new Supervisor({ clock: owner, log });
    const onDamage = new DamageRecorder({ catalog, log: { error: () => undefined } }).record;
    const blobs = await world.staging.open(owner, catalog, onDamage, onError);
    const distribution = new Distribution(
      {
        ...clusterWork(owner, random, blobs, onDamage),
        blobs,
        catalog,
        chain,
        nodes,
        registry,
        clock: owner,
        log,
        random,
        owners: (account) => accounts.get(account),
        orderNames: new OrderNames(testKeys.derive(ORDER_NAMES)),
        wake: (worker) => supervisor.wake(worker),
      },
      { blockMs: BLOCK_MS, leaseMs, storeConcurrency: 3 },
    );
    await catalog.jobs.releaseOwn();
    await catalog.locks.releaseOwn();
    for (const { worker, concurrency } of distribution.workers) supervisor.add(worker, concurrency);
    const single = new SingleWorkers({ catalog, clock: owner, log }, { leaseMs });
    supervisor.add(single.run(new Spender(single.catalogOf("spender"), owner, random)));
    // Of the staging that all share: each gateway sweeps it, as each writes to it.
    supervisor.add(new OrphanSweeper({ catalog, blobs, clock: owner }, { intervalMs: SWEEP_MS }));
    const keeper = { keepMs: 8 * SWEEP_MS, minFreeBytes: 1, intervalMs: SWEEP_MS };
    supervisor.add(new QuarantineKeeper({ catalog, blobs, clock: owner }, keeper));
    distribution.watch();
    this.parts = { catalog, blobs, staging: new Staging({ catalog, blobs, onFault: onError }) };
    this.supervisor = supervisor;
    void this.lookAfterNonces(nonces);
  }

  /** Asks this gateway something; never answered when it dies meanwhile, and undefined then. */
  ask<T>(question: (parts: ClusterParts, wake: (worker: string) => void) => Promise<T>): Promise<T | undefined> {
    const { parts } = this;
    if (!this.owner.alive || !parts) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const mourn = () => resolve(undefined);
      this.mourners.add(mourn);
      this.owner.schedule(1, () => {
        void question(parts, (worker) => this.supervisor.wake(worker))
          .then(resolve, reject)
          .finally(() => this.mourners.delete(mourn));
      });
    });
  }

  /** Whether it answers. */
  get isUp(): boolean {
    return this.owner.alive && this.parts !== undefined;
  }

  kill(): void {
    this.owner.alive = false;
    for (const connection of [...this.machine.connections]) connection.close();
    for (const mourn of [...this.mourners]) mourn();
  }

  /** As the submitter at each final block. */
  private async lookAfterNonces(nonces: SharedNonces): Promise<void> {
    const { chain, trouble, onError } = this.world;
    for (;;) {
      await this.owner.sleep(BLOCK_MS);
      if (trouble.unreachable) continue;
      try {
        const { block, nonce } = chain.final;
        const { resend, gap } = await nonces.finalized(block, nonce, block - 5);
        for (const hex of resend) chain.resend(hex);
        if (gap) void chain.remark(nonces).catch(() => undefined);
      } catch (error) {
        onError(error);
      }
    }
  }
}

/**
 * Spends, as whoever renews territories: what it spends next depends on what was spent before, and nothing may be spent
 * twice. It reads, waits and writes, so two at once, or one that lost its lock, would.
 */
class Spender implements Worker {
  readonly name = "spender";

  constructor(
    private readonly catalog: Catalog,
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  async step(): Promise<Progress> {
    const spent = (await this.catalog.leases.spends(0)).length;
    // Some calls hear no signal.
    await this.clock.sleep(50 + 5_000 * this.random() ** 2);
    await this.catalog.leases.planSpend({
      kind: "renew",
      cessAccount: "cXalice",
      territory: "home",
      amount: BigInt(spent),
      before: 0n,
    });
    return { kind: "idle", until: this.clock.now() + 10_000 };
  }
}
