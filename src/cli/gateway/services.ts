import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { Supervisor } from "../../background/supervisor.js";
import { inPack } from "../../blobs/blob-id.js";
import type { Blobs } from "../../blobs/blobs.js";
import { FileBlobs } from "../../blobs/file-blobs.js";
import { TieredCache } from "../../cache/tiered-cache.js";
import type { Catalog } from "../../catalog/catalog.js";
import { openSqliteCatalog } from "../../catalog/sqlite/sqlite-catalog.js";
import type { Config } from "../../config/config.js";
import type { KeyRing } from "../../keys/key-ring.js";
import { Distribution } from "../../distribution/distribution.js";
import { ORDER_NAMES, OrderNames } from "../../distribution/order-name.js";
import { ThreadEncoder } from "../../encoding/thread-encoder.js";
import { LoopPauses } from "../../async/loop-pauses.js";
import { systemClock } from "../../async/system-clock.js";
import { DiskSpace, onOneDisk } from "../../files/disk-space.js";
import { CONNECTION_DEFAULTS } from "../../network/chain/connection.js";
import { CessChain } from "../../network/chain/chain-client.js";
import { ChainSession } from "../../network/chain/chain-session.js";
import type { Signer } from "../../network/chain/accounts.js";
import { FinalizedWatermark } from "../../network/chain/finalized-watermark.js";
import { DigestThreads } from "../../gateway/ingest/digest-threads.js";
import type { KeyValueStore } from "../../network/key-value-store.js";
import { MeasuredNodes } from "../../network/nodes/measured-nodes.js";
import { HttpNodes } from "../../network/nodes/http-nodes.js";
import { PersistentNodeRegistry } from "../../network/nodes/persistent-node-registry.js";
import type { NodeRegistrySettings } from "../../network/nodes/registry-settings.js";
import { LimitedNodes } from "../../network/nodes/limited-nodes.js";
import { CatalogGuard } from "../../maintenance/catalog-guard.js";
import { putBackLinked } from "../../maintenance/quarantine-keeper.js";
import { Packer, PACKER_DEFAULTS, type PackerSettings } from "../../packing/packer.js";
import type { DamageRecord } from "../../model/damage.js";
import { DamageRecorder } from "../../maintenance/damage-recorder.js";
import { ResumablePreprocessing } from "../../preprocessing/resumable-preprocessing.js";
import { NetworkRetrieval } from "../../retrieval/network-retrieval.js";
import { RestoredFragments } from "../../scrubbing/restored-fragments.js";
import type { GatewayPeers } from "../../peers/gateway-peers.js";
import type { Traced } from "../../model/traced.js";
import { TracedParts } from "../tracing/traced-parts.js";
import type { Accounts } from "./accounts.js";
import { JsonFileStore } from "../json-file-store.js";
import { openScrubbing, type Scrubbing } from "./scrubbing.js";
import { JsonReadingStore } from "./reading-store.js";
import { placementPolicy } from "./placement.js";
import type { GatewayKeys } from "./gateway-keys.js";
import { gatewayPeers } from "./gateway-peers.js";

/** A chain whose best block does not move for so many blocks' time, or a minute, stands still. */
const STALLED_BLOCKS = 10;

/** All services but the listeners, constructed and connected. Nothing runs yet. */
export interface Services extends Scrubbing {
  readonly keys: KeyRing;
  readonly catalog: Catalog;
  /** Of the data folder's disk. */
  readonly space: DiskSpace;
  /** What was last read of the accounts that pay. */
  readonly readings: JsonReadingStore;
  readonly blobs: Blobs;
  readonly guard: CatalogGuard;
  readonly encoder: ThreadEncoder;
  readonly digests: DigestThreads;
  readonly preprocessing: ResumablePreprocessing;
  readonly session: ChainSession;
  readonly chain: CessChain;
  readonly watermark: FinalizedWatermark;
  readonly http: HttpNodes;
  readonly pauses: LoopPauses;
  readonly registry: PersistentNodeRegistry;
  readonly cache: TieredCache;
  /** Undefined when no other gateway is to be asked. */
  readonly peers: GatewayPeers | undefined;
  readonly retrieval: NetworkRetrieval;
  readonly supervisor: Supervisor;
  readonly distribution: Distribution;
  readonly packer: Packer;
}

export async function openServices(
  config: Config,
  accounts: Accounts,
  signer: Signer,
  gatewayKeys: GatewayKeys,
  log: Logger,
  traced?: Traced,
): Promise<Services> {
  const { dataDir, encodingThreads: threads } = config;
  const clock = systemClock;
  const parts = new TracedParts(traced);
  const catalog = await openCatalog(config, gatewayKeys, parts);
  const { space, guard, blobs, onDamage } = await openStaging(config, catalog, log, parts);
  const encoder = new ThreadEncoder({ ...(threads > 0 && { threads }), onDamage });
  const digests = new DigestThreads();
  const onFault = (error: unknown) => log.warn({ err: error }, "background work failed and will be tried again");
  const preprocessing = new ResumablePreprocessing({ catalog, blobs, encoder, onFault });
  const store = new JsonFileStore({ folder: join(dataDir, "state") });
  const watermark = await FinalizedWatermark.open(store);
  const session = chainSession(config, watermark);
  const chain = parts.chain(new CessChain({ session, signer }));
  const { http, pauses, registry, nodes } = await openNodes(config, chain, store, parts);
  const cache = await fragmentCache(config, encoder, space);
  const peers = gatewayPeers(config, chain, encoder);
  const staged = new RestoredFragments({ catalog, blobs });
  const found = { chain, nodes, registry, cache, encoder, clock, staged };
  const retrieval = new NetworkRetrieval({ ...found, ...(peers && { peers }) });
  const supervisor = new Supervisor({ clock, log });
  const wake = (worker: string) => supervisor.wake(worker);
  const shared = { catalog, blobs, preprocessing, clock, log, wake, onDamage, owners: accounts.owner };
  const distribution = new Distribution(
    {
      ...shared,
      encoder,
      chain,
      nodes,
      registry,
      policy: await placementPolicy(config.placement),
      ...(traced && { traced }),
      orderNames: new OrderNames(gatewayKeys.keys.derive(ORDER_NAMES)),
    },
    { blockMs: config.chain.blockMs, reportTimeoutBlocks: config.reportTimeoutBlocks },
  );
  const packer = new Packer({ ...shared, chain, retrieval }, packerSettings(config));
  const scrubbing = openScrubbing(config, { ...shared, chain, registry, pauses, retrieval, http });
  return {
    keys: gatewayKeys.keys,
    catalog,
    space,
    readings: new JsonReadingStore(store),
    blobs,
    guard,
    encoder,
    digests,
    preprocessing,
    watermark,
    session,
    chain,
    http,
    pauses,
    registry,
    cache,
    peers,
    retrieval,
    supervisor,
    distribution,
    packer,
    ...scrubbing,
  };
}

/** The storage nodes: the client, and what is known of each. */
async function openNodes(config: Config, chain: CessChain, store: KeyValueStore, parts: TracedParts) {
  const clock = systemClock;
  const http = new HttpNodes(
    { signer: chain },
    { allowPrivate: config.allowPrivateNodes, uploadBytesPerSecond: config.uploadBandwidth },
  );
  const pauses = new LoopPauses(clock).start();
  const registry = await PersistentNodeRegistry.open({ chain, clock, store, pauses }, registrySettings(config));
  // Measured inside the limits: the time that a transfer waits for its turn must not count against the node.
  const nodes = new LimitedNodes({ nodes: parts.nodes(new MeasuredNodes({ nodes: http, registry, clock })) });
  return { http, pauses, registry, nodes };
}

function chainSession({ chain: { endpoints, blockMs } }: Config, watermark: FinalizedWatermark): ChainSession {
  const maxHeadAgeMs = Math.max(CONNECTION_DEFAULTS.maxHeadAgeMs, STALLED_BLOCKS * blockMs);
  return new ChainSession({ endpoints, maxHeadAgeMs }, watermark);
}

async function openCatalog({ dataDir }: Config, { keys, settle }: GatewayKeys, parts: TracedParts): Promise<Catalog> {
  const opened = await openSqliteCatalog(
    { clock: systemClock, sealer: keys },
    { path: join(dataDir, "catalog.sqlite") },
  );
  const catalog = parts.catalog(opened);
  await settle(catalog);
  return catalog;
}

/** Staging, guarded against a catalog that went back, on its share of the disk. */
async function openStaging(
  { dataDir, reserveBytes }: Config,
  catalog: Catalog,
  log: Logger,
  parts: TracedParts,
): Promise<Pick<Services, "space" | "guard" | "blobs"> & { readonly onDamage: DamageRecord }> {
  const space = DiskSpace.of(dataDir, systemClock, { reserveBytes });
  const onDamage = new DamageRecorder({ catalog, log }).record;
  const guard = await CatalogGuard.open({ catalog, clock: systemClock, store: new JsonFileStore({ folder: dataDir }) });
  if (guard.fault !== undefined) log.error({ catalog: join(dataDir, "catalog.sqlite") }, catalogReason(guard.fault));
  const blobs = await FileBlobs.open({
    folder: join(dataDir, "blobs"),
    space,
    onDamage,
    linkedInPack: (pack) => catalog.inspection.linkedContaining(inPack(pack)),
    // The newest catalog, when it is put back, needs what an old one lets go of.
    keepRemoved: () => guard.fault !== undefined,
  });
  const back = await putBackLinked({ catalog, blobs });
  if (back > 0) log.warn({ files: back }, "the catalog needs blobs that were in quarantine: they are back");
  return { space, guard, blobs: parts.blobs(blobs), onDamage };
}

/** What operators read of a catalog that is not the newest. */
export function catalogReason(fault: string): string {
  return (
    `${fault}. Objects may be missing, and nothing is swept, deleted on the chain or expired until you decide: stop the ` +
    "gateway and put the newest catalog back (docs/deployment.md, The catalog went back), or accept this one with " +
    "cess-s3 fsck --accept-catalog"
  );
}

/** Where the cache shares the disk of the staged bytes, it gives way to them. */
async function fragmentCache(
  { dataDir, cache: { memory, disk } }: Config,
  encoder: ThreadEncoder,
  space: DiskSpace,
): Promise<TieredCache> {
  const folder = join(dataDir, "cache");
  await mkdir(folder, { recursive: true });
  const shared = await onOneDisk(folder, dataDir);
  const cache = new TieredCache(
    {
      verify: (bytes, hash) => encoder.verify(bytes, hash),
      ...(shared ? { isAmple: (bytes: number) => space.isAmple(bytes) } : {}),
    },
    { folder, memoryBytes: memory, diskBytes: disk },
  );
  if (shared) space.relieveBy((bytes) => cache.shrinkDisk(bytes));
  return cache;
}

function registrySettings({ nodes }: Config): Partial<NodeRegistrySettings> {
  const { failures, missedReports, cooldownSeconds, maxCooldownSeconds } = nodes;
  return { failures, missedReports, firstCooldownMs: cooldownSeconds * 1000, maxCooldownMs: maxCooldownSeconds * 1000 };
}

function packerSettings({ packing }: Config): Partial<PackerSettings> {
  const { segments, maxAgeSeconds, mergeBudget } = packing;
  const maxAgeMs = maxAgeSeconds * 1000;
  return { segments, maxAgeMs, mergeBudget, quietMs: Math.min(PACKER_DEFAULTS.quietMs, maxAgeMs) };
}

/** Closes services before those they depend on. The listeners and the supervisor must have ended. */
export async function closeServices(services: Services): Promise<void> {
  await services.distribution.close();
  await services.preprocessing.close();
  await services.chain.close();
  await services.session.close();
  await services.peers?.close();
  await services.http.close();
  services.pauses.close();
  // What these lose is learned again, so a failure must not keep the other services from closing.
  await Promise.allSettled([services.registry.save(), services.watermark.save()]);
  await services.cache.close();
  await services.encoder.close();
  await services.digests.close();
  await services.blobs.close();
  // The mark is behind then, as after a crash.
  await services.guard.close().catch(() => undefined);
  await services.catalog.close();
  await services.keys.close();
}
