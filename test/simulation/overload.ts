import { seededRandom } from "../support/seeded-random.js";
import type { World } from "./checks.js";
import { untilIdle } from "./idle.js";
import type { PackClient } from "./pack-client.js";
import { Violation } from "./service.js";

const SALT = 5_550_871;
/** From the end of the load until all is stored: some blocks for each order, and ten seconds before jobs go on, ms. */
const PATIENCE_MS = 240_000;

/** Whether the gateway's own machine is overloaded at the end of a run, with dice of its own. */
export class Overload {
  readonly used: boolean;
  readonly random: () => number;
  /** Whether the gateway looks at its own pauses, which costs turns. */
  active = false;

  constructor(seed: number) {
    this.random = seededRandom(seed ^ SALT);
    this.used = this.random() < 0.2;
  }
}

export interface OverloadedWorld extends World {
  readonly overload: Overload;
  readonly clients: readonly PackClient[];
  readonly spec: 100 | 133;
  up(): Promise<void>;
  trace(line: () => string): void;
  restart(): Promise<void>;
}

/**
 * The event loop stands still for seconds, again and again, while objects are put: many answers of nodes come too late.
 * When that is over, no healthy node is in cooldown, and what was put is stored as soon as ever.
 */
export async function overloadGateway(world: OverloadedWorld): Promise<void> {
  const { overload, owner, nodes, clients } = world;
  const { random } = overload;
  overload.active = true;
  await world.restart();
  const gateway = world.incarnation!;
  world.trace(() => "the gateway's machine is overloaded");
  gateway.owner.lagMs = () => (random() < 0.4 ? 20_000 * random() : 0);
  nodes.answersLateTo = gateway.owner;
  const end = owner.now() + 120_000 + 600_000 * random();
  while (owner.now() < end) {
    for (const client of clients) await client.putOne();
    await owner.sleep(60_000 * random());
  }
  gateway.owner.lagMs = undefined;
  nodes.answersLateTo = undefined;
  world.trace(() => "the load is over");
  const before = owner.now();
  const healthy = nodes.nodes.filter(({ lastingFault }) => !lastingFault).map(({ account }) => account);
  const cooling = healthy.filter((node) => gateway.services.registry.experience(node).openUntil !== undefined);
  if (cooling.length > 0) throw new Violation(`${cooling.join(", ")} are blamed for the gateway's own load`);
  await untilIdle(world);
  const took = owner.now() - before;
  // Nodes that are silent for ever are waited for, longer each time; some deletions never end.
  const allWell = healthy.length === nodes.nodes.length;
  const anyUnending = world.spec === 100 || world.rot.harmed.size > 0;
  if (took > PATIENCE_MS && allWell && !world.packing.used && !anyUnending)
    throw new Violation(`jobs went on ${took} ms after the load was gone`);
}
