import { statusSchema, type StatusAnswer } from "../admin-answers.js";
import { AdminClient, type AdminOptions } from "../admin-client.js";
import { ageText, bytesText, countsText, durationText, plainText, tableText } from "../text.js";

/** `cess-s3 status`: how a running gateway is. Ends with code 1 when it is not ready. */
export async function runStatus({ json, ...options }: AdminOptions & { readonly json?: boolean }): Promise<void> {
  const status = await AdminClient.open(options).get("/status", statusSchema);
  console.log(json ? JSON.stringify(status, undefined, 2) : statusText(status));
  if (!status.ready) process.exitCode = 1;
}

export function statusText(status: StatusAnswer): string {
  const { chain, staged, jobs, packs, nodes, cache } = status;
  const rows: (readonly [string, string])[] = [
    ["version", `${status.version} on Node.js ${status.node}, up ${durationText(status.uptimeSeconds)}`],
    ["ready", status.ready ? "yes" : "NO"],
    ...status.reasons.map((each) => ["", `${each.check}: ${each.reason} (since ${each.since})`] as const),
    ...(status.warnings ?? []).map(
      (each, at) =>
        [at === 0 ? "attention" : "", `${each.check}: ${plainText(each.reason)} (since ${each.since})`] as const,
    ),
    ...processRows(status.processes ?? []),
    ...gatewayRows(status.gateways ?? []),
    ["chain", chainText(chain)],
    ["fee balance", chain.feeBalanceTokens === undefined ? "not known yet" : `${chain.feeBalanceTokens} tokens`],
    [
      "staged",
      `${bytesText(staged.bytes)}, of which ${bytesText(staged.openUploadBytes)} in open uploads` +
        (staged.oldest === undefined ? "" : `; the oldest object waits for ${ageText(staged.oldest)}`),
    ],
    ["objects", countsText(status.objects)],
    ["files", countsText(status.files)],
    [
      "jobs",
      jobs.length === 0
        ? "none"
        : jobs.map(({ kind, state, count, oldest }) => `${count} ${kind} ${state} (${ageText(oldest)})`).join(", "),
    ],
    ["packs", `${countsText(packs.states)}; ${packs.waitingObjects} objects wait for one`],
    ["nodes", `${countsText(nodes.states)}; ${nodes.cooldown} in cooldown, ${nodes.triedAgain} tried again`],
    [
      "cache",
      `${bytesText(cache.memory.bytes)} in memory (${hits(cache.memory)}), ${bytesText(cache.disk.bytes)} on disk (${hits(cache.disk)})`,
    ],
    ...status.territories.map(
      (of, at) =>
        [
          at === 0 ? "territories" : "",
          `${plainText(of.territory)} of ${plainText(of.account)}: ${of.state}, ${bytesText(of.usedBytes)} of ` +
            `${bytesText(of.totalBytes)} used, ${bytesText(of.lockedBytes)} locked, ${durationText(of.secondsLeft)} left`,
        ] as const,
    ),
    ...(status.redundancy ? [["redundancy", redundancyText(status.redundancy)] as const] : []),
    ...(status.damagedObjects === undefined ? [] : [["damaged", `${status.damagedObjects} objects`] as const]),
  ];
  return tableText(rows);
}

/** Nothing of one that is alone. */
function gatewayRows(gateways: NonNullable<StatusAnswer["gateways"]>): (readonly [string, string])[] {
  if (gateways.length < 2) return [];
  return gateways.map(({ id, self, running, host, folder, version, address, seenAt }, at) => [
    at === 0 ? "gateways" : "",
    `${plainText(id)}${self ? " (this one)" : ""}: ${running ? "running" : `NOT seen for ${ageText(seenAt)}`}, version ` +
      `${plainText(version)}${address === undefined ? "" : ` at ${plainText(address)}`}, ${plainText(folder)} on ${plainText(host)}`,
  ]);
}

function processRows(processes: NonNullable<StatusAnswer["processes"]>): (readonly [string, string])[] {
  return processes.map(({ role, pid, since, restarts, serving, memoryBytes }, at) => {
    const facts = [
      serving ? `since ${since}` : pid === undefined ? "waits to be started again" : "starts",
      ...(memoryBytes === undefined ? [] : [bytesText(memoryBytes)]),
      ...(restarts === 0 ? [] : [`started again ${restarts} times`]),
    ];
    return [at === 0 ? "processes" : "", `${role}${pid === undefined ? "" : ` (pid ${pid})`}: ${facts.join(", ")}`];
  });
}

function chainText({ connected, endpoint, height, lagSeconds, failovers }: StatusAnswer["chain"]): string {
  const where = endpoint === undefined ? "" : ` ${connected ? "to" : "; last to"} ${endpoint}`;
  const block = height === undefined ? "no block seen yet" : `block ${height}, ${durationText(lagSeconds ?? 0)} ago`;
  return `${connected ? "connected" : "NOT connected"}${where}; ${block}; changed endpoint ${failovers} times`;
}

function hits({ hits, misses }: StatusAnswer["cache"]["memory"]): string {
  return hits + misses === 0 ? "not asked yet" : `${Math.round((100 * hits) / (hits + misses))} % found`;
}

function redundancyText(counts: Readonly<Record<string, number>>): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  some.sort(([a], [b]) => Number(b) - Number(a));
  return some.length === 0
    ? "no file was looked at"
    : some.map(([left, files]) => `${files} files with ${left} of 12`).join(", ");
}
