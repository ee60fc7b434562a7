import { sealedBy } from "../../src/keys/sealed-text.js";
import { slicesWithin } from "../../src/model/byte-slices.js";
import { segmentCount } from "../../src/model/file.js";
import type { Catalog } from "../../src/catalog/catalog.js";
import type { BlobSlice, ObjectVersion } from "../../src/model/object.js";
import { SEGMENT_SIZE } from "../../src/model/sizes.js";
import type { MemoryChain } from "../support/memory-chain.js";
import type { World } from "./checks.js";
import { stagedAt } from "./incarnation.js";
import { Violation } from "./service.js";
import { SimulatedFile } from "./simulated-disk.js";

/** What the chain's rules let happen and must never have happened. */
export function requireNoHazard(chain: Pick<MemoryChain, "overwrites" | "doubleListings">): void {
  if (chain.overwrites > 0)
    throw new Violation("a pending deal was declared again: its reports are forgotten, its space is locked for ever");
  if (chain.doubleListings > 0)
    throw new Violation("a stored file was declared again by its owner, who is listed and charged twice");
}

/**
 * Looks at one object of a client, between two turns, so that nothing moves meanwhile: what must hold at every moment,
 * whatever is wrong with the network. The services are asked directly; reading takes no virtual time.
 */
export async function inspect(world: World, random: () => number): Promise<void> {
  const { clients, keys, incarnation, disk, chain } = world;
  requireNoHazard(chain);
  const client = clients[Math.floor(random() * clients.length)];
  const key = keys[Math.floor(random() * keys.length)];
  if (!incarnation || !client || key === undefined) return;
  const { catalog } = incarnation.services;
  const queues = (await catalog.packs.queues()).filter(({ owner }) => owner === client.account.id);
  const waiting = queues.reduce((sum, { bytes }) => sum + bytes, 0);
  const undeclared = await catalog.objects.undeclaredBytes(client.account.id);
  if (undeclared < waiting)
    throw new Violation(`${waiting} bytes wait for a pack, and ${undeclared} count as on their way to the network`);
  const name = `${client.bucket}/${key}`;
  const version = await catalog.objects.get(client.bucket, key);
  if (!version) return;
  const wrapped = version.encryption?.wrapped;
  if (wrapped !== undefined && !["customer", ...(await catalog.keyUses.all())].includes(sealedBy(wrapped)))
    throw new Violation(`the catalog does not know that it needs the key of ${name}`);
  if (version.size === 0) return;
  if (version.extents.some(({ packed }) => packed)) requireLasting(world, version);
  if (version.durability.state === "stored") {
    for (const { fid } of version.extents) {
      const owners = chain.finalFile(fid)?.owners.map(({ account }) => account) ?? [];
      if (!owners.includes(client.account.cessAccount))
        throw new Violation(`${name} counts as stored, but no final block lists its file ${fid}`);
    }
  } else {
    const [extent] = version.extents;
    const run = extent?.packed && { start: extent.offset, end: extent.offset + extent.packed.length };
    const own = run ? [] : await catalog.objects.blobs(version.id);
    const staged = run
      ? slicesWithin(await catalog.packs.blobs(extent.file), run)
      : own.length > 0
        ? own
        : await restoredBytes(catalog, version);
    const bytes = staged.reduce((sum, { length }) => sum + length, 0);
    const enough = own.length > 0 || run ? bytes === (extent?.packed?.length ?? version.size) : bytes > 0;
    if (!enough) throw new Violation(`${name} is ${version.durability.state}, and its bytes are not staged any more`);
    for (const { blob, offset, length } of staged) {
      const { path, offset: begins } = stagedAt(blob);
      if (world.rot.harmed.has(path)) continue;
      const file = disk.entry(path);
      if (!(file instanceof SimulatedFile) || file.durable.length < begins + offset + length)
        throw new Violation(`${name} is ${version.durability.state}, and its blob ${blob} is not safely on the disk`);
    }
  }
  for (const { file, fid } of await catalog.objects.extents(version.id)) {
    const placed = (await catalog.files.placements(file)).map(({ node }) => node);
    if (new Set(placed).size !== placed.length)
      throw new Violation(`two fragment indexes of ${fid} are meant for one node`);
    const row = await catalog.files.get(file);
    if (row && row.segments.length !== segmentCount(row.size, row.format))
      throw new Violation(`${fid} has ${row.segments.length} segments for ${row.size} bytes`);
  }
}

/** Of files under repair, all segments; none at all if a file is neither so staged nor stored. */
async function restoredBytes(catalog: Catalog, version: ObjectVersion): Promise<BlobSlice[]> {
  const found: BlobSlice[] = [];
  for (const file of new Set(version.extents.map((extent) => extent.file))) {
    const row = await catalog.files.get(file);
    if (row?.state === "stored") continue;
    if (row?.restored !== true) return [];
    const bytes = row.blobs.reduce((sum, { length }) => sum + length, 0);
    const whole = row.segments.length * SEGMENT_SIZE;
    if (bytes !== (row.format.name === "plain" ? Math.min(row.size, whole) : whole)) return [];
    found.push(...row.blobs);
  }
  return found;
}

/** A packed object that is stored stays so, also while it moves from pack to pack. */
function requireLasting({ wasStored }: World, { id, bucket, key, durability }: ObjectVersion): void {
  if (durability.state === "stored") wasStored.add(id);
  else if (wasStored.has(id)) throw new Violation(`${bucket}/${key} was stored, and is ${durability.state} again`);
}
