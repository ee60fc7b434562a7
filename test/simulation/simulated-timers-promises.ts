import { machine } from "./machine.js";

/** In the place of node:timers/promises: time is virtual. */
export function setTimeout(ms: number): Promise<void> {
  return machine().owner.sleep(ms);
}
