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
 * may fail meanwhile.
 */
export async function mergePacks(world: MergingWorld): Promise<void> {
  const { clients, packing } = world;
  const { random } = packing;
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
}
