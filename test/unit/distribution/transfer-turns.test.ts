import { expect } from "chai";
import type { FileRow, Placement } from "../../../src/catalog/catalog.js";
import { Counters } from "../../../src/distribution/counters.js";
import { DealPlacements } from "../../../src/distribution/deal-placements.js";
import { DISTRIBUTION_DEFAULTS } from "../../../src/distribution/settings.js";
import { TransferTurns } from "../../../src/distribution/transfer-turns.js";
import { Transfer } from "../../../src/distribution/transfer.js";
import type { CessAccount } from "../../../src/model/account.js";
import type { Fid, Hash } from "../../../src/model/hash.js";
import type { WantedFragment } from "../../../src/encoding/encoder.js";
import { PLAIN, type SegmentHashes } from "../../../src/model/file.js";
import { SEGMENT_SIZE } from "../../../src/model/sizes.js";
import { type FragmentName, type NodeAddress, NodeFailure } from "../../../src/network/nodes/nodes.js";
import { ManualClock } from "../../support/manual-clock.js";

/** A file's row of so many segments; nobody reads its bytes. */
function row(id: string, segments: number): FileRow {
  const hashes = Array.from({ length: segments }, (_, s): SegmentHashes => ({
    hash: `${id}-${s}` as Hash,
    fragments: Array.from({ length: 12 }, (_, f) => `${id}-${s}-${f}` as Hash),
  }));
  const size = segments * SEGMENT_SIZE;
  return {
    id,
    fid: id as Fid,
    size,
    format: PLAIN,
    segments: hashes,
    owner: "o",
    territory: "t",
    state: "declared",
    reports: 0,
    blobs: [{ blob: "b" as FileRow["blobs"][number]["blob"], offset: 0, length: size }],
    layout: "own-file",
    needed: true,
  };
}

describe("Transfer: taking turns", () => {
  const { signal } = new AbortController();
  const clock = new ManualClock();
  const registered = Array.from({ length: 14 }, (_, n) => ({
    account: `cNode${n}` as CessAccount,
    endpoint: `http://10.0.${n}.1`,
    state: "positive" as const,
    idleSpace: 10n ** 15n,
    quality: 1,
  }));
  let sent: string[];
  /** How many fragments were made at once, each time. */
  let passes: number[];
  let down: Set<string>;
  /** A fragment that its node takes only then. */
  /** Awaited by each node that takes a fragment. */
  let together: (() => Promise<void>) | undefined;
  let held: { readonly hash: string; readonly until: Promise<void> } | undefined;
  let saved: Map<string, readonly Placement[]>;
  beforeEach(() => {
    sent = [];
    passes = [];
    down = new Set();
    held = undefined;
    together = undefined;
    saved = new Map();
  });

  const transfer = (settings: Partial<typeof DISTRIBUTION_DEFAULTS>) =>
    new Transfer(
      {
        clock,
        turns: new TransferTurns({ ...DISTRIBUTION_DEFAULTS, ...settings }),
        counters: new Counters(),
        blobs: { withLocal: (_: unknown, work: (content: unknown[]) => unknown) => work([]) },
        encoder: {
          fragments: (_content: unknown, _format: unknown, wanted: readonly WantedFragment[]) => {
            passes.push(wanted.length);
            return Promise.resolve(wanted.map(() => new Uint8Array(1)));
          },
        },
        catalog: {
          files: {
            savePlacements: (id: string, placements: readonly Placement[]) =>
              Promise.resolve(void saved.set(id, placements)),
          },
        },
        nodes: {
          async put(node: NodeAddress, { hash }: FragmentName) {
            if (held?.hash === hash) await held.until;
            await together?.();
            await new Promise((resolve) => setImmediate(resolve));
            if (down.has(node.account)) throw new NodeFailure("circuit-open", node, "passed over");
            sent.push(`${node.account} ${hash}`);
          },
        },
      } as unknown as ConstructorParameters<typeof Transfer>[0],
      { ...DISTRIBUTION_DEFAULTS, ...settings },
    );
  const placements = (id: string) => new DealPlacements(saved.get(id) ?? [], [], 0);

  it("pauses a long transfer when its time is over, goes on where it was, and sends nothing twice", async () => {
    const work = transfer({ sliceBlocks: 0 });
    const long = row("long", 20);
    let runs = 0;
    for (let end = { kind: "paused" }; end.kind === "paused"; runs++)
      end = await work.run(long, placements("long"), registered, new Set(), signal);
    expect(runs).to.equal(20);
    expect(sent).to.have.length(240);
    expect(new Set(sent).size).to.equal(240);
    expect(placements("long").complete).to.equal(true);
  });

  it("begins an index anew at another node when the first one fails between two turns", async () => {
    const work = transfer({ sliceBlocks: 0 });
    const long = row("long", 3);
    await work.run(long, placements("long"), registered, new Set(), signal);
    const failing = placements("long").get(0)?.node ?? "";
    down.add(failing);
    for (let end = { kind: "paused" }; end.kind === "paused";)
      end = await work.run(long, placements("long"), registered, new Set(), signal);
    const keeper = placements("long").get(0)?.node ?? "";
    expect(keeper).not.to.equal(failing);
    expect(sent.filter((entry) => entry.startsWith(`${keeper} `))).to.deep.equal(
      [0, 1, 2].map((s) => `${keeper} long-${s}-0`),
    );
  });

  it("makes all fragments of a segment in one pass when nodes take about the same time", async () => {
    let taking: (() => void)[] = [];
    together = () =>
      new Promise((resolve) => {
        taking.push(resolve);
        if (taking.length < 12) return;
        const all = taking;
        taking = [];
        void clock.advance(1_000).then(() => all.forEach((take) => take()));
      });
    await transfer({}).run(row("file", 3), placements("file"), registered, new Set(), signal);
    expect(passes).to.deep.equal([12, 12, 12]);
    expect(sent).to.have.length(36);
  });

  it("does not let a node that takes long keep the others from what follows", async () => {
    const work = transfer({});
    let free: () => void = () => undefined;
    const freed = new Promise<void>((resolve) => (free = resolve));
    held = { hash: "file-0-3", until: freed };
    const running = work.run(row("file", 4), placements("file"), registered, new Set(), signal);
    while (sent.length < 44) await new Promise((resolve) => setImmediate(resolve));
    free();
    await running;
    expect(sent).to.have.length(48);
  });

  it("sends a small file's fragments between those of a long one that began before it", async () => {
    const work = transfer({ bytesInFlight: 2 * 8 * 1024 * 1024 });
    const long = work.run(row("long", 50), placements("long"), registered, new Set(), signal);
    while (sent.length < 20) await new Promise((resolve) => setImmediate(resolve));
    await work.run(row("small", 1), placements("small"), registered, new Set(), signal);
    expect(sent.length, "the long one is not done").to.be.lessThan(100);
    await long;
    expect(sent).to.have.length(50 * 12 + 12);
  });

  it("counts the indexes that have no node, and gives the rule that leaves them out", async () => {
    const parts = registered.slice(0, 11);
    const end = await transfer({}).run(row("file", 1), placements("file"), parts, new Set(), signal);
    expect(end).to.deep.include({ kind: "unsatisfied" });
    expect(sent).to.have.length(11);
  });
});
