import type { World } from "./checks.js";
import { unpacked } from "./pack-checks.js";
import type { PackClient } from "./pack-client.js";
import { Violation } from "./service.js";

/** Virtual time that may pass after the last fault until everything is stored. */
const PATIENCE_MS = 3 * 3_600_000;

/** A world whose gateway may be killed meanwhile. */
interface MortalWorld extends World {
  readonly spec: 100 | 133;
  /** When a gateway runs. */
  up(): Promise<void>;
  trace(line: () => string): void;
}

/** Until no job is left and the packer has nothing to do, which must not take for ever. */
export async function untilIdle(world: MortalWorld): Promise<void> {
  const { owner, spec } = world;
  const end = owner.now() + PATIENCE_MS;
  for (;;) {
    await world.up();
    const { catalog } = world.incarnation!.services;
    const { encode, store, delete: deletions } = await catalog.jobs.count();
    const states = await catalog.files.countByState();
    // A deletion waits for the end of a deal, which never comes where the staged bytes were damaged before it.
    const mayWait = spec === 100 || world.rot.harmed.size > 0;
    const stuck = mayWait && encode + store === 0 && states.deleting === deletions;
    const done = encode + store + deletions === 0 || (stuck && owner.now() > end - PATIENCE_MS / 2);
    const left = unpacked(world);
    if (done && left === undefined) break;
    if (owner.now() > end) {
      if (done) throw new Violation(`the packer is never done: ${left ?? ""}`);
      throw new Violation(
        `${encode} encode, ${store} store and ${deletions} delete jobs are never done; files: ${JSON.stringify(states)}`,
      );
    }
    await owner.sleep(20_000);
  }
  world.trace(() => "no job is left");
}

/** Owners delete what is damaged, as they do when they are told of it. Then everything else must be as it should. */
export async function untilWhole(world: MortalWorld & { readonly clients: readonly PackClient[] }): Promise<void> {
  await untilIdle(world);
  for (let found = world.rot.used; found;) {
    found = false;
    for (const client of world.clients) found = (await client.deleteDamaged()) || found;
    await untilIdle(world);
  }
}
