import { abortable } from "../../../async/abort.js";
import { json, type AdminRoute } from "../../../admin/admin-server.js";
import type { FileRow, ListedJob } from "../../../catalog/catalog.js";
import type { CessAccount } from "../../../model/account.js";
import type { Extent } from "../../../model/file.js";
import type { ObjectVersion } from "../../../model/object.js";
import { FRAGMENTS } from "../../../model/sizes.js";
import type { ChainReader } from "../../../network/chain/chain-reader.js";
import type { FileAnswer, ObjectAnswer } from "../../admin-answers.js";
import type { Services } from "../services.js";
import { toJob } from "./job-routes.js";
import { placementOf } from "./object-placement.js";
import { waitingFor } from "./object-waiting.js";

/** How long the chain may take to tell who holds the fragments, ms. */
const CHAIN_MS = 10_000;

export type ObjectParts = Pick<Services, "catalog" | "registry" | "retrieval" | "placementTags"> & {
  readonly session: { readonly reader: Pick<ChainReader, "challenges"> };
};
type Holder = FileAnswer["segments"][number]["holders"][number];

/** One object: how far it is on its way into the network, who holds it, and why it waits. */
export function objectRoute(parts: ObjectParts, settings: { readonly packMaxAgeMs: number }): AdminRoute {
  return {
    method: "GET",
    path: /^\/objects\/([^/]+)\/(.+)$/s,
    run: async ([bucket = "", key = ""], _body, query) => {
      const version = await parts.catalog.objects.get(bucket, key, query.get("versionId") ?? undefined);
      if (!version) return { status: 404, body: `there is no such object: ${JSON.stringify(`${bucket}/${key}`)}\n` };
      return json(await describe(parts, version, settings.packMaxAgeMs));
    },
  };
}

/** How far a version is on its way, and who holds it. */
export async function describe(
  parts: ObjectParts,
  version: ObjectVersion,
  packMaxAgeMs: number,
): Promise<ObjectAnswer> {
  const { status } = parts.catalog;
  const { id, bucket, key, versionId, size, etag, createdAt, durability, extents } = version;
  const files: FileAnswer[] = [];
  for (const extent of extents) {
    const file = await describeFile(parts, extent);
    if (file) files.push(file);
  }
  const encoding = jobOf(await status.job("encode", id));
  const queuedAt = await status.queuedAt(id);
  const packBy = queuedAt === undefined ? undefined : new Date(queuedAt + packMaxAgeMs).toISOString();
  const { state, fid, extent, chargedBytes } = durability;
  const counts = files.flatMap(({ redundancy }) => redundancy ?? []);
  return {
    bucket,
    key,
    versionId,
    size,
    etag,
    createdAt: new Date(createdAt).toISOString(),
    state: version.deleteMarker ? "delete marker" : state,
    ...(fid === undefined ? {} : { fid }),
    ...(extent === undefined ? {} : { extent }),
    ...(counts.length > 0 && counts.length === extents.length ? { redundancy: Math.min(...counts) } : {}),
    ...(chargedBytes === undefined ? {} : { chargedBytes }),
    ...(await placementOf(parts, bucket, files)),
    ...encoding,
    waiting: version.deleteMarker ? [] : waitingFor({ state, files, job: encoding.job, packBy }),
  };
}

function jobOf(job: ListedJob | undefined): { job?: FileAnswer["job"] } {
  return job ? { job: toJob(job) } : {};
}

async function describeFile(parts: ObjectParts, extent: Extent): Promise<FileAnswer | undefined> {
  const { catalog } = parts;
  const row = await catalog.files.get(extent.file);
  if (!row) return undefined;
  const { id, fid, state, layout, size, reports, failure, signed, restored } = row;
  const kind = state === "deleting" ? "delete" : "store";
  const found = state === "stored" ? await held(parts, row) : { segments: [{ holders: await placed(parts, id) }] };
  return {
    id,
    fid,
    state,
    layout,
    bytes: size,
    offset: extent.offset,
    length: extent.packed?.length ?? extent.length,
    times: await timesOf(parts, id),
    reports,
    ...(failure === undefined ? {} : { failure }),
    ...(signed && { signed }),
    ...(restored === true && { restored }),
    ...found,
    ...jobOf(await catalog.status.job(kind, id)),
  };
}

async function timesOf({ catalog }: ObjectParts, id: string): Promise<FileAnswer["times"]> {
  const times = Object.entries(await catalog.status.stateTimes(id));
  return Object.fromEntries(times.map(([state, time]) => [state, new Date(time).toISOString()]));
}

/** Who is to hold a file that is on its way: the same nodes for all its segments. */
async function placed(parts: ObjectParts, id: string): Promise<Holder[]> {
  const placements = await parts.catalog.files.placements(id);
  const standing = standings(parts);
  return placements.map(({ index, node, state }) => ({ index, fragment: state, ...standing(node) }));
}

/** Who holds a stored file by the chain's word and what was seen of them; no segments where the chain cannot be asked. */
async function held(
  parts: ObjectParts,
  { id, fid }: FileRow,
): Promise<Pick<FileAnswer, "segments" | "redundancy" | "challenges">> {
  const {
    retrieval,
    catalog: { checks },
  } = parts;
  const found = await retrieval.files.holders(fid, AbortSignal.timeout(CHAIN_MS)).catch(() => undefined);
  if (!found) return { segments: [] };
  const nodes = [...new Set(found.file.segments.flatMap(({ fragments }) => fragments.map(({ node }) => node)))];
  const { challenges, challengeOf } = await challenged(parts, nodes);
  const failing = new Set([...(await checks.failingNodes()), ...(await checks.failing(id))].map(({ node }) => node));
  const standing = standings(parts);
  let redundancy: number = FRAGMENTS;
  const segments = found.file.segments.map(({ hash, fragments }) => {
    const holders = fragments.map(({ node, lost }, index) => ({
      index,
      fragment: lost === true ? "lost" : failing.has(node) ? "missing" : "held",
      ...standing(node),
      ...challengeOf(node),
    }));
    const good = fragments.filter(({ node }, index) => holders[index]?.fragment === "held" && found.standing.has(node));
    redundancy = Math.min(redundancy, good.length);
    return { hash, holders };
  });
  return { segments, redundancy, challenges };
}

/** What the chain shows of the nodes' last challenges. */
async function challenged({ session }: ObjectParts, nodes: readonly CessAccount[]) {
  const wait = abortable(session.reader.challenges(nodes), [AbortSignal.timeout(CHAIN_MS)]);
  const found = await wait.catch(() => "unknown" as const);
  const challenges = found === undefined ? "none" : found === "unknown" ? found : "shown";
  const challengeOf = (node: CessAccount): Pick<Holder, "challenge"> => {
    const challenge = found === "unknown" ? undefined : found?.get(node);
    return challenge ? { challenge } : {};
  };
  return { challenges, challengeOf } as const;
}

/** What is known of each node. */
function standings({
  registry,
  placementTags,
}: ObjectParts): (
  node: string | CessAccount,
) => Pick<Holder, "node" | "endpoint" | "region" | "state" | "cooldownUntil" | "lastFailure"> {
  const rows = new Map(registry.table().map((row) => [row.account, row]));
  return (node) => {
    const row = rows.get(node);
    const endpoint = row?.endpoint;
    const regions = endpoint === undefined ? [] : placementTags.regionsOf({ account: node, endpoint });
    return {
      node,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(regions.length === 0 ? {} : { region: regions.join(", ") }),
      state: row?.state ?? "unregistered",
      ...(row?.openUntil === undefined ? {} : { cooldownUntil: new Date(row.openUntil).toISOString() }),
      ...(row?.lastFailure === undefined ? {} : { lastFailure: row.lastFailure }),
    };
  };
}
