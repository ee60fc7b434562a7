import { join } from "node:path";
import { beginDigest } from "../../src/digests/digest.js";
import { makeEmptyCatalog } from "./incarnation.js";
import { installTimers } from "./machine.js";
import { Cluster } from "./cluster.js";
import { Scheduler } from "./scheduler.js";
import { runFolder, type RunResult } from "./run-settings.js";
import { Simulation } from "./simulation.js";
import { SimulatedDisk } from "./simulated-disk.js";

/** Everything that takes real time, once; then runs as many seeds as one likes. `several`: of several gateways. */
export async function prepareRuns(
  base: string,
  trace?: (line: string) => void,
  several = false,
): Promise<(seed: number) => Promise<RunResult>> {
  // WebAssembly is compiled on threads of its own: not while virtual time passes.
  await beginDigest("CRC64NVME");
  installTimers();
  const emptyCatalog = join(base, "empty.sqlite");
  await makeEmptyCatalog(new Scheduler(), new SimulatedDisk(), emptyCatalog);
  return (seed) => {
    const settings = { seed, folder: runFolder(base, seed), emptyCatalog, ...(trace && { trace }) };
    return (several ? new Cluster(settings) : new Simulation(settings)).run();
  };
}
