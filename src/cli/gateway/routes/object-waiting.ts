import type { FileAnswer, JobAnswer } from "../../admin-answers.js";

export interface Waiting {
  readonly state: string;
  readonly files: readonly FileAnswer[];
  /** Of the object itself: it is to be encoded. */
  readonly job: JobAnswer | undefined;
  /** Until when its pack is closed at the latest; undefined where it waits for none. ISO 8601. */
  readonly packBy: string | undefined;
}

const NODES = 12;

/** Why an object does not go on at the moment, in sentences for an operator. */
export function waitingFor({ state, files, job, packBy }: Waiting): string[] {
  const reasons: string[] = [];
  if (packBy !== undefined)
    reasons.push(`waits for other small objects to share a pack with, until ${packBy} at the latest`);
  if (job) reasons.push(jobWords(job, "is being encoded now", "waits to be encoded"));
  for (const file of files) reasons.push(...fileWords(file));
  if (reasons.length === 0 && state !== "stored")
    reasons.push("nothing is known to be done for it: look at the log, and report this");
  return reasons;
}

function fileWords({ id, state, reports, failure, job, redundancy, restored }: FileAnswer): string[] {
  const of = restored === true ? `file ${id}, restored here to be stored anew` : `file ${id}`;
  if (state === "failed")
    return [
      `${of}: the network refused it for good: ${failure ?? "no reason is known"}; try it again with cess-s3 jobs retry file:${id}`,
    ];
  if (state === "stored") {
    const left = redundancy !== undefined && redundancy < NODES ? redundancy : undefined;
    return left === undefined ? [] : [`${of}: ${left} of ${NODES} fragments are left of its worst segment`];
  }
  const [now, later] = STEPS[state] ?? ["", "waits"];
  const awaited = state === "placed" ? `; ${reports} of ${NODES} have` : "";
  if (!job) return [`${of}: ${later}${awaited}`];
  return [`${of}: ${jobWords(job, `${now}${awaited}`, `${later}${awaited}`)}`];
}

/** What is done in each state of a file, and what it waits for while nothing is done. */
const STEPS: Readonly<Record<string, readonly [string, string]>> = {
  encoded: ["is being ordered on the chain now", "waits to be ordered on the chain"],
  declared: ["is being sent to storage nodes now", "waits to be sent to storage nodes"],
  placed: ["its reports are being looked for now", "waits until all its storage nodes have reported"],
  deleting: ["is being deleted on the chain now", "waits to be deleted on the chain"],
};

function jobWords({ id, state, attempt, failure, next }: JobAnswer, now: string, later: string): string {
  if (state === "leased") return now;
  if (state === "failing")
    return `${later}: attempt ${attempt} of job ${id} failed because ${failure ?? "no reason is known"}; next try at ${next}`;
  return state === "due"
    ? `${later}, behind other jobs`
    : `${later}; looked at again at ${next}, or when the chain tells of it`;
}
