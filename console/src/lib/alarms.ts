import type { StatusAnswer } from "../../../src/cli/admin-answers.js";
import { t } from "../texts.js";
import { duration, number } from "./format.js";

export interface Alarm {
  readonly tone: "bad" | "warn";
  readonly text: string;
  /** The page that says more. */
  readonly page?: "jobs" | "nodes";
}

/** Days before a territory's end, and the share of it that is used, at which something is to be done. */
const ENDS_SOON_DAYS = 30;
const FULL = 0.9;
const LOW_FEE_TOKENS = 10;
const LATE_CHAIN_SECONDS = 120;
const OLD_STAGED_SECONDS = 3600;

/** What an operator should look at, the worst first: as deploy/alerts.yaml has it. */
export function alarmsOf(status: StatusAnswer, now: number): Alarm[] {
  const { reasons, warnings = [], chain, jobs, files, territories, staged, nodes, damagedObjects = 0 } = status;
  const alarms: Alarm[] = [
    ...reasons.map(({ reason }): Alarm => ({ tone: "bad", text: reason })),
    ...warnings.map(({ reason }): Alarm => ({ tone: "warn", text: reason })),
  ];
  const add = (tone: Alarm["tone"], text: string, page?: Alarm["page"]) =>
    alarms.push({ tone, text, ...(page && { page }) });
  if (damagedObjects > 0) add("bad", t.alarmDamaged(number(damagedObjects)));
  if ((files.failed ?? 0) > 0) add("bad", t.alarmRefused(number(files.failed ?? 0)), "jobs");
  const failing = jobs.filter(({ state }) => state === "failing").reduce((sum, { count }) => sum + count, 0);
  if (failing > 0) add("warn", t.alarmFailing(number(failing)), "jobs");
  if (staged.oldest !== undefined) {
    const age = (now - Date.parse(staged.oldest)) / 1000;
    if (age > OLD_STAGED_SECONDS) add("warn", t.alarmOld(duration(age)), "jobs");
  }
  if (chain.connected && (chain.lagSeconds ?? 0) > LATE_CHAIN_SECONDS)
    add("warn", t.alarmLag(duration(chain.lagSeconds ?? 0)));
  if (chain.feeBalanceTokens !== undefined && chain.feeBalanceTokens < LOW_FEE_TOKENS)
    add("warn", t.alarmFee(number(chain.feeBalanceTokens)));
  if (nodes.cooldown > 0) add("warn", t.alarmCooldown(number(nodes.cooldown)), "nodes");
  for (const { territory, account, state, totalBytes, usedBytes, lockedBytes, secondsLeft } of territories) {
    const name = `${territory} (${account})`;
    if (state !== "active") add("bad", t.alarmTerritoryState(name, state));
    else if (secondsLeft < ENDS_SOON_DAYS * 86_400) add("warn", t.alarmTerritoryEnds(name, duration(secondsLeft)));
    if (totalBytes > 0 && (usedBytes + lockedBytes) / totalBytes > FULL) add("warn", t.alarmTerritoryFull(name));
  }
  const low = Object.entries(status.redundancy ?? {}).reduce(
    (sum, [left, count]) => sum + (Number(left) < 8 ? count : 0),
    0,
  );
  if (low > 0) add("warn", t.alarmRedundancy(number(low)));
  return alarms.sort((a, b) => Number(a.tone === "warn") - Number(b.tone === "warn"));
}
