import { setMaxListeners } from "node:events";
import type { FileRow } from "../catalog/catalog.js";
import type { WantedFragment } from "../encoding/encoder.js";
import { isProblem } from "../model/errors.js";
import { formatFrom } from "../model/file.js";
import { place } from "../model/placement.js";
import type { PlacementWish } from "../model/placement-tags.js";
import { rulesPolicy } from "../model/placement-rules.js";
import { FRAGMENT_SIZE, FRAGMENTS } from "../model/sizes.js";
import type { RegisteredNode } from "../network/nodes/node-registry.js";
import { NodeFailure, type FragmentName, type NodeAddress } from "../network/nodes/nodes.js";
import type { DistributionContext } from "./components.js";
import { damagedSegment, withSegment, stagedForm } from "./content.js";
import type { DealPlacements } from "./deal-placements.js";
import { TemporaryFailure } from "./outcome.js";
import { SegmentPasses } from "./segment-passes.js";
import type { DistributionSettings } from "./settings.js";
import type { Progress, TransferTurns } from "./transfer-turns.js";

const RANDOM = rulesPolicy();

/** How a transfer ended: complete, paused because its time was over, or short of suitable nodes. */
export type TransferEnd =
  { readonly kind: "complete" } | { readonly kind: "paused" } | { readonly kind: "unsatisfied"; readonly why: string };

/** One file's transfer: what its indexes share. */
interface Shipment {
  readonly row: FileRow;
  readonly placements: DealPlacements;
  readonly nodes: readonly RegisteredNode[];
  /** Nodes that failed in this shipment. */
  readonly failed: Map<string, string>;
  readonly avoided: ReadonlySet<string>;
  readonly wish: PlacementWish | undefined;
  readonly signal: AbortSignal;
  /** When other files have their turn. */
  readonly until: number;
  readonly progress: Map<number, Progress>;
  readonly passes: SegmentPasses;
  paused: boolean;
  /** Why an index has no node. */
  unsatisfied: string | undefined;
  /** Saves follow each other, so that an older table never overwrites a newer one. */
  saving: Promise<void>;
}

/**
 * Gives every fragment index that needs it to a storage node: the same-index fragments of all segments, one after the
 * other, the indexes in parallel. Fragments are made when their turn comes, those of a segment together where they can
 * be; all transfers together hold at most `bytesInFlight` of them, and files take turns. A long transfer pauses after a while, so that files that wait for a
 * worker get one; what nodes have taken by then is remembered.
 */
export class Transfer {
  private readonly context: DistributionContext;
  private readonly settings: DistributionSettings;
  private readonly turns: TransferTurns;

  constructor(context: DistributionContext & { readonly turns: TransferTurns }, settings: DistributionSettings) {
    this.context = context;
    this.settings = settings;
    this.turns = context.turns;
  }

  /**
   * Sends what `placements` has assigned, after assigning what is vacant; each change is saved before the work it
   * announces. Resolves when every index is with a node or its time is over, or with the reason why some have none.
   */
  async run(
    row: FileRow,
    placements: DealPlacements,
    nodes: readonly RegisteredNode[],
    avoided: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<TransferEnd> {
    // When one index fails on the catalog or encoder, the others end too: nothing may still be sending when the job is
    // released.
    const stop = new AbortController();
    const running = AbortSignal.any([signal, stop.signal]);
    const wish = await this.wish(row);
    const shipment: Shipment = {
      row,
      placements,
      nodes,
      avoided,
      wish,
      signal: running,
      until: this.context.clock.now() + this.settings.sliceBlocks * this.settings.blockMs,
      progress: this.turns.progressOf(row.id),
      passes: new SegmentPasses({
        clock: this.context.clock,
        memory: this.turns.memory,
        most: this.turns.most,
        queue: row.id,
        signal: running,
        make: (segment, wanted) => this.fragments(row, segment, wanted, running),
      }),
      paused: false,
      failed: new Map(),
      unsatisfied: undefined,
      saving: Promise.resolve(),
    };
    // Every index listens while its fragment is computed and sent: more listeners than Node expects, but bounded.
    setMaxListeners(4 * FRAGMENTS, shipment.signal);
    this.assign(shipment, placements.vacant());
    await this.save(shipment);
    const done = this.turns.fragments.use();
    await Promise.allSettled(
      placements.assigned().map(({ index }) =>
        this.sendIndex(shipment, index)
          .catch((error: unknown) => {
            stop.abort(error);
          })
          .finally(() => shipment.passes.leave(index)),
      ),
    ).finally(done);
    shipment.signal.throwIfAborted();
    if (placements.complete) {
      this.turns.forget(row.id);
      return { kind: "complete" };
    }
    // Indexes without a node are reported when the rest is sent.
    if (shipment.paused) return { kind: "paused" };
    this.context.counters.unplaced += placements.vacant().length;
    return {
      kind: "unsatisfied",
      why: [shipment.unsatisfied, ...[...shipment.failed.values()].slice(0, 5)].join("; "),
    };
  }

  /** What the bucket's tags say at present. A pack has objects of many buckets, and of none that has such tags. */
  private async wish({ id, layout }: FileRow): Promise<PlacementWish | undefined> {
    const { catalog, placementTags } = this.context;
    if (!placementTags || layout === "pack") return undefined;
    const bucket = await catalog.files.bucketOf(id);
    const tags = bucket === undefined ? undefined : await catalog.documents.get(bucket, "tagging");
    try {
      return placementTags.wish(tags ?? []);
    } catch (error) {
      // The operator has taken a region away, say: the file waits, and shows why.
      if (isProblem(error, "invalidTag")) throw new TemporaryFailure(`bucket ${bucket}: ${error.message}`);
      throw error;
    }
  }

  private assign(shipment: Shipment, indexes: readonly number[]): void {
    if (indexes.length === 0) return;
    const { row, placements, nodes, failed, avoided, wish } = shipment;
    const { assigned, unsatisfied } = place({
      indexes,
      nodes,
      avoided,
      wish,
      batchBytes: BigInt(FRAGMENT_SIZE) * BigInt(row.segments.length),
      placed: new Map(placements.all().map(({ index, node }) => [index, node])),
      excluded: new Set(failed.keys()),
      policy: this.context.policy ?? RANDOM,
      seed: Math.floor((this.context.random ?? Math.random)() * 2 ** 32),
    });
    for (const [index, node] of assigned) placements.assign(index, node);
    if (unsatisfied !== undefined) shipment.unsatisfied = unsatisfied;
  }

  /** Sends to the assigned node; when that one fails, to another one, until none is left. */
  private async sendIndex(shipment: Shipment, index: number): Promise<void> {
    const { placements, nodes, failed } = shipment;
    for (;;) {
      const account = placements.get(index)?.node;
      if (account === undefined) return;
      const node = nodes.find((candidate) => candidate.account === account);
      try {
        // A node assigned by an earlier run may have left since.
        if (node?.state !== "positive") throw new GoneNode(account);
        if (!(await this.sendBatch(shipment, index, node))) return;
        placements.sent(index, this.context.clock.now());
        await this.save(shipment);
        return;
      } catch (error) {
        if (!(error instanceof NodeFailure || error instanceof GoneNode)) throw error;
        failed.set(account, error.message);
        this.context.counters.nodeFailures++;
        shipment.passes.leave(index);
        shipment.progress.delete(index);
        placements.revoke(index);
        this.assign(shipment, [index]);
        await this.save(shipment);
      }
    }
  }

  /** False when the time was over before the last segment. */
  private async sendBatch(shipment: Shipment, index: number, node: NodeAddress): Promise<boolean> {
    const { row, signal, progress } = shipment;
    const before = progress.get(index);
    const begin = before?.node === node.account ? before.segments : 0;
    for (const [s, segment] of row.segments.entries()) {
      if (s < begin) continue;
      // At least one segment each time, so that the longest file gets done.
      if (s > begin && this.context.clock.now() >= shipment.until) {
        shipment.paused = true;
        return false;
      }
      const hash = segment.fragments[index];
      if (hash === undefined) throw new Error(`segment ${s} of ${row.fid} has no fragment ${index}`);
      await this.turns.nodes.run(() => this.sendFragment(shipment, s, { index, hash }, node), {
        queue: row.id,
        group: node.account,
        signal,
      });
      progress.set(index, { node: node.account, segments: s + 1 });
    }
    progress.delete(index);
    return true;
  }

  private async sendFragment(
    { row, passes, signal }: Shipment,
    segment: number,
    wanted: WantedFragment,
    node: NodeAddress,
  ): Promise<void> {
    const lent = await passes.fragment(segment, wanted);
    try {
      await this.put(node, { fid: row.fid, hash: wanted.hash }, lent.bytes, signal);
    } finally {
      // A node that failed has lost its connection: nothing more is sent of these bytes.
      this.turns.fragments.giveBack(lent.bytes);
      lent.release();
    }
  }

  /** What a node would refuse is not its failure, but damage to the staged bytes. */
  private async fragments(
    row: FileRow,
    s: number,
    wanted: readonly WantedFragment[],
    signal: AbortSignal,
  ): Promise<Uint8Array[]> {
    const { blobs, encoder } = this.context;
    const staged = stagedForm(row);
    const task = { priority: "background", signal, into: this.turns.fragments.take(wanted.length) } as const;
    const made = await withSegment(
      staged,
      s,
      blobs,
      (content) => encoder.fragments(content, formatFrom(staged.format, s), wanted, task),
      signal,
    );
    return made.map((bytes) => {
      if (!bytes) throw damagedSegment(staged, s, blobs);
      return bytes;
    });
  }

  /** Tries a few times: a node refuses fragments of a deal that it has not seen yet. */
  private async put(node: NodeAddress, fragment: FragmentName, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const { nodes, clock, counters } = this.context;
    for (let attempt = 1; ; attempt++) {
      try {
        await nodes.put(node, fragment, bytes, signal);
        counters.fragmentsSent++;
        counters.bytesSent += bytes.byteLength;
        return;
      } catch (error) {
        if (error instanceof NodeFailure) counters.notTaken(error);
        const worthwhile = error instanceof NodeFailure && (error.kind === "unreachable" || error.kind === "refused");
        if (!worthwhile || attempt >= this.settings.putAttempts) throw error;
        await clock.sleep(this.settings.putRetryBlocks * this.settings.blockMs, signal);
      }
    }
  }

  private save(shipment: Shipment): Promise<void> {
    const { row, placements } = shipment;
    shipment.saving = shipment.saving.then(() => this.context.catalog.files.savePlacements(row.id, placements.all()));
    return shipment.saving;
  }
}

class GoneNode extends Error {
  constructor(account: string) {
    super(`the storage node ${account} may not take fragments any more`);
    this.name = "GoneNode";
  }
}
