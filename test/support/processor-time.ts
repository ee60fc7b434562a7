import { readFileSync } from "node:fs";

/** What the kernel counts processor time of processes in, in milliseconds. Linux. */
const TICK_MS = 10;

/** Milliseconds of processor time that this process has used: unlike the clock, it stands still while others run. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The same of another process, all its threads together. Linux. */
export function processorMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
