import type { LoopPauses } from "../async/loop-pauses.js";
import type { Catalog, Failing } from "../catalog/catalog.js";
import type { Clock } from "../model/clock.js";
import { type Fid, type Hash, ZERO_FRAGMENT_HASH } from "../model/hash.js";
import { FRAGMENT_SIZE, FRAGMENTS } from "../model/sizes.js";
import type { Chain, ChainFile, ChainNode } from "../network/chain/chain.js";
import type { NodeRegistry } from "../network/nodes/node-registry.js";
import { NodeFailure } from "../network/nodes/nodes.js";
import { type NodeFetcher, WrongBytes } from "../retrieval/node-fetcher.js";
import { SAMPLES, type ScrubSettings } from "./settings.js";

/** Of a fragment, to see that a node has it: whether it is right, only the whole tells. */
const SAMPLE_BYTES = 1024;
/** The chain's register of nodes may be so old, ms. */
const REGISTER_MS = 60_000;

export interface LookComponents {
  readonly catalog: Pick<Catalog, "checks">;
  readonly chain: Pick<Chain, "file">;
  readonly registry: Pick<NodeRegistry, "nodes">;
  /** Verifies what it fetches whole, and gives up on nodes that do not answer. */
  readonly fetcher: Pick<NodeFetcher, "fetch" | "fetchRange">;
  readonly clock: Clock;
  readonly random: () => number;
  /** When this process stood still: what failed then says nothing of a node. */
  readonly pauses?: Pick<LoopPauses, "since"> | undefined;
}

/** What was seen of a file's fragments. */
export interface FileLook {
  /** What the chain lists; undefined: nothing. */
  readonly file: ChainFile | undefined;
  /** Fragments of the worst segment that are believed to be there, 0…12. */
  readonly redundancy: number;
  /** As `redundancy`, but what may come back counts as there. */
  readonly kept: number;
  /** Nodes that did not give what they were asked for, and those that did. */
  readonly failed: readonly string[];
  readonly answered: readonly string[];
}

type Outcome = "answered" | "failed" | "unknown";

/** Asks the chain where the fragments of a file are, and each node for some bytes of one that it should have. */
export class FileLooks {
  /** Bytes fetched since start. */
  bytes = 0;

  constructor(
    private readonly components: LookComponents,
    private readonly settings: Pick<ScrubSettings, "restoralMs">,
  ) {}

  /**
   * `whole`: one of the nodes is asked for a whole fragment, which is verified. Undefined when this gateway's own trouble
   * kept it from seeing anything. Rejects with ChainUnavailable or the signal's reason.
   */
  async look(
    { file: id, fid }: { readonly file: string; readonly fid: Fid },
    whole: boolean,
    signal: AbortSignal,
  ): Promise<FileLook | undefined> {
    const { catalog, chain, registry, clock, pauses } = this.components;
    const began = clock.now();
    const file = (await chain.file(fid, "best")) ?? (await chain.file(fid, "finalized"));
    if (!file) return { file, redundancy: 0, kept: 0, failed: [], answered: [] };
    const known = new Map((await registry.nodes(began - REGISTER_MS)).map((node) => [node.account as string, node]));
    const silent = new Map((await catalog.checks.failingNodes()).map((node) => [node.node, node]));
    const before = new Map((await catalog.checks.failing(id)).map((node) => [node.node, node]));
    const asked = this.samples(file).filter(({ node }) => isObliged(known.get(node)) && !silent.has(node));
    const verified = whole ? Math.floor(this.components.random() * asked.length) : -1;
    const outcomes = new Map<string, Outcome>(
      await Promise.all(
        asked.map(async ({ node, hash }, index): Promise<[string, Outcome]> => {
          const address = known.get(node);
          return [node, address ? await this.ask(address, { fid, hash }, index === verified, signal) : "unknown"];
        }),
      ),
    );
    signal.throwIfAborted();
    const [failed, answered] = (["failed", "answered"] as const).map((wanted) =>
      [...outcomes].flatMap(([node, outcome]) => (outcome === wanted ? [node] : [])),
    ) as [string[], string[]];
    if (pauses?.since(began) === true || (failed.length > 1 && answered.length === 0)) return undefined;
    const now = clock.now();
    const isLost = (failing: Failing | undefined) => failing !== undefined && this.isLost(failing, now);
    const isThere = (node: string) =>
      isObliged(known.get(node)) && !silent.has(node) && outcomes.get(node) !== "failed";
    const mayReturn = (node: string) =>
      isObliged(known.get(node)) &&
      !isLost(silent.get(node)) &&
      !(outcomes.get(node) === "failed" && isLost(before.get(node)));
    return { file, redundancy: least(file, isThere), kept: least(file, mayReturn), failed, answered };
  }

  private isLost({ samples, since }: Failing, now: number): boolean {
    return samples >= SAMPLES && now - since >= this.settings.restoralMs;
  }

  /** For each node one of the fragments that it should have, at random. */
  private samples({ segments }: ChainFile): { readonly node: string; readonly hash: Hash }[] {
    const held = new Map<string, Hash[]>();
    for (const { fragments } of segments) {
      for (const { hash, node, lost } of fragments) {
        // The fragment of zeros is known to all: nobody keeps it.
        if (lost === true || hash === ZERO_FRAGMENT_HASH) continue;
        const hashes = held.get(node);
        if (hashes) hashes.push(hash);
        else held.set(node, [hash]);
      }
    }
    return [...held].flatMap(([node, hashes]) => {
      const hash = hashes[Math.floor(this.components.random() * hashes.length)];
      return hash === undefined ? [] : [{ node, hash }];
    });
  }

  private async ask(
    node: ChainNode,
    fragment: { readonly fid: Fid; readonly hash: Hash },
    whole: boolean,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { fetcher, random } = this.components;
    try {
      if (whole) {
        this.bytes += (await fetcher.fetch(node, fragment, signal)).length;
      } else {
        const start = Math.floor(random() * (FRAGMENT_SIZE - SAMPLE_BYTES));
        this.bytes += (await fetcher.fetchRange(node, fragment, { start, end: start + SAMPLE_BYTES }, signal)).length;
      }
      return "answered";
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof WrongBytes) return "failed";
      if (!(error instanceof NodeFailure)) return "unknown";
      if (error.kind === "no-ranges") return "answered";
      return error.kind === "busy" || error.kind === "circuit-open" ? "unknown" : "failed";
    }
  }
}

/** Whether the node has to keep its fragments: that includes frozen ones, but not leaving ones. */
function isObliged(node: ChainNode | undefined): boolean {
  return node?.state === "positive" || node?.state === "frozen";
}

function least({ segments }: ChainFile, counts: (node: string) => boolean): number {
  return segments.reduce(
    (min, { fragments }) => Math.min(min, fragments.filter(({ node, lost }) => lost !== true && counts(node)).length),
    FRAGMENTS,
  );
}
