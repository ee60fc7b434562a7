import { objectSchema, type FileAnswer, type ObjectAnswer } from "../admin-answers.js";
import { AdminClient, type AdminOptions } from "../admin-client.js";
import { bytesText, plainText, tableText } from "../text.js";

export interface ObjectOptions extends AdminOptions {
  readonly json?: boolean;
  readonly versionId?: string;
}

/** `cess-s3 object BUCKET KEY`: where an object is on its way into the network, who holds it, and why it waits. */
export async function runObject(
  bucket: string,
  key: string,
  { json, versionId, ...options }: ObjectOptions,
): Promise<void> {
  const query = versionId === undefined ? "" : `?versionId=${encodeURIComponent(versionId)}`;
  const path = `/objects/${encodeURIComponent(bucket)}/${encodeURIComponent(key)}${query}`;
  const object = await AdminClient.open(options).get(path, objectSchema);
  console.log(json ? JSON.stringify(object, undefined, 2) : objectText(object));
}

/** Where nothing is told of each node. */
const CHALLENGES = {
  none: "this chain shows none of any node",
  unknown: "the chain could not be asked",
} as const;
const OUTCOMES = {
  passed: "passed",
  failed: "FAILED",
  proven: "its proof is not verified yet",
  unanswered: "it has sent no proof",
} as const;

export function objectText(object: ObjectAnswer): string {
  const rows: (readonly [string, string])[] = [
    ["object", plainText(`${object.bucket}/${object.key}`)],
    ["version", `${object.versionId}, of ${object.createdAt}`],
    ["size", `${object.size} bytes (${bytesText(object.size)})`],
    ["state", object.state],
    ...(object.fid === undefined ? [] : [["FID", object.fid] as const]),
    ...(object.extent ? [["extent", `${object.extent.offset}+${object.extent.length}`] as const] : []),
    ...(object.redundancy === undefined ? [] : [["redundancy", `${object.redundancy} of 12`] as const]),
    ...(object.chargedBytes === undefined
      ? []
      : [["charged", `${object.chargedBytes} bytes (${bytesText(object.chargedBytes)})`] as const]),
    ...(object.placement ? [["placement", placementText(object.placement)] as const] : []),
    ...object.waiting.map((why, at) => [at === 0 ? "waits" : "", plainText(why)] as const),
  ];
  return [tableText(rows), ...object.files.map(fileText)].join("\n\n");
}

function placementText({ wanted, kept }: NonNullable<ObjectAnswer["placement"]>): string {
  const outcome = kept === undefined ? "no node was chosen yet" : kept ? "kept" : "NOT KEPT";
  return `${plainText(wanted)}: ${outcome}`;
}

function fileText(file: FileAnswer): string {
  const { id, fid, state, layout, bytes, offset, length, reports, segments, redundancy, signed, challenges } = file;
  const rows: (readonly [string, string])[] = [
    [`file ${id}`, `${fid} (${layout === "pack" ? "a pack" : "of its own"}, ${bytesText(bytes)})`],
    ["state", `${state}, ${reports} of 12 nodes have reported`],
    ...Object.entries(file.times ?? {}).map(([reached, time = ""]) => [reached, time] as const),
    ["bytes", `${length} from ${offset}`],
    ...(signed
      ? [["order", `signed with nonce ${signed.nonce}, may be included until block ${signed.untilBlock}`] as const]
      : []),
    ...(redundancy === undefined ? [] : [["redundancy", `${redundancy} of 12`] as const]),
    ...(challenges === undefined || challenges === "shown" ? [] : [["challenges", CHALLENGES[challenges]] as const]),
  ];
  const tables = runs(segments).map(({ title, segment }) => `${title}\n${holdersText(segment)}`);
  if (segments.length === 0) tables.push("the chain could not be asked who holds it");
  return [tableText(rows), ...tables].join("\n");
}

/** Neighbouring segments that the same nodes hold, together. */
function runs(segments: FileAnswer["segments"]) {
  const all: { first: number; last: number; same: string; segment: FileAnswer["segments"][number] }[] = [];
  segments.forEach((segment, at) => {
    const same = JSON.stringify(segment.holders);
    const before = all.at(-1);
    if (before?.same === same) before.last = at;
    else all.push({ first: at, last: at, same, segment });
  });
  return all.map(({ first, last, segment }) => ({
    title:
      first === last
        ? `segment ${first + 1} of ${segments.length}`
        : `segments ${first + 1} to ${last + 1} of ${segments.length}`,
    segment,
  }));
}

function holdersText({ holders }: FileAnswer["segments"][number]): string {
  if (holders.length === 0) return "  no node was chosen yet";
  return tableText(
    holders.map(({ index, node, fragment, state, cooldownUntil, lastFailure, wanted, challenge }) => [
      `  ${index}`,
      node ?? "–",
      fragment,
      state,
      [
        ...(wanted === undefined ? [] : [wanted ? "as wanted" : "NOT AS WANTED by the bucket's tags"]),
        ...(challenge ? [`challenged at block ${challenge.block}: ${OUTCOMES[challenge.outcome]}`] : []),
        ...(cooldownUntil === undefined ? [] : [`in cooldown until ${cooldownUntil}`]),
        ...(lastFailure === undefined ? [] : [`failed last because ${plainText(lastFailure)}`]),
      ].join(", "),
    ]),
  );
}
