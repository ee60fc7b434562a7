import type { Archivist } from "./archivist.js";
import type { World } from "./checks.js";
import { untilIdle } from "./idle.js";
import type { PackClient } from "./pack-client.js";

interface MergingWorld extends World {
  readonly clients: readonly PackClient[];
  readonly spec: 100 | 133;
  up(): Promise<void>;
  trace(line: () => string): void;
  mortally(turns: number, work: () => Promise<void>): Promise<void>;
}

/**
 * Packs are filled, become mostly empty and are merged, in good weather; the process may be killed at that. No read
 * may fail meanwhile. `archivist`: puts versions into the same packs, some of them locked, which must stay what they are.
 */
export async function mergePacks(world: MergingWorld, archivist: Archivist | undefined): Promise<void> {
  const { packing } = world;
  const { random } = packing;
  await archivist?.createBucket();
  const clients = [...world.clients, ...(archivist ? [archivist] : [])];
  let ended = false;
  const turns = random() < 0.4 ? 1 + Math.floor(10 ** (2 + 2.5 * random())) : Infinity;
  const readers = clients.map((client) => client.readUntil(() => ended));
  await world.mortally(turns, async () => {
    for (let round = 1 + Math.floor(2 * random()); round > 0; round--) {
      await Promise.all(clients.map((client) => client.fill()));
      if (random() < 0.7) await untilIdle(world);
      await Promise.all(clients.map((client) => client.thinOut()));
      await untilIdle(world);
    }
    ended = true;
  });
  await Promise.all(readers);
  await archivist?.end();
}
