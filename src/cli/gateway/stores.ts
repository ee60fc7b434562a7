import { availableParallelism } from "node:os";
import type { Logger } from "pino";
import { systemClock } from "../../async/system-clock.js";
import type { Blobs } from "../../blobs/blobs.js";
import type { Catalog, GatewayFacts } from "../../catalog/catalog.js";
import { ConfigError } from "../../config/config-error.js";
import type { Config } from "../../config/config.js";
import { DiskSpace } from "../../files/disk-space.js";
import { DIGEST_THREADS_DEFAULTS, DigestThreads } from "../../gateway/ingest/digest-threads.js";
import { DamageRecorder } from "../../maintenance/damage-recorder.js";
import type { DamageRecord } from "../../model/damage.js";
import type { TracedParts } from "../tracing/traced-parts.js";
import { openCatalog } from "./catalog.js";
import type { Staging } from "./found-staging.js";
import { gatewayIdentity } from "./gateway-identity.js";
import type { GatewayKeys } from "./gateway-keys.js";
import { findStaging } from "./staging.js";

/** The data folder's disk. */
export function diskSpace({ dataDir, reserveBytes }: Config): DiskSpace {
  return DiskSpace.of(dataDir, systemClock, { reserveBytes });
}

/**
 * The catalog that the configuration names, and who this gateway is among those that use it. `shared`: other processes of
 * this machine have it open, too. Rejects with CatalogUnusable and ConfigError.
 */
export async function openCatalogAndStaging(
  config: Config,
  { keys, settle }: GatewayKeys,
  parts: TracedParts,
  { shared }: { readonly shared: boolean },
): Promise<{ readonly facts: GatewayFacts; readonly catalog: Catalog; readonly staging: Staging }> {
  const facts = await gatewayIdentity(config, systemClock);
  const components = { clock: systemClock, sealer: keys, gateway: facts.id, shared };
  const catalog = parts.catalog(await openCatalog(config, components, facts.place));
  await settle(catalog);
  await requireRebuilt(catalog);
  return { facts, catalog, staging: await findStaging(config, catalog) };
}

/** Rejects with ConfigError while the catalog is only a part of what it is to be. */
async function requireRebuilt(catalog: Catalog): Promise<void> {
  const { rebuiltTo } = await catalog.journal.state();
  if (rebuiltTo === undefined) return;
  await catalog.close();
  throw new ConfigError("the catalog is being rebuilt, and that was broken off: run cess-s3 rebuild again");
}

export interface BlobsParts {
  readonly catalog: Catalog;
  readonly space: DiskSpace;
  readonly log: Logger;
  /** Asked at each removal: whether what nothing needs any more goes to quarantine. */
  readonly keepRemoved: () => boolean;
}

/** Opens staging, for this process. */
export async function openBlobs(
  staging: Staging,
  { catalog, space, log, keepRemoved }: BlobsParts,
): Promise<{ readonly blobs: Blobs; readonly onDamage: DamageRecord }> {
  const onDamage = new DamageRecorder({ catalog, log }).record;
  const blobs = await staging.open({
    several: catalog.shared,
    space,
    onDamage,
    keepRemoved,
    onFault: (error) => log.warn({ err: error }, "staging cannot be kept in order and will be tried again"),
  });
  return { blobs, onDamage };
}

/** Threads and memory are shared out among so many processes. */
export function openDigests(processes: number): DigestThreads {
  return new DigestThreads({
    threads: Math.max(1, Math.floor(availableParallelism() / processes)),
    memoryBytes: Math.ceil(DIGEST_THREADS_DEFAULTS.memoryBytes / processes),
  });
}
