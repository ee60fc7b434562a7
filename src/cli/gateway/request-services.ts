import type { Logger } from "pino";
import { onAbort } from "../../async/abort.js";
import type { SharedLimits } from "../../async/shared-limits.js";
import { systemClock } from "../../async/system-clock.js";
import { Supervisor } from "../../background/supervisor.js";
import type { Config } from "../../config/config.js";
import type { DigestThreads } from "../../gateway/ingest/digest-threads.js";
import { LocalClient } from "../../ipc/local-client.js";
import type { KeyRing } from "../../keys/key-ring.js";
import type { Traced } from "../../model/traced.js";
import { KnownFacts } from "../../remote/known-facts.js";
import type { Facts } from "../../remote/background-process.js";
import { RemoteChain } from "../../remote/remote-chain.js";
import { RemoteNetworkFiles } from "../../remote/remote-network-files.js";
import { RemotePreprocessing } from "../../remote/remote-preprocessing.js";
import { RemoteReceipts } from "../../remote/remote-receipts.js";
import { RemoteRetrieval } from "../../remote/remote-retrieval.js";
import { RemoteStore } from "../../remote/remote-store.js";
import { gatewayState, type GatewayState } from "../state/gateway-state.js";
import { limitsWorker, processLimits } from "../state/limits.js";
import { TracedParts } from "../tracing/traced-parts.js";
import type { GatewayKeys } from "./gateway-keys.js";
import { closeMounts, openMounts } from "./mounts.js";
import { placementTags } from "./placement.js";
import { JsonReadingStore } from "./reading-store.js";
import type { ProcessShare, RequestServices } from "./s3-services.js";
import { diskSpace, openBlobs, openCatalogAndStaging, openDigests } from "./stores.js";

/** The services of a process that only serves requests: what it does not have itself, it asks of the background process. */
export interface RemoteServices extends RequestServices {
  readonly keys: KeyRing;
  readonly digests: DigestThreads;
  readonly background: LocalClient;
  readonly facts: KnownFacts;
  readonly state: GatewayState;
  /** What is limited over all processes. */
  readonly limits: SharedLimits;
}

export interface RequestServicesParts {
  readonly keys: GatewayKeys;
  readonly log: Logger;
  readonly traced: Traced | undefined;
  /** What the background process asks of this one. */
  readonly calls: Readonly<Record<string, () => unknown>>;
}

export async function openRequestServices(
  config: Config,
  { keys, log, traced, calls }: RequestServicesParts,
  { index, processes }: ProcessShare,
  socket: string,
): Promise<RemoteServices> {
  const clock = systemClock;
  const parts = new TracedParts(traced);
  const facts = new KnownFacts();
  const background = new LocalClient(
    {
      clock,
      served: { calls, notices: { facts: (told: Facts) => facts.learn(told) } },
      onConnection: ({ ended }) => void onAbort(ended, () => facts.outdate()),
    },
    socket,
  );
  const opened = await openCatalogAndStaging(config, keys, parts, { shared: true });
  const { catalog, staging, facts: identity } = opened;
  const space = diskSpace(config);
  const { blobs } = await openBlobs(staging, { catalog, space, log, keepRemoved: () => facts.keepRemoved });
  const state = await gatewayState(config, catalog, clock);
  const supervisor = new Supervisor({ clock, log });
  const limits = processLimits(state.shared ?? new RemoteStore(background), identity, clock);
  supervisor.add(limitsWorker(limits, clock));
  return {
    keys: keys.keys,
    catalog,
    space,
    blobs: parts.blobs(blobs),
    digests: openDigests(processes),
    readings: new JsonReadingStore(state.own, state.shared, `territories-${index}`),
    placementTags: placementTags(config.placement),
    preprocessing: new RemotePreprocessing(background),
    chain: new RemoteChain({ background, facts }),
    files: new RemoteNetworkFiles(background),
    retrieval: new RemoteRetrieval(background),
    receipts: new RemoteReceipts(background),
    supervisor,
    mounts: await openMounts(config, keys.keys),
    state,
    limits,
    background,
    facts,
  };
}

/** The listener and the supervisor must have ended. */
export async function closeRequestServices(services: RemoteServices): Promise<void> {
  services.state.shared?.close();
  await services.background.close();
  await services.digests.close();
  await services.blobs.close();
  await closeMounts(services.mounts);
  await services.catalog.close();
  await services.keys.close();
}
