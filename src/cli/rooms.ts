import { join } from "node:path";
import type { Logger } from "pino";
import { Supervisor } from "../background/supervisor.js";
import type { Blobs } from "../blobs/blobs.js";
import { FileBlobs } from "../blobs/file-blobs.js";
import { TieredCache } from "../cache/tiered-cache.js";
import type { Catalog } from "../catalog/catalog.js";
import { openSqliteCatalog } from "../catalog/sqlite/sqlite-catalog.js";
import type { Config } from "../config/config.js";
import type { KeyRing } from "../keys/key-ring.js";
import { Distribution } from "../distribution/distribution.js";
import { ThreadEncoder } from "../encoding/thread-encoder.js";
import { systemClock } from "../model/system-clock.js";
import { CessChain } from "../network/chain/chain-client.js";
import { ChainSession } from "../network/chain/chain-session.js";
import type { Signer } from "../network/chain/accounts.js";
import { FinalMark } from "../network/chain/final-mark.js";
import { DigestThreads } from "../gateway/ingest/digest-threads.js";
import { BookedNodes } from "../network/nodes/booked-nodes.js";
import { HttpNodes } from "../network/nodes/http-nodes.js";
import { KeptNodeBook, type NodeBookSettings } from "../network/nodes/kept-node-book.js";
import { LimitedNodes } from "../network/nodes/limited-nodes.js";
import { ResumablePreprocessing } from "../preprocessing/resumable-preprocessing.js";
import { NetworkRetrieval } from "../retrieval/network-retrieval.js";
import type { GatewayPeers } from "../peers/gateway-peers.js";
import type { Accounts } from "./accounts.js";
import { JsonShelf } from "./json-shelf.js";
import { placementPolicy } from "./placement.js";
import type { GatewayKeys } from "./gateway-keys.js";
import { gatewayPeers } from "./gateway-peers.js";

/** Every room of the house but the wire, constructed and connected; nothing runs yet. */
export interface Rooms {
  readonly keys: KeyRing;
  readonly catalog: Catalog;
  readonly blobs: Blobs;
  readonly encoder: ThreadEncoder;
  readonly digests: DigestThreads;
  readonly preprocessing: ResumablePreprocessing;
  readonly session: ChainSession;
  readonly chain: CessChain;
  readonly mark: FinalMark;
  readonly http: HttpNodes;
  readonly book: KeptNodeBook;
  readonly cache: TieredCache;
  /** Undefined when no other gateway is to be asked. */
  readonly peers: GatewayPeers | undefined;
  readonly retrieval: NetworkRetrieval;
  readonly supervisor: Supervisor;
  readonly distribution: Distribution;
}

export async function openRooms(
  config: Config,
  accounts: Accounts,
  signer: Signer,
  { keys, settle }: GatewayKeys,
  log: Logger,
): Promise<Rooms> {
  const { dataDir } = config;
  const clock = systemClock;
  const catalog = await openSqliteCatalog({ clock, sealer: keys }, { path: join(dataDir, "catalog.sqlite") });
  await settle(catalog);
  const blobs = await FileBlobs.open({ folder: join(dataDir, "blobs") });
  const encoder = new ThreadEncoder(config.encodingThreads === 0 ? {} : { threads: config.encodingThreads });
  const digests = new DigestThreads();
  const onFault = (error: unknown) => log.warn({ err: error }, "background work failed and will be tried again");
  const preprocessing = new ResumablePreprocessing({ catalog, blobs, encoder, onFault });
  const shelf = new JsonShelf({ folder: join(dataDir, "state") });
  const mark = await FinalMark.open(shelf);
  const session = new ChainSession({ endpoints: config.chain.endpoints }, mark);
  const chain = new CessChain({ session, signer });
  const http = new HttpNodes(
    { signer: chain },
    { allowPrivate: config.allowPrivateNodes, uploadBytesPerSecond: config.uploadBandwidth },
  );
  const book = await KeptNodeBook.open({ chain, clock, shelf }, bookSettings(config));
  // The book's measure is inside the limits: waiting for a free place is no fault of the node's.
  const nodes = new LimitedNodes({ nodes: new BookedNodes({ nodes: http, book, clock }) });
  const cache = new TieredCache(
    { verify: (bytes, hash) => encoder.verify(bytes, hash) },
    { folder: join(dataDir, "cache"), memoryBytes: config.cache.memory, diskBytes: config.cache.disk },
  );
  const policy = await placementPolicy(config.placement);
  const peers = gatewayPeers(config, chain, encoder);
  const retrieval = new NetworkRetrieval({ chain, nodes, book, cache, encoder, clock, ...(peers && { peers }) });
  const supervisor = new Supervisor({ clock, log });
  const distribution = new Distribution(
    {
      catalog,
      blobs,
      encoder,
      preprocessing,
      chain,
      nodes,
      book,
      clock,
      log,
      policy,
      owners: accounts.owner,
      wake: (worker) => supervisor.wake(worker),
    },
    { blockMs: config.chain.blockMs, reportTimeoutBlocks: config.reportTimeoutBlocks },
  );
  return {
    keys,
    catalog,
    blobs,
    encoder,
    digests,
    preprocessing,
    mark,
    session,
    chain,
    http,
    book,
    cache,
    peers,
    retrieval,
    supervisor,
    distribution,
  };
}

function bookSettings({ nodes }: Config): Partial<NodeBookSettings> {
  const { failures, missedReports, cooldownSeconds, maxCooldownSeconds } = nodes;
  return { failures, missedReports, firstCooldownMs: cooldownSeconds * 1000, maxCooldownMs: maxCooldownSeconds * 1000 };
}

/** In the order in which rooms depend on each other, the wire and the supervisor having ended before. */
export async function closeRooms(rooms: Rooms): Promise<void> {
  await rooms.distribution.close();
  await rooms.preprocessing.close();
  await rooms.chain.close();
  await rooms.session.close();
  await rooms.peers?.close();
  await rooms.http.close();
  // What is lost here is learned again; it must not keep the other rooms from closing.
  await Promise.allSettled([rooms.book.save(), rooms.mark.save()]);
  await rooms.cache.close();
  await rooms.encoder.close();
  await rooms.digests.close();
  await rooms.blobs.close();
  await rooms.catalog.close();
  await rooms.keys.close();
}
