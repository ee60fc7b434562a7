import type { CessAccount } from "../../src/model/account.js";
import type { Fid } from "../../src/model/hash.js";
import type { MemoryChain } from "../support/memory-chain.js";
import type { World } from "./checks.js";
import type { Owner } from "./scheduler.js";
import { calm, type ChainTrouble } from "./simulated-chain.js";
import type { SimulatedDisk } from "./simulated-disk.js";
import { nodeFaults, type SimulatedNodes } from "./simulated-nodes.js";

export interface TroubleParts {
  readonly owner: Owner;
  readonly chain: MemoryChain;
  readonly trouble: ChainTrouble;
  readonly nodes: SimulatedNodes;
  readonly disk: SimulatedDisk;
  readonly random: () => number;
  readonly finalityLag: number;
  readonly stallBlocks: (stalled: boolean) => void;
  readonly trace: (line: () => string) => void;
  /** Accounts that may take their authorization back for a while. */
  readonly owners: readonly string[];
  /** Files that are about to be deleted on chain, because nothing needs them. */
  readonly unneeded: () => Promise<{ readonly fid: Fid; readonly owner: CessAccount }[]>;
}

type Mischief = (parts: TroubleParts) => Promise<void>;

/** For a while, then no more. */
const spell = async ({ owner, random }: TroubleParts, longestMs: number, begin: () => void, end: () => void) => {
  begin();
  await owner.sleep(longestMs * random() ** 2);
  end();
};

function fork({ chain, random, finalityLag, trace }: TroubleParts): void {
  const depth = 1 + Math.floor(random() * (finalityLag + 2));
  trace(() => `the last ${depth} blocks were another fork's`);
  chain.fork(depth, random() < 0.5);
}

async function behind({ owner, trouble, trace }: TroubleParts, blocks: number, ms: number): Promise<void> {
  trace(() => `the chain's endpoint is ${blocks} blocks behind`);
  trouble.behind = blocks;
  await owner.sleep(ms);
  trouble.behind = 0;
}

/** Longer behind than anything must stay missing before it is believed to be gone. */
export function farBehind(parts: TroubleParts): Promise<void> {
  return behind(parts, 30 + Math.floor(80 * parts.random()), 200_000 + 400_000 * parts.random());
}

/** Everything that can go wrong outside the gateway, by name. */
export const mischiefs: Readonly<Record<string, Mischief>> = {
  async node(parts) {
    const { nodes, random, trace } = parts;
    const node = nodes.nodes[Math.floor(random() * nodes.nodes.length)]!;
    const fault = nodeFaults[Math.floor(random() * nodeFaults.length)];
    trace(() => `${node.account} is ${fault ?? ""}`);
    await spell(
      parts,
      240_000,
      () => (node.fault = fault),
      () => (node.fault = node.lastingFault),
    );
  },
  async partition(parts) {
    const { nodes, random, trace } = parts;
    const away = nodes.nodes.filter(() => random() < 0.6);
    trace(() => `${away.length} nodes are cut off`);
    await spell(
      parts,
      240_000,
      () => away.forEach((node) => (node.fault = "hanging")),
      () => away.forEach((node) => (node.fault = node.lastingFault)),
    );
  },
  frozen: (parts) => {
    const { chain, nodes, random } = parts;
    const { account } = nodes.nodes[Math.floor(random() * nodes.nodes.length)]!;
    const become = (state: "positive" | "frozen") =>
      chain.set(({ nodes: known }) => known.set(account, { ...known.get(account)!, state }));
    return spell(
      parts,
      240_000,
      () => become("frozen"),
      () => become("positive"),
    );
  },
  stall: (parts) =>
    spell(
      parts,
      240_000,
      () => parts.stallBlocks(true),
      () => parts.stallBlocks(false),
    ),
  finality: (parts) =>
    spell(
      parts,
      240_000,
      () => (parts.chain.finalityStalled = true),
      () => (parts.chain.finalityStalled = false),
    ),
  fork(parts) {
    fork(parts);
    return Promise.resolve();
  },
  behind: (parts) => behind(parts, 1 + Math.floor(40 * parts.random()), 240_000 * parts.random() ** 2),
  fullBlocks: (parts) =>
    spell(
      parts,
      150_000,
      () => (parts.chain.blocksFull = true),
      () => (parts.chain.blocksFull = false),
    ),
  forsaken: ({ chain, trace }) => {
    const waiting = chain.forsakePool();
    if (waiting > 0) trace(() => `nobody hears what becomes of ${waiting} extrinsics`);
    return Promise.resolve();
  },
  /**
   * What this gateway signs is refused for a while, so the owner deletes a file with another one that this one is about
   * to delete; the block with that may be forked away.
   */
  async elsewhere(parts) {
    const { chain, trouble, owner, random, trace, unneeded } = parts;
    trouble.refusal = 1;
    for (const end = owner.now() + 150_000; owner.now() < end;) {
      await owner.sleep(3_000 * random());
      const [file] = (await unneeded()).sort(() => random() - 0.5);
      if (!file) continue;
      trace(() => `${file.owner} deletes ${file.fid.slice(0, 8)} elsewhere`);
      chain.deleteElsewhere(file.owner, file.fid);
      await owner.sleep(6_000 + 9_000 * random());
      fork(parts);
      if (random() < 0.5) break;
    }
    trouble.refusal = 0;
  },
  outage: (parts) =>
    spell(
      parts,
      120_000,
      () => (parts.trouble.unreachable = true),
      () => (parts.trouble.unreachable = false),
    ),
  latency: (parts) =>
    spell(
      parts,
      150_000,
      () => (parts.trouble.latencyMs = 15_000),
      () => (parts.trouble.latencyMs = 50),
    ),
  loss: (parts) =>
    spell(
      parts,
      150_000,
      () => (parts.trouble.loss = 0.5),
      () => (parts.trouble.loss = 0),
    ),
  refusal: (parts) =>
    spell(
      parts,
      150_000,
      () => (parts.trouble.refusal = 0.5),
      () => (parts.trouble.refusal = 0),
    ),
  dropped: ({ chain, random, trace }) => {
    const word = random() < 0.5 ? "told" : "silent";
    const dropped = chain.dropPool(word);
    if (dropped > 0) trace(() => `${dropped} extrinsics fell out of the pool (${word})`);
    return Promise.resolve();
  },
  duplicated: ({ chain }) => {
    chain.duplicatePool();
    return Promise.resolve();
  },
  fullDisk: (parts) => {
    const { disk } = parts;
    const taken = disk.free - 10_000;
    return spell(
      parts,
      60_000,
      () => (disk.free -= taken),
      () => (disk.free += taken),
    );
  },
  unauthorized: (parts) => {
    const { chain, owners, random } = parts;
    const account = owners[Math.floor(random() * owners.length)]!;
    return spell(
      parts,
      150_000,
      () => chain.set(({ authorizers }) => authorizers.delete(account)),
      () => chain.set(({ authorizers }) => authorizers.add(account)),
    );
  },
};

/** Makes some kinds of trouble, now and then, until told to end; resolves when the last of it is over. */
export async function makeTrouble(
  parts: TroubleParts,
  kinds: readonly string[],
  everyMs: number,
  ended: () => boolean,
): Promise<void> {
  const { owner, random } = parts;
  const running = new Set<Promise<void>>();
  while (!ended() && kinds.length > 0) {
    await owner.sleep(2 * everyMs * random());
    const kind = kinds[Math.floor(random() * kinds.length)]!;
    const run = mischiefs[kind]!(parts).finally(() => running.delete(run));
    running.add(run);
  }
  await Promise.all(running);
}

/** All is well from here on. */
export function heal({ chain, trouble, nodes, stallBlocks }: TroubleParts): void {
  Object.assign(trouble, calm());
  nodes.heal();
  chain.finalityStalled = false;
  chain.blocksFull = false;
  chain.dropNext = 0;
  stallBlocks(false);
}

/** Files on chain that the gateway is about to delete there, because nothing needs them. */
export async function unneededFiles({
  incarnation,
  chain,
  accounts,
}: World): Promise<{ readonly fid: Fid; readonly owner: CessAccount }[]> {
  const found: { readonly fid: Fid; readonly owner: CessAccount }[] = [];
  for (const { fid, owners } of incarnation ? chain.files() : []) {
    const rows = await incarnation!.services.catalog.files.withFid(fid);
    for (const { account } of owners) {
      const own = rows.filter(({ owner }) => accounts.get(owner)?.cessAccount === account);
      if (own.length > 0 && own.every(({ state, signed }) => state === "deleting" && !signed))
        found.push({ fid, owner: account });
    }
  }
  return found;
}
