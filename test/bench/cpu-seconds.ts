import { readFileSync } from "node:fs";

/** Of the clock that /proc counts CPU time with, on Linux. */
const TICKS_PER_SECOND = 100;

/** CPU seconds that a process with all its threads has used. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
