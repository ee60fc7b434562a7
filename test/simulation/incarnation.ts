import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { Supervisor } from "../../src/background/supervisor.js";
import { inPack, placeInPack } from "../../src/blobs/blob-id.js";
import { FileBlobs } from "../../src/blobs/file-blobs.js";
import { TieredCache } from "../../src/cache/tiered-cache.js";
import type { Catalog } from "../../src/catalog/catalog.js";
import { openSqliteCatalog } from "../../src/catalog/sqlite/sqlite-catalog.js";
import { Distribution } from "../../src/distribution/distribution.js";
import { ORDER_NAMES, OrderNames } from "../../src/distribution/order-name.js";
import { AskingGateway } from "../support/asking-gateway.js";
import type { MultipartEtag } from "../../src/gateway/uploads/uploads.js";
import { CessGateway } from "../../src/gateway/cess-gateway.js";
import { CatalogGuard } from "../../src/maintenance/catalog-guard.js";
import { DamageRecorder } from "../../src/maintenance/damage-recorder.js";
import { OrphanSweeper } from "../../src/maintenance/orphan-sweeper.js";
import { PreparationGc } from "../../src/maintenance/preparation-gc.js";
import { putBackLinked, QuarantineKeeper } from "../../src/maintenance/quarantine-keeper.js";
import { UploadGc } from "../../src/maintenance/upload-gc.js";
import type { BlobId } from "../../src/model/object.js";
import type { Account } from "../../src/model/account.js";
import { FRAGMENT_SIZE } from "../../src/model/sizes.js";
import { FinalizedWatermark } from "../../src/network/chain/finalized-watermark.js";
import type { KeyValueStore } from "../../src/model/key-value-store.js";
import { MeasuredNodes } from "../../src/network/nodes/measured-nodes.js";
import { PersistentNodeRegistry } from "../../src/network/nodes/persistent-node-registry.js";
import { LimitedNodes } from "../../src/network/nodes/limited-nodes.js";
import { Packer } from "../../src/packing/packer.js";
import { ResumablePreprocessing } from "../../src/preprocessing/resumable-preprocessing.js";
import { FileLooks } from "../../src/scrubbing/file-look.js";
import { NodeRound } from "../../src/scrubbing/node-round.js";
import { Repairer } from "../../src/scrubbing/repairer.js";
import { RestoredFragments } from "../../src/scrubbing/restored-fragments.js";
import { Scrubber } from "../../src/scrubbing/scrubber.js";
import { LoopPauses } from "../../src/async/loop-pauses.js";
import { NetworkRetrieval } from "../../src/retrieval/network-retrieval.js";
import type { MemoryChain } from "../support/memory-chain.js";
import { InProcessEncoder } from "./in-process-encoder.js";
import type { Decay } from "./decay.js";
import type { Overload } from "./overload.js";
import { holdMs, keptJournal, type JournalSurroundings } from "./kept-journal.js";
import { setMachine, type Machine } from "./machine.js";
import type { Packing } from "./packing.js";
import { Owner, type Scheduler } from "./scheduler.js";
import { SimulatedChain, type ChainTrouble } from "./simulated-chain.js";
import type { SimulatedDisk } from "./simulated-disk.js";
import type { SimulatedNodes } from "./simulated-nodes.js";
import type { Secrecy } from "./secrecy.js";
import { testKeys } from "../support/test-keys.js";

export interface Surroundings {
  readonly scheduler: Scheduler;
  readonly disk: SimulatedDisk;
  readonly chain: MemoryChain;
  readonly trouble: ChainTrouble;
  /** What is kept from process to process beside catalog and blobs, by key. */
  readonly store: Map<string, unknown>;
  readonly nodes: SimulatedNodes;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly random: () => number;
  readonly secrecy: Secrecy;
  readonly multipartEtag: MultipartEtag;
  readonly packing: Packing;
  readonly decay: Decay;
  readonly overload: Overload;
  /** Where a journal is kept: how, and who watches it. */
  readonly journal?: JournalSurroundings;
  /** A real folder for the catalogs. */
  readonly folder: string;
  /** Told of what a log would show as an error: nothing expected is. */
  readonly onError: (error: unknown) => void;
  readonly maxSegmentsPerFile: number;
  /** Whether distribution has all the loops it has by default, or few. */
  readonly crowded: boolean;
  /** Between two rounds of the sweepers. */
  readonly sweepMs: number;
  /** How many times slower than a good one the disk is at its worst. */
  readonly diskSlowness: number;
}

export const BLOCK_MS = 6_000;
export const BLOBS_FOLDER = "/data/blobs";
/** Small enough that parts and objects lie on either side of every limit. */
const PACKS = { packedBytes: 700, packBytes: 3000, groupBytes: 1500 };

/** The file that holds a blob, and where in it the blob begins. */
export function stagedAt(blob: BlobId): { readonly path: string; readonly offset: number } {
  const place = placeInPack(blob);
  return place
    ? { path: `${BLOBS_FOLDER}/packs/${place.pack}`, offset: place.offset }
    : { path: `${BLOBS_FOLDER}/${blob.charAt(0)}/${blob}`, offset: 0 };
}

/** One process of the gateway: composed as `serve` does, minus the wire, over the simulated machine and network. */
export class Incarnation {
  readonly owner: Owner;
  readonly machine: Machine;
  private readonly path: string;
  /** By the path of a catalog that was left: how much of its log is on the disk. */
  private static readonly syncedLogs = new Map<string, number>();
  services!: Awaited<ReturnType<typeof openServices>>;

  constructor(
    readonly world: Surroundings,
    number: number,
  ) {
    this.owner = new Owner(world.scheduler, `gateway ${number}`);
    this.path = join(world.folder, String(number), "catalog.sqlite");
    this.machine = {
      owner: this.owner,
      disk: world.disk,
      random: world.random,
      catalogSynced: 0,
      connections: new Set(),
      diskMs: () => 0.1 + 20 * world.diskSlowness * world.random() ** 6,
    };
  }

  /** `source`: the catalog to begin with. */
  async boot(source: string): Promise<void> {
    mkdirSync(join(this.world.folder, this.owner.name.split(" ")[1]!), { recursive: true });
    copyCatalog(source, this.path);
    this.machine.catalogSynced = Incarnation.syncedLogs.get(source) ?? 0;
    setMachine(this.machine);
    this.services = await openServices(this.world, this.owner, this.path);
  }

  /**
   * The process runs no more. A kill leaves the catalog's log as it is; a power cut leaves it synced as far as it was,
   * and of the rest as much as the dice say. Returns where the catalog is.
   */
  kill(powerCut: boolean): string {
    const { random, disk } = this.world;
    this.owner.alive = false;
    const left = join(this.world.folder, `${this.owner.name} left`);
    const written = copyCatalog(this.path, left);
    const synced = Math.min(this.machine.catalogSynced, written);
    Incarnation.syncedLogs.set(left, synced);
    if (powerCut) {
      // What a power cut leaves is on the disk: the next process cannot lose it in another one.
      const kept = synced + Math.floor(random() * (written - synced + 1));
      if (written > 0) truncateSync(`${left}-wal`, kept);
      Incarnation.syncedLogs.set(left, kept);
      disk.powerCut(random);
    }
    this.bury();
    return left;
  }

  /** Ends as after SIGTERM. Returns the names of workers that did not obey, and where the catalog is. */
  async stop(): Promise<{ readonly stuck: readonly string[]; readonly left: string }> {
    const { supervisor, distribution, preprocessing, cache, guard, catalog } = this.services;
    const stuck = await supervisor.drain(1_500, 1_000);
    await distribution.close();
    await preprocessing.close();
    await cache.close();
    await guard.close();
    await catalog.close();
    this.owner.alive = false;
    const left = join(this.world.folder, `${this.owner.name} left`);
    copyCatalog(this.path, left);
    this.bury();
    return { stuck, left };
  }

  /** Rows of the running process's catalog, as they are committed. */
  rows<Row>(query: string): Row[] {
    const database = new Database(this.path, { readonly: true });
    try {
      return database.prepare(query).all() as Row[];
    } finally {
      database.close();
    }
  }

  private bury(): void {
    // Also one that ends in good order may be about to sign.
    this.world.chain.forgetReservations();
    for (const connection of [...this.machine.connections]) connection.close();
    rmSync(join(this.world.folder, this.owner.name.split(" ")[1]!), { recursive: true, force: true });
  }
}

/** A catalog without rows, to copy for each run. */
export async function makeEmptyCatalog(scheduler: Scheduler, disk: SimulatedDisk, path: string): Promise<void> {
  const owner = new Owner(scheduler, "template");
  setMachine({ owner, disk, random: () => 0.5, catalogSynced: 0, connections: new Set(), diskMs: () => 1 });
  const catalog: Catalog = await scheduler.run(
    openSqliteCatalog({ clock: owner, sealer: testKeys }, { path, checkpointRows: 0 }),
  );
  await scheduler.run(catalog.close());
}

/** The database with its log. Returns the log's bytes. */
export function copyCatalog(from: string, to: string): number {
  copyFileSync(from, to);
  const log = statSync(`${from}-wal`, { throwIfNoEntry: false });
  if (log) copyFileSync(`${from}-wal`, `${to}-wal`);
  return log?.size ?? 0;
}

/** All bytes of a catalog that was left. */
export function readCatalog(path: string): Buffer {
  return Buffer.concat([path, `${path}-wal`].filter((file) => existsSync(file)).map((file) => readFileSync(file)));
}

async function openServices(world: Surroundings, owner: Owner, path: string) {
  const { random, accounts, onError, maxSegmentsPerFile, secrecy, multipartEtag } = world;
  const packing = world.packing.next();
  const keys = secrecy.nextKeys();
  const clock = owner;
  const catalog = await openSqliteCatalog({ clock, sealer: keys }, { path, maxBatchMs: Infinity, checkpointRows: 0 });
  const onDamage = new DamageRecorder({ catalog, log: { error: () => undefined } }).record;
  const blobs = await FileBlobs.open({
    folder: BLOBS_FOLDER,
    ...PACKS,
    now: () => owner.now(),
    onDamage,
    linkedInPack: (pack) => catalog.inspection.linkedContaining(inPack(pack)),
  });
  const encoder = new InProcessEncoder(
    owner,
    random,
    (format, index, fragment) => {
      try {
        secrecy.requireOneContent(format, index, fragment);
      } catch (error) {
        onError(error);
      }
    },
    onDamage,
  );
  const log = { warn: () => undefined, error: ({ err }: { err?: unknown }) => onError(err) } as never;
  const preprocessing = new ResumablePreprocessing(
    { catalog, blobs, encoder },
    { maxSegmentsPerFile, parallelSegments: 2, parallelUploads: 2 },
  );
  const store: KeyValueStore = {
    get: (key) => Promise.resolve(world.store.get(key)),
    set: async (key, value) => {
      await owner.sleep(1 + 50 * random());
      world.store.set(key, value);
    },
  };
  const guard = await CatalogGuard.open({ catalog, store, clock }, { intervalMs: 15_000 });
  if (guard.fault !== undefined) onError(new Error(`after a crash: ${guard.fault}`));
  if ((await putBackLinked({ catalog, blobs })) > 0) onError(new Error("blobs that the catalog links were set aside"));
  const chain = new SimulatedChain(world.chain, owner, world.trouble, random, await FinalizedWatermark.open(store));
  const pauses = new LoopPauses(owner, { everyMs: 5_000, pauseMs: 2_000 });
  if (world.overload.active) pauses.start();
  const registry = PersistentNodeRegistry.inMemory({ chain, clock, pauses });
  const seen = world.nodes.seenBy(owner);
  const nodes = new LimitedNodes({ nodes: new MeasuredNodes({ nodes: seen, registry, clock }) }, { fetches: 8 });
  const cache = new TieredCache(
    { verify: (bytes, hash) => encoder.verify(bytes, hash) },
    { folder: "/data/cache", memoryBytes: 4 * FRAGMENT_SIZE, diskBytes: 8 * FRAGMENT_SIZE },
  );
  const retrieval = new NetworkRetrieval(
    { chain, nodes, registry, cache, encoder, clock, staged: new RestoredFragments({ catalog, blobs }) },
    {
      readAheadBytes: 3 * FRAGMENT_SIZE,
      heldBytes: 16 * FRAGMENT_SIZE,
      fetchBytes: 8 * FRAGMENT_SIZE,
      raceBytes: 24 * FRAGMENT_SIZE,
      objectCacheBytes: 2 * FRAGMENT_SIZE,
    },
  );
  const orderNames = new OrderNames(keys.derive(ORDER_NAMES));
  const supervisor = new Supervisor({ clock, log });
  const wake = (worker: string) => supervisor.wake(worker);
  const distribution = new Distribution(
    {
      catalog,
      blobs,
      encoder,
      preprocessing,
      chain,
      nodes,
      registry,
      clock,
      log,
      random,
      owners: (id) => accounts.get(id),
      orderNames,
      wake,
    },
    {
      blockMs: BLOCK_MS,
      // A job that nobody tells its worker of is to be seen.
      lookMs: Infinity,
      bytesInFlight: 12 * FRAGMENT_SIZE,
      ...(!world.crowded && { encodeConcurrency: 1, storeConcurrency: 2, deleteConcurrency: 1 }),
      ...(world.journal && { journalHoldMs: holdMs(world.journal) }),
    },
  );
  const packer = new Packer(
    { catalog, blobs, preprocessing, retrieval, chain, clock, log, owners: (id) => accounts.get(id), wake },
    packing.packer,
  );
  const kept = keptJournal(world.journal, {
    ...{ catalog, blobs, preprocessing, chain, orderNames, keys, owner, accounts, supervisor },
  });
  await kept?.begin();
  await catalog.jobs.releaseOwn();
  if (world.decay.active) {
    const parts = {
      catalog,
      blobs,
      chain,
      registry,
      retrieval,
      clock,
      log,
      wake,
      owners: (id: string) => accounts.get(id),
    };
    const looks = new FileLooks(
      { ...parts, fetcher: retrieval.fetcher, random: world.decay.random },
      world.decay.settings,
    );
    const nodeRound = new NodeRound({ ...parts, nodes: seen });
    supervisor.add(new Scrubber({ ...parts, looks, nodeRound }, world.decay.settings));
    supervisor.add(new Repairer({ ...parts, looks }, world.decay.settings));
  }
  if (kept) {
    supervisor.add(kept.fence);
    supervisor.add(kept.journal);
  }
  if (world.packing.used) supervisor.add(packer);
  for (const { worker, concurrency } of distribution.workers)
    supervisor.add(kept?.fenced(worker) ?? worker, concurrency);
  const shared = { catalog, blobs, clock };
  const every = { intervalMs: world.sweepMs };
  for (const worker of [
    guard,
    new QuarantineKeeper(shared, { keepMs: 20 * world.sweepMs, minFreeBytes: 1, ...every }),
    new OrphanSweeper(shared, every),
    new PreparationGc(shared, every),
    new UploadGc(shared, every),
  ])
    supervisor.add(worker);
  distribution.watch();
  const onWork = () => {
    for (const { worker } of distribution.workers) supervisor.wake(worker.name);
  };
  const asked = world.packing.used ? slowLookups(catalog, () => owner.sleep(world.packing.lookupMs())) : catalog;
  const cess = new CessGateway(
    { keys, catalog: asked, blobs, preprocessing, retrieval, chain, clock, onWork, onFault: onError },
    {
      encryption: { default: secrecy.operatorDefault },
      multipartEtag,
      packing: { maxObjectBytes: packing.maxObjectBytes },
      recoverable: kept !== undefined,
    },
  );
  return {
    catalog,
    blobs,
    guard,
    encoder,
    preprocessing,
    cache,
    retrieval,
    supervisor,
    distribution,
    packer,
    registry,
    gateway: new AskingGateway(cess),
  };
}

/** The catalog as one that is far away: between a look at an object's row and one at its bytes others have their turn. */
function slowLookups(catalog: Catalog, wait: () => Promise<void>): Catalog {
  const objects = Object.create(catalog.objects) as Catalog["objects"];
  const slow: Partial<Catalog["objects"]> = { blobs: (id) => wait().then(() => catalog.objects.blobs(id)) };
  return Object.assign(Object.create(catalog) as Catalog, { objects: Object.assign(objects, slow) });
}
