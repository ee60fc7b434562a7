import { join } from "node:path";
import { beginDigest } from "../../src/digests/digest.js";
import { makeEmptyCatalog } from "./incarnation.js";
import { installTimers } from "./machine.js";
import { Cluster } from "./cluster.js";
import { LostDisk } from "./lost-disk.js";
import { Scheduler } from "./scheduler.js";
import { runFolder, type RunResult, type RunSettings, type World } from "./run-settings.js";
import { Simulation } from "./simulation.js";
import { SimulatedDisk } from "./simulated-disk.js";

/** Everything that takes real time, once; then runs as many seeds as one likes. `world`: another than the one of a single gateway. */
export async function prepareRuns(
  base: string,
  trace?: (line: string) => void,
  world?: World,
): Promise<(seed: number) => Promise<RunResult>> {
  // WebAssembly is compiled on threads of its own: not while virtual time passes.
  await beginDigest("CRC64NVME");
  installTimers();
  const emptyCatalog = join(base, "empty.sqlite");
  await makeEmptyCatalog(new Scheduler(), new SimulatedDisk(), emptyCatalog);
  return (seed) => {
    const settings = { seed, folder: runFolder(base, seed), emptyCatalog, ...(trace && { trace }) };
    return make(world, settings).run();
  };
}

function make(world: World | undefined, settings: RunSettings): { run(): Promise<RunResult> } {
  switch (world) {
    case "several":
      return new Cluster(settings);
    case "lost-disk":
      return new LostDisk(settings);
    case undefined:
      return new Simulation(settings);
  }
}
