import { rhythm, SCRUB_DEFAULTS, type ScrubSettings } from "../../src/scrubbing/settings.js";
import { type Hash, ZERO_FRAGMENT_HASH } from "../../src/model/hash.js";
import { FRAGMENTS } from "../../src/model/sizes.js";
import { seededRandom } from "../support/seeded-random.js";
import type { World } from "./checks.js";
import { untilIdle } from "./idle.js";
import type { PackClient } from "./pack-client.js";
import { Violation } from "./service.js";
import type { NodeFault, StorageNode } from "./simulated-nodes.js";

const SALT = 9_100_437;
/** How long nodes must be gone before files are repaired, ms. */
const RESTORAL_MS = 30 * 60_000;
/** Virtual time in which everything must be repaired, ms. */
const PATIENCE_MS = 8 * 3_600_000;
const REPAIR_BELOW = 8;
/** What a dead node is like from outside. */
const DEATHS: readonly (NodeFault | "exit")[] = ["down", "hanging", "forgetful", "exit"];

/** Whether nodes die for good at the end of a run, with dice of its own. */
export class Decay {
  readonly used: boolean;
  readonly random: () => number;
  /** Whether the gateway looks after its files: not before its nodes begin to die. */
  active = false;

  constructor(seed: number) {
    this.random = seededRandom(seed ^ SALT);
    this.used = this.random() < 0.2;
  }

  get settings(): ScrubSettings {
    return {
      ...SCRUB_DEFAULTS,
      walkMs: 2 * 3_600_000,
      restoralMs: RESTORAL_MS,
      repairBelow: REPAIR_BELOW,
      ...rhythm(RESTORAL_MS),
    };
  }
}

export interface DecayingWorld extends World {
  readonly decay: Decay;
  readonly clients: readonly PackClient[];
  readonly spec: 100 | 133;
  up(): Promise<void>;
  readonly trace: (line: () => string) => void;
  restart(): Promise<void>;
  /** Does the work while the process may be killed, once, after so many of its turns. */
  mortally(turns: number, work: () => Promise<void>): Promise<void>;
}

/**
 * Nodes go for a while, and nothing is repaired; then nodes die for good, as many as files survive, and everything is to
 * be brought back. No read may fail meanwhile.
 */
export async function decayAndRepair(world: DecayingWorld): Promise<void> {
  const { decay, nodes, clients, owner } = world;
  const { random } = decay;
  nodes.join(10);
  nodes.dropDeleted = true;
  decay.active = true;
  await world.restart();
  // With other settings for packs than before.
  await untilIdle(world);
  let ended = false;
  const readers = clients.map((client) => client.readUntil(() => ended));
  if (random() < 0.5) await passingOutage(world);
  const turns = random() < 0.6 ? 1 + Math.floor(10 ** (1 + 3.5 * random())) : Infinity;
  await world.mortally(turns, async () => {
    for (let round = 1 + Math.floor(2 * random()); round > 0; round--) {
      for (let n = 4 + Math.floor(4 * random()); n > 0; n--) {
        killOne(world);
        await owner.sleep(240_000 * random() ** 3);
      }
      await untilRepaired(world);
    }
  });
  ended = true;
  await Promise.all(readers);
}

async function passingOutage(world: DecayingWorld): Promise<void> {
  const { decay, nodes, owner, chain } = world;
  const away = nodes.nodes.filter(({ lastingFault }) => !lastingFault && decay.random() < 0.4).slice(0, 8);
  const before = chain.log.length;
  world.trace(() => `${away.length} nodes are away for a while`);
  for (const node of away) node.fault = "down";
  await owner.sleep(0.4 * RESTORAL_MS);
  for (const node of away) node.fault = node.lastingFault;
  await owner.sleep(3 * RESTORAL_MS);
  if (chain.log.length > before)
    throw new Violation(`nodes were away for a while, and it was repaired: ${chain.log.slice(before).join(", ")}`);
}

/** One node that no file needs for its four fragments. */
function killOne(world: DecayingWorld): void {
  const { decay, nodes, chain, packing } = world;
  const { random } = decay;
  const alive = nodes.nodes.filter((node) => !node.lastingFault);
  const among = packing.used && random() < 0.6 ? keepersOfWorst(world, alive) : alive;
  const victim = among[Math.floor(random() * among.length)];
  if (!victim || alive.length <= FRAGMENTS + 2) return;
  const left = alive.flatMap((node) => (node === victim ? [] : [node.account as string]));
  for (const { segments } of chain.files())
    for (const { fragments } of segments) if (fragments.filter(({ node }) => left.includes(node)).length < 5) return;
  const death = DEATHS[Math.floor(random() * DEATHS.length)]!;
  world.trace(() => `${victim.account} dies for good (${death})`);
  nodes.die(victim.account, death === "exit" ? "down" : death);
  if (death !== "exit") return;
  chain.set(({ nodes: known }) => known.set(victim.account, { ...known.get(victim.account)!, state: "exit" }));
}

/** Where there are many nodes, deaths that fall anywhere leave most files above what is repaired: packs are few. */
function keepersOfWorst(world: DecayingWorld, alive: readonly StorageNode[]): readonly StorageNode[] {
  const [worst] = living(world).sort((a, b) => a.left - b.left);
  const file = world.chain.files().find(({ fid }) => fid === worst?.fid);
  const keepers = file?.segments.flatMap(({ fragments }) => fragments.map(({ node }) => node as string)) ?? [];
  return alive.filter(({ account }) => keepers.includes(account));
}

/** Fewest living fragments of a segment, by FID. */
function living({ chain, nodes }: DecayingWorld): { readonly fid: string; readonly left: number }[] {
  return chain.files().map(({ fid, segments }) => ({
    fid,
    left: Math.min(
      ...segments.map(({ fragments }) => fragments.filter(({ hash, node }) => isThere(nodes.node(node), hash)).length),
    ),
  }));
}

/** A node that lost its disk is as good as any for the fragment of zeros, which nobody keeps. */
function isThere(node: StorageNode | undefined, hash: Hash): boolean {
  return node?.lastingFault === undefined || (node.lastingFault === "forgetful" && hash === ZERO_FRAGMENT_HASH);
}

async function untilRepaired(world: DecayingWorld): Promise<void> {
  const { owner } = world;
  const end = owner.now() + PATIENCE_MS;
  for (;;) {
    await untilIdle(world);
    const short = living(world).filter(({ left }) => left < REPAIR_BELOW);
    const { restored } = await world.incarnation!.services.catalog.checks.summary();
    if (short.length === 0 && restored === 0) break;
    if (owner.now() > end)
      throw new Violation(
        `not repaired: ${short.map(({ fid, left }) => `${fid} has ${left} of 12`).join(", ")}; ${restored} under repair`,
      );
    await owner.sleep(60_000);
  }
  world.trace(() => "all files have their fragments");
}
