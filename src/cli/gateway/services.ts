import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { Supervisor } from "../../background/supervisor.js";
import type { Blobs } from "../../blobs/blobs.js";
import { TieredCache } from "../../cache/tiered-cache.js";
import type { Catalog, GatewayFacts } from "../../catalog/catalog.js";
import type { Config } from "../../config/config.js";
import type { SharedLimits } from "../../async/shared-limits.js";
import type { KeyRing } from "../../keys/key-ring.js";
import { Distribution } from "../../distribution/distribution.js";
import type { DistributionSettings } from "../../distribution/settings.js";
import { ORDER_NAMES, OrderNames } from "../../distribution/order-name.js";
import { ThreadEncoder } from "../../encoding/thread-encoder.js";
import { LoopPauses } from "../../async/loop-pauses.js";
import { systemClock } from "../../async/system-clock.js";
import { onOneDisk, type DiskSpace } from "../../files/disk-space.js";
import { CONNECTION_DEFAULTS } from "../../network/chain/connection.js";
import { CessChain } from "../../network/chain/chain-client.js";
import { ChainSession } from "../../network/chain/chain-session.js";
import type { Signer } from "../../network/chain/accounts.js";
import { FinalizedWatermark } from "../../network/chain/finalized-watermark.js";
import type { DigestThreads } from "../../gateway/ingest/digest-threads.js";
import { MeasuredNodes } from "../../network/nodes/measured-nodes.js";
import { HttpNodes } from "../../network/nodes/http-nodes.js";
import { PersistentNodeRegistry } from "../../network/nodes/persistent-node-registry.js";
import type { NodeRegistrySettings } from "../../network/nodes/registry-settings.js";
import { LimitedNodes } from "../../network/nodes/limited-nodes.js";
import { CatalogGuard } from "../../maintenance/catalog-guard.js";
import { putBackLinked } from "../../maintenance/quarantine-keeper.js";
import { Packer, PACKER_DEFAULTS, type PackerSettings } from "../../packing/packer.js";
import type { DamageRecord } from "../../model/damage.js";
import { ResumablePreprocessing } from "../../preprocessing/resumable-preprocessing.js";
import { ChainReceipts } from "../../receipts/chain-receipts.js";
import type { MountFollower } from "../../journal/mount-follower.js";
import type { NetworkFiles } from "../../retrieval/network-files.js";
import { NetworkRetrieval } from "../../retrieval/network-retrieval.js";
import { RestoredFragments } from "../../scrubbing/restored-fragments.js";
import type { GatewayPeers } from "../../peers/gateway-peers.js";
import type { PlacementTags } from "../../model/placement-tags.js";
import type { Traced } from "../../model/traced.js";
import { TracedParts } from "../tracing/traced-parts.js";
import type { Accounts } from "./accounts.js";
import { DatabaseClockCheck } from "../health/database-clock-check.js";
import { GatewayRegistration } from "./gateway-registration.js";
import { processLimits } from "../state/limits.js";
import { gatewayState, type GatewayState } from "../state/gateway-state.js";
import { JsonFileStore } from "../json-file-store.js";
import { openScrubbing, type Scrubbing } from "./scrubbing.js";
import { JsonReadingStore } from "./reading-store.js";
import { catalogPath } from "./catalog.js";
import { placementPolicy, placementTags } from "./placement.js";
import type { GatewayKeys } from "./gateway-keys.js";
import { openJournal, type JournalKeeping } from "./journal.js";
import { openShares, type Shares } from "./shares.js";
import { closeMounts, openFollowed, type OpenMount } from "./mounts.js";
import { diskSpace, openBlobs, openCatalogAndStaging, openDigests } from "./stores.js";
import { gatewayPeers } from "./gateway-peers.js";
import { SharedNonces } from "./shared-nonces.js";
import { SingleWorkers } from "./single-workers.js";
import type { Staging } from "./found-staging.js";

/** A chain whose best block does not move for so many blocks' time, or a minute, stands still. */
const STALLED_BLOCKS = 10;

/** A deletion on chain waits for a journal as long as so many of them may take. */
const JOURNALS_WAITED_FOR = 4;

/** All services but the listeners, constructed and connected. Nothing runs yet. */
export interface Services extends Scrubbing {
  readonly keys: KeyRing;
  readonly catalog: Catalog;
  /** This gateway among those that use the catalog. */
  readonly registration: GatewayRegistration;
  readonly databaseClock: DatabaseClockCheck;
  /** Of the data folder's disk. */
  readonly space: DiskSpace;
  /** Small state that may be lost. */
  readonly state: GatewayState;
  /** What clients may do, over all processes; undefined where this one is alone, or has no state in common with others. */
  readonly limits: SharedLimits | undefined;
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
  readonly receipts: ChainReceipts;
  /** What the chain says of files: the retrieval's. */
  readonly files: NetworkFiles;
  readonly supervisor: Supervisor;
  readonly distribution: Distribution;
  readonly packer: Packer;
  readonly journal: JournalKeeping;
  /** Buckets of other gateways, and what follows their journals. */
  readonly mounts: readonly OpenMount[];
  readonly followers: readonly MountFollower[];
  /** Buckets that others may read. */
  readonly shares: Shares;
  /** What of all gateways only one does. */
  readonly single: SingleWorkers;
  /** What buckets may choose by their tags. */
  readonly placementTags: PlacementTags;
}

export interface ServicesParts {
  readonly accounts: Accounts;
  readonly signer: Signer;
  readonly gatewayKeys: GatewayKeys;
  readonly log: Logger;
  readonly traced: Traced | undefined;
  /** Other processes that serve requests over the same catalog and staging; 0: this process is alone. */
  readonly requestProcesses: number;
  /** Called when this gateway must end, with why. */
  readonly onEnd: (reason: string) => void;
}

export async function openServices(config: Config, given: ServicesParts): Promise<Services> {
  const { accounts, signer, gatewayKeys, log, traced, requestProcesses } = given;
  const { encodingThreads: threads } = config;
  const clock = systemClock;
  const parts = new TracedParts(traced);
  const { onDamage, ...stores } = await openStores(config, given, parts);
  const { catalog, space, blobs } = stores;
  const encoder = new ThreadEncoder({ ...(threads > 0 && { threads }), onDamage });
  const digests = openDigests(Math.max(1, requestProcesses));
  const onFault = (error: unknown) => log.warn({ err: error }, "background work failed and will be tried again");
  const preprocessing = new ResumablePreprocessing({ catalog, blobs, encoder, onFault });
  const small = await openState(config, stores);
  const session = chainSession(config, small.watermark);
  const leaseMs = config.jobs.leaseSeconds * 1000;
  const chain = parts.chain(new CessChain({ session, signer, ...sharedNonces(stores, signer, log, leaseMs) }));
  const { http, pauses, registry, nodes } = await openNodes(config, chain, small.state, parts);
  const cache = await fragmentCache(config, encoder, space);
  const peers = gatewayPeers(config, chain, encoder);
  const staged = new RestoredFragments({ catalog, blobs });
  const found = { chain, nodes, registry, cache, encoder, clock, staged };
  const retrieval = new NetworkRetrieval({ ...found, ...(peers && { peers }) });
  const supervisor = new Supervisor({ clock, log });
  const wake = (worker: string) => supervisor.wake(worker);
  const single = new SingleWorkers({ catalog, clock, log }, { leaseMs });
  const shared = { catalog, blobs, preprocessing, clock, log, wake, onDamage, owners: accounts.owner };
  const tags = placementTags(config.placement);
  const policy = await placementPolicy(config.placement);
  const orderNames = new OrderNames(gatewayKeys.keys.derive(ORDER_NAMES));
  const placing = { policy, placementTags: tags, orderNames, ...(traced && { traced }) };
  const distribution = new Distribution(
    { ...shared, ...placing, encoder, chain, nodes, registry },
    distributionSettings(config),
  );
  const packer = new Packer(
    { ...shared, catalog: single.catalogOf("packer"), chain, retrieval },
    packerSettings(config),
  );
  const keeping = { ...given, keys: gatewayKeys.keys, orderNames, chain, ownCatalog: catalog };
  const journal = await openJournal(config, { ...shared, ...keeping, catalog: single.catalogOf("journal") });
  const followed = await openFollowed(config, gatewayKeys.keys, { catalog, chain, retrieval, files: retrieval.files });
  const shares = await openShares(config, { ...shared, ...keeping, catalog: single.catalogOf("shares"), signer });
  const scrubbing = openScrubbing(config, { ...shared, single, chain, registry, pauses, retrieval, http });
  return {
    ...stores,
    keys: gatewayKeys.keys,
    ...small,
    encoder,
    digests,
    preprocessing,
    session,
    chain,
    http,
    pauses,
    registry,
    cache,
    peers,
    retrieval,
    receipts: new ChainReceipts({ catalog, chain: session, signer: chain, owners: accounts.owner, clock }),
    files: retrieval.files,
    supervisor,
    distribution,
    packer,
    journal,
    ...followed,
    shares,
    single,
    placementTags: tags,
    ...scrubbing,
  };
}

/** What may be lost, here and together with other gateways; and what none of them may forget of the chain. */
async function openState(
  config: Config,
  { catalog, registration }: Pick<Services, "catalog" | "registration">,
): Promise<Pick<Services, "state" | "readings" | "limits" | "watermark">> {
  const clock = systemClock;
  const state = await gatewayState(config, catalog, clock);
  return {
    state,
    readings: new JsonReadingStore(state.own, state.shared),
    limits: state.shared && processLimits(state.shared, registration.facts, clock),
    watermark: await FinalizedWatermark.open(state.own, registration.several ? catalog.finalBlocks : undefined),
  };
}

/** Catalog and staging, and this gateway's place among those that use them. */
async function openStores(
  config: Config,
  { gatewayKeys, log, onEnd, requestProcesses }: ServicesParts,
  parts: TracedParts,
) {
  const shared = requestProcesses > 0;
  const { facts, catalog, staging } = await openCatalogAndStaging(config, gatewayKeys, parts, { shared });
  const registered = await register(config, facts, catalog, staging, log, onEnd);
  return { catalog, ...registered, ...(await guardedStaging(config, catalog, staging, log, parts)) };
}

/** Other gateways may sign for the same account. */
function sharedNonces(
  { catalog, registration }: Pick<Services, "catalog" | "registration">,
  { account }: Signer,
  log: Logger,
  reserveMs: number,
): { readonly nonces?: SharedNonces } {
  return registration.several ? { nonces: new SharedNonces({ catalog, log }, { account, reserveMs }) } : {};
}

/** The storage nodes: the client, and what is known of each. */
async function openNodes(config: Config, chain: CessChain, { own: store, shared }: GatewayState, parts: TracedParts) {
  const clock = systemClock;
  const http = new HttpNodes(
    { signer: chain },
    { allowPrivate: config.allowPrivateNodes, uploadBytesPerSecond: config.uploadBandwidth },
  );
  const pauses = new LoopPauses(clock).start();
  const registry = await PersistentNodeRegistry.open({ chain, clock, store, shared, pauses }, registrySettings(config));
  // Measured inside the limits: the time that a transfer waits for its turn must not count against the node.
  const nodes = new LimitedNodes({ nodes: parts.nodes(new MeasuredNodes({ nodes: http, registry, clock })) });
  return { http, pauses, registry, nodes };
}

function chainSession({ chain: { endpoints, blockMs } }: Config, watermark: FinalizedWatermark): ChainSession {
  const maxHeadAgeMs = Math.max(CONNECTION_DEFAULTS.maxHeadAgeMs, STALLED_BLOCKS * blockMs);
  return new ChainSession({ endpoints, maxHeadAgeMs }, watermark);
}

/** Before anything is changed: this gateway's clock is right, and its id is its own. Rejects with ConfigError. */
async function register(
  config: Config,
  facts: GatewayFacts,
  catalog: Catalog,
  { place }: Staging,
  log: Logger,
  onEnd: (reason: string) => void,
): Promise<Pick<Services, "registration" | "databaseClock">> {
  const clock = systemClock;
  const limitMs = config.gateway.clockSeconds * 1000;
  const databaseClock = new DatabaseClockCheck({ clock, gateways: catalog.gateways }, { limitMs });
  await databaseClock.require();
  const registration = await GatewayRegistration.enter(
    { catalog, clock, log, several: config.catalog.url !== undefined, staging: place },
    facts,
    onEnd,
  );
  return { registration, databaseClock };
}

/** Staging, guarded against a catalog that went back, on its share of the disk. */
async function guardedStaging(
  config: Config,
  catalog: Catalog,
  staging: Staging,
  log: Logger,
  parts: TracedParts,
): Promise<Pick<Services, "space" | "guard" | "blobs"> & { readonly onDamage: DamageRecord }> {
  const { dataDir } = config;
  const space = diskSpace(config);
  const guard = await CatalogGuard.open({ catalog, clock: systemClock, store: new JsonFileStore({ folder: dataDir }) });
  if (guard.fault !== undefined)
    log.error({ catalog: config.catalog.url ? "PostgreSQL" : catalogPath(dataDir) }, catalogReason(guard.fault));
  // The newest catalog, when it is put back, needs what an old one lets go of.
  const keepRemoved = () => guard.fault !== undefined;
  const { blobs, onDamage } = await openBlobs(staging, { catalog, space, log, keepRemoved });
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

function distributionSettings({ chain, reportTimeoutBlocks, jobs, journal }: Config): Partial<DistributionSettings> {
  return {
    blockMs: chain.blockMs,
    reportTimeoutBlocks,
    leaseMs: jobs.leaseSeconds * 1000,
    journalHoldMs: JOURNALS_WAITED_FOR * journal.maxAgeSeconds * 1000,
  };
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
  services.state.shared?.close();
  await services.cache.close();
  await services.encoder.close();
  await services.digests.close();
  await services.blobs.close();
  // The mark is behind then, as after a crash.
  await services.guard.close().catch(() => undefined);
  // Its id is free in a minute by itself.
  await services.registration.close().catch(() => undefined);
  await closeMounts(services.mounts);
  await services.catalog.close();
  await services.keys.close();
}
