import type { Fid } from "../../src/model/hash.js";
import { FRAGMENT_SIZE, PACK_HEADER_BYTES, SEGMENT_SIZE } from "../../src/model/sizes.js";
import { mostBytes } from "../../src/packing/pack-writer.js";
import { LAYOUT_NAME } from "../../src/model/layout.js";
import type { World } from "./checks.js";
import { Violation } from "./service.js";

interface Pack {
  readonly id: number;
  readonly fid: Fid;
  readonly state: string;
  readonly packed: string;
  readonly owner: string;
  readonly territory: string;
  readonly segments: number;
  readonly size: number;
  readonly live: number;
}

/** What the packer has yet to do, in words; undefined: nothing. */
export function unpacked({ incarnation, packing }: World): string | undefined {
  if (!packing.used) return undefined;
  const [{ waiting, moves } = { waiting: 0, moves: 0 }] = incarnation!.rows<{ waiting: number; moves: number }>(
    "select (select count(*) from pack_queue) as waiting, (select count(*) from pack_moves) as moves",
  );
  if (waiting + moves > 0) return `${waiting} objects wait for a pack, ${moves} for their new one`;
  const groups = new Map<string, Pack[]>();
  for (const pack of packs(incarnation!)) {
    if (pack.state !== "stored" || pack.live === 0 || pack.live * 2 >= pack.segments * SEGMENT_SIZE) continue;
    const name = `${pack.owner} ${pack.territory} ${pack.packed}`;
    groups.set(name, [...(groups.get(name) ?? []), pack]);
  }
  for (const group of groups.values()) {
    const mergeable = emptiestToMerge(group, packing.current.packer);
    if (mergeable > 0) return `${mergeable} of ${group.length} packs below half could be merged, and are not`;
  }
  return undefined;
}

/** How many of one group's packs, the emptiest first, must be merged: each merge frees what it was allowed to cost. */
function emptiestToMerge(
  packs: readonly Pack[],
  settings: { readonly segments: number; readonly mergeBudget: number; readonly keepBelowHalf: number },
): number {
  const few = packs.length <= settings.keepBelowHalf && packs.every(({ segments }) => segments === 1);
  if (few) return 0;
  const ordered = [...packs].sort((a, b) => a.live - b.live);
  let [live, occupied, most] = [0, 0, 0];
  for (const [index, pack] of ordered.entries()) {
    live += pack.live;
    occupied += pack.segments;
    const bytes = mostBytes(live);
    const sent = Math.ceil(bytes / SEGMENT_SIZE);
    const freed = occupied - sent;
    if (bytes <= settings.segments * SEGMENT_SIZE && freed > 0 && sent <= settings.mergeBudget * freed)
      most = index + 1;
  }
  return most;
}

/** The packs that there are, by FID: at rest they stay the same. */
export function packNames({ incarnation }: World): string {
  return packs(incarnation!)
    .filter(({ state }) => state !== "deleting")
    .map(({ fid }) => fid.slice(0, 8))
    .sort()
    .join(", ");
}

function packs(incarnation: NonNullable<World["incarnation"]>): Pack[] {
  return incarnation.rows<Pack>(
    `select id, fid, state, packed, owner, territory, segment_count as segments, size, live_bytes as live
     from files where packed is not null`,
  );
}

/** Every packed object lies in a stored pack of its own account, and each pack knows how many bytes objects need. */
export async function checkPacks({ incarnation, chain, accounts, clients, keys }: World): Promise<void> {
  const runs = incarnation!.rows<{ file: number; offset: number; length: number; fid: string }>(
    `select distinct e.file_id as file, e.offset, e.stored_length as length, v.fid
     from extents e join versions v on v.id = e.version_id where e.digest is not null order by e.file_id, e.offset`,
  );
  const known = packs(incarnation!);
  for (const pack of known) {
    const own = runs.filter(({ file }) => file === pack.id);
    const live = own.reduce((sum, { length }) => sum + length, 0);
    if (pack.state === "deleting" && own.length === 0) continue;
    if (live !== pack.live)
      throw new Violation(`pack ${pack.fid} counts ${pack.live} live bytes, and its objects need ${live}`);
    if (own.length === 0) throw new Violation(`pack ${pack.fid} is ${pack.state}, and no object needs it`);
    const account = accounts.get(pack.owner)?.cessAccount;
    const owners = chain.finalFile(pack.fid)?.owners.map((owner) => owner.account) ?? [];
    if (pack.state !== "stored" || account === undefined || !owners.includes(account))
      throw new Violation(`pack ${pack.fid} is ${pack.state}, and no final block lists it for its owner`);
    let end = PACK_HEADER_BYTES;
    for (const { offset, length, fid } of own) {
      if (fid !== pack.fid) throw new Violation(`an object of pack ${pack.fid} has the FID ${fid}`);
      if (offset < end || offset + length > pack.size)
        throw new Violation(`bytes ${offset} to ${offset + length} of pack ${pack.fid} are another object's, or none`);
      const divided = Math.floor(offset / FRAGMENT_SIZE) !== Math.floor((offset + length - 1) / FRAGMENT_SIZE);
      if (divided && length <= FRAGMENT_SIZE / 16)
        throw new Violation(`the ${length} bytes at ${offset} of pack ${pack.fid} lie in two fragments`);
      end = offset + length;
    }
  }
  const lost = runs.find(({ file }) => !known.some(({ id }) => id === file));
  if (lost) throw new Violation(`an object's bytes are in pack ${lost.file}, which is not there`);
  for (const { bucket } of clients) {
    for (const key of keys) {
      const version = await incarnation!.services.catalog.objects.get(bucket, key);
      if (version?.metadata[LAYOUT_NAME] === "own-file" && version.extents.some(({ packed }) => packed))
        throw new Violation(`${bucket}/${key} lies in a pack and wants a file of its own`);
    }
  }
}
