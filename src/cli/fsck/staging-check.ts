import { isBlobId, placeInPack } from "../../blobs/blob-id.js";
import type { Blobs, StoredBlob } from "../../blobs/blobs.js";
import type { Catalog, LinkedBlob } from "../../catalog/catalog.js";
import type { BlobId } from "../../model/object.js";
import { readableBytes } from "../progress.js";
import type { Finding, Findings } from "./finding.js";

export interface StagingCheckComponents {
  readonly catalog: Pick<Catalog, "inspection" | "orphans">;
  readonly blobs: Blobs;
}

const BATCH = 256;

/** Staged bytes that the catalog links, against those that are there. */
export async function* checkStaging(components: StagingCheckComponents, repair: boolean): Findings {
  const aside = await quarantined(components.blobs);
  const back = new Set<string>();
  for await (const link of components.catalog.inspection.linkedBlobs()) {
    const file = aside.get(link.blob);
    if (file !== undefined && !back.has(file)) {
      if (repair) {
        await components.blobs.quarantine.putBack(file);
        back.add(file);
      }
      yield inQuarantine(link, repair);
    } else if (file === undefined) yield* checkBlob(components.blobs, link);
  }
}

async function quarantined({ quarantine }: Blobs): Promise<Map<BlobId, string>> {
  const found = new Map<BlobId, string>();
  for (const { name } of await quarantine.files())
    for (const blob of await quarantine.blobs(name)) found.set(blob, name);
  return found;
}

function inQuarantine({ blob, of }: LinkedBlob, repaired: boolean): Finding {
  return {
    kind: "blob-in-quarantine",
    subject: of,
    meaning: `its staged bytes (${blob}) are in quarantine, where nobody reads them`,
    remedy: repaired ? "they were put back" : "--repair puts them back; so does the start of the gateway",
    repaired,
  };
}

async function* checkBlob(blobs: Blobs, { blob, end, of }: LinkedBlob): Findings {
  const lost =
    "Restore it from a backup, or put the object again. If its file is stored on the chain, it can be read all the same";
  if (!isBlobId(blob)) {
    yield unreadable(of, `the catalog links ${String(blob)}, which is no blob`, lost);
    return;
  }
  const size = await blobs.sizeOf(blob);
  if (size === undefined) {
    yield unreadable(of, `its staged bytes are missing: there is no file ${blobs.where(blob)}`, lost);
    return;
  }
  if (size < end)
    yield {
      kind: "blob-short",
      subject: of,
      meaning: `its staged bytes end too early: ${blobs.where(blob)} has ${size} of ${end} bytes`,
      remedy: lost,
      repaired: false,
    };
}

function unreadable(subject: string, meaning: string, remedy: string): Finding {
  return { kind: "blob-missing", subject, meaning, remedy, repaired: false };
}

/**
 * Staged bytes that nothing links. `repair` sets them aside, as the gateway's sweeper does. Small blobs count when nothing
 * in their pack is linked: others go with their pack.
 */
export async function* checkOrphans({ catalog, blobs }: StagingCheckComponents, repair: boolean): Findings {
  const packs = new Map<string, { needed: boolean; ids: BlobId[]; bytes: number }>();
  const loose: BlobId[] = [];
  let bytes = 0;
  for await (const some of batches(blobs.list())) {
    const orphans = new Set(await catalog.orphans(some.map(({ id }) => id)));
    for (const { id, size } of some) {
      const place = placeInPack(id);
      if (place) {
        const pack = packs.get(place.pack) ?? { needed: false, ids: [], bytes: 0 };
        packs.set(place.pack, pack);
        if (orphans.has(id)) pack.ids.push(id);
        else pack.needed = true;
        pack.bytes += size;
      } else if (orphans.has(id)) {
        loose.push(id);
        bytes += size;
      }
    }
  }
  for (const { needed, ids, bytes: size } of packs.values()) {
    if (needed) continue;
    loose.push(...ids);
    bytes += size;
  }
  if (loose.length === 0) return;
  if (repair) await blobs.quarantine.add(loose);
  yield {
    kind: "blob-unlinked",
    subject: `${loose.length} staged blobs, ${readableBytes(bytes)}`,
    meaning: "no object needs them: requests that failed, or objects that this catalog has forgotten",
    remedy: repair
      ? "they are in quarantine now, and will be removed in days (quarantine.days)"
      : "--repair sets them aside in quarantine; so does the gateway while it runs",
    repaired: repair,
  };
}

async function* batches(blobs: AsyncIterable<StoredBlob>): AsyncGenerator<StoredBlob[], void> {
  let batch: StoredBlob[] = [];
  for await (const blob of blobs) {
    batch.push(blob);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
