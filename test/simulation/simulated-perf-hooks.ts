import { machine } from "./machine.js";

/** In the place of node:perf_hooks where the age of something is told: virtual time only goes forward. */
export const performance = { now: (): number => machine().owner.scheduler.now };
