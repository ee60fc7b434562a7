import { availableParallelism } from "node:os";
import { wholeNumber } from "./quantity.js";

/**
 * Processes that serve S3 requests on this machine. 1: one process does everything. 0: one for every two cores, at least
 * 1; on the dev network 1.
 */
export const workersSchema = wholeNumber({ min: 0, max: 256 }).default(0);

/** How many processes serve requests. `cores` of this machine, by default. */
export function workerCount(workers: number, cores = availableParallelism()): number {
  return workers === 0 ? Math.max(1, Math.floor(cores / 2)) : workers;
}
