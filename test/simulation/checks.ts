import type { Account } from "../../src/model/account.js";
import type { BlobId } from "../../src/model/object.js";
import { CHARGED_PER_SEGMENT } from "../../src/model/sizes.js";
import type { MemoryChain } from "../support/memory-chain.js";
import type { Client } from "./client.js";
import { BLOBS_FOLDER, stagedAt, type Incarnation } from "./incarnation.js";
import { requireNoHazard } from "./inspector.js";
import { checkPacks, packNames } from "./pack-checks.js";
import type { Packing } from "./packing.js";
import type { Rot } from "./rot.js";
import type { Owner } from "./scheduler.js";
import { Violation } from "./service.js";
import type { SimulatedDisk } from "./simulated-disk.js";
import type { SimulatedNodes } from "./simulated-nodes.js";

export interface World {
  readonly owner: Owner;
  readonly chain: MemoryChain;
  readonly nodes: SimulatedNodes;
  readonly disk: SimulatedDisk;
  readonly packing: Packing;
  readonly rot: Rot;
  /** Ids of packed versions that the running process has counted as stored. */
  readonly wasStored: Set<string>;
  readonly clients: readonly Client[];
  readonly keys: readonly string[];
  readonly accounts: ReadonlyMap<string, Account>;
  readonly incarnation: Incarnation | undefined;
}

/** Longer than it takes the sweepers to come by, ms. */
const SWEPT_MS = 300_000;

/**
 * What the objects that are there need on chain: CESS account → FID → segments, of which several numbers may be right:
 * lists of segments that go on repeating their end have one root. A pack has as many as the chain says. Reads every
 * object on the way.
 */
async function needed({ clients, keys, chain }: World): Promise<Map<string, Map<string, Set<number>>>> {
  const result = new Map<string, Map<string, Set<number>>>();
  const writes = new Map<string, string>();
  for (const client of clients) {
    const files = result.get(client.account.cessAccount) ?? new Map<string, Set<number>>();
    result.set(client.account.cessAccount, files);
    for (const key of keys) {
      const seen = await client.verify(key);
      for (const { fid, segments, sealed } of seen?.files ?? []) {
        files.set(fid, (files.get(fid) ?? new Set()).add(segments ?? chain.finalFile(fid)?.segments.length ?? 0));
        const write = sealed ? (writes.get(fid) ?? seen!.write) : undefined;
        if (sealed && write !== seen!.write) throw new Violation(`two writes share the encrypted file ${fid}`);
        if (sealed) writes.set(fid, seen!.write);
      }
    }
  }
  return result;
}

/** The chain holds what the objects need and nothing else, each fragment with a node of its own that has it. */
export async function checkStored(world: World, spec: 100 | 133): Promise<void> {
  const { chain, accounts } = world;
  requireNoHazard(chain);
  const deals = chain.pendingDeals();
  // Damage after the order leaves a deal that nobody can bring to its end, and its space locked.
  const unending = world.rot.harmed.size > 0;
  if (deals.length > 0 && !unending) throw new Violation(`${deals.length} deals are pending although no job is left`);
  const wanted = await needed(world);
  for (const { cessAccount, territory } of new Map(
    [...accounts.values()].map((each) => [each.cessAccount, each]),
  ).values()) {
    const files = wanted.get(cessAccount) ?? new Map<string, Set<number>>();
    const listed = chain
      .files()
      .filter(({ owners }) => owners.some((owner) => owner.account === cessAccount))
      .map(({ fid }) => fid);
    const lost = [...files.keys()].filter((fid) => !listed.some((other) => other === fid));
    const left = listed.filter((fid) => !files.has(fid));
    if (lost.length > 0) throw new Violation(`${cessAccount} needs ${lost.join(", ")}, which the chain does not list`);
    // At spec 100 a second owner is charged half and given back the whole: some deletions are refused for ever.
    if (left.length > 0 && spec === 133)
      throw new Violation(`${cessAccount} still owns ${left.join(", ")}, which nothing needs`);
    const { used, locked } = chain.space(cessAccount, territory)!;
    const onChain = new Map(chain.files().map(({ fid, segments }) => [fid as string, segments.length]));
    const counts = [...files].map(
      ([fid, segments]) => [...segments].find((count) => count === onChain.get(fid)) ?? Math.max(...segments),
    );
    const charged = BigInt(CHARGED_PER_SEGMENT) * BigInt(counts.reduce((sum, count) => sum + count, 0));
    if (locked !== 0n && !unending)
      throw new Violation(`${locked} bytes of ${cessAccount}'s territory are locked by no deal`);
    if (used !== charged && spec === 133)
      throw new Violation(`${cessAccount} is charged ${used} bytes for objects that need ${charged}`);
  }
  checkFragments(world);
}

function checkFragments({ chain, nodes }: World): void {
  for (const { fid, segments } of chain.files()) {
    for (const { fragments } of segments) {
      if (new Set(fragments.map(({ node }) => node)).size !== fragments.length)
        throw new Violation(`two fragment indexes of ${fid} are on one node`);
      for (const [index, { hash, node }] of fragments.entries()) {
        const keeper = nodes.node(node);
        // A node may have died since. Whether enough are left is another question.
        if (keeper?.lastingFault === undefined && keeper?.held.has(hash) !== true)
          throw new Violation(`${node} does not have fragment ${index} of ${fid}, which it reported`);
      }
    }
  }
}

/** Staged files, without those that are in quarantine until they are too old. */
function inUse(disk: SimulatedDisk): string[] {
  return disk.files(BLOBS_FOLDER).filter((path) => !path.startsWith(`${BLOBS_FOLDER}/quarantine/`));
}

/** After the sweepers' rounds staging holds the parts of open uploads and nothing else, and all that is there is counted. */
export async function checkAtRest(world: World): Promise<void> {
  const { owner, disk, clients, incarnation } = world;
  const packs = packNames(world);
  await owner.sleep(SWEPT_MS);
  if (packNames(world) !== packs)
    throw new Violation(`packs are merged although nothing changes: ${packs} are ${packNames(world)} by now`);
  const { catalog } = incarnation!.services;
  const [wrong] = await catalog.inspection.wrongUsages();
  if (wrong) throw new Violation(`the usage of a bucket is counted wrong: ${JSON.stringify(wrong)}`);
  const linked = new Set<BlobId>();
  for (const { account } of clients) {
    const bucket = `bucket-${account.displayName}`;
    const { entries } = await catalog.uploads.list({
      bucket,
      prefix: "",
      delimiter: "",
      keyMarker: "",
      uploadIdMarker: "",
      limit: 1000,
    });
    for (const entry of entries) {
      if (entry.kind !== "upload") continue;
      for (const { blob } of await catalog.uploads.parts(entry.upload.id)) linked.add(blob);
    }
  }
  const files = inUse(disk);
  const needed = new Set([...linked].map((blob) => stagedAt(blob).path));
  const leaked = files.filter((path) => !needed.has(path));
  // One pack may be open for what comes next, though all that is in it has gone.
  const open = leaked.filter((path) => path.startsWith(`${BLOBS_FOLDER}/packs/`)).slice(0, 1);
  if (leaked.length > open.length)
    throw new Violation(
      `${leaked.length - open.length} staged blobs are left that nothing needs: ${leaked.join(", ")}`,
    );
  const lost = [...needed].filter((path) => !files.includes(path));
  if (lost.length > 0) throw new Violation(`parts of open uploads have lost their bytes: ${lost.join(", ")}`);
  const { bytes, openUploadBytes } = await catalog.staged();
  if (bytes !== openUploadBytes)
    throw new Violation(`${bytes - openUploadBytes} bytes count as staged although everything is stored`);
  for (const client of clients) {
    for (const key of world.keys) {
      const version = await catalog.objects.get(client.bucket, key);
      for (const { file } of version ? await catalog.objects.extents(version.id) : []) {
        const format = (await catalog.files.get(file))?.format;
        if (format?.name === "aes-256-gcm" && format.key !== undefined)
          throw new Violation(`the stored file of ${client.bucket}/${key} keeps its data key beside the object's own`);
      }
    }
  }
  await checkPacks(world);
  if ((await catalog.preparations.prune()) > 0)
    throw new Violation("prepared segments are kept of uploads and versions that are gone");
}

/** Everything was deleted: nothing is left anywhere. */
export async function checkEmpty(world: World, spec: 100 | 133): Promise<void> {
  await checkAtRest(world);
  const { chain, disk, incarnation } = world;
  if (chain.files().some(({ owners }) => owners.length > 0) && spec === 133)
    throw new Violation("files are left on chain although everything was deleted");
  const left = inUse(disk);
  if (left.length > world.clients.length * 100) throw new Violation("staging is not empty");
  const states = await incarnation!.services.catalog.files.countByState();
  const rows = Object.values(states).reduce((sum, count) => sum + count, 0);
  if (rows > 0 && spec === 133 && world.rot.harmed.size === 0)
    throw new Violation(`${rows} file rows are left: ${JSON.stringify(states)}`);
}
