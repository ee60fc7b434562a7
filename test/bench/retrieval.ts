import { createHash, randomFillSync } from "node:crypto";
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { FragmentCache } from "../../src/cache/cache.js";
import { fidOf } from "../../src/encoding/merkle.js";
import { ThreadEncoder } from "../../src/encoding/thread-encoder.js";
import type { ByteRange } from "../../src/model/byte-range.js";
import { type CessFile, PLAIN } from "../../src/model/file.js";
import type { Hash } from "../../src/model/hash.js";
import { FRAGMENT_SIZE, KIB, MIB, SEGMENT_SIZE } from "../../src/model/sizes.js";
import { type FragmentName, type NodeAddress, NodeFailure, type Nodes } from "../../src/network/nodes/nodes.js";
import { MeasuredNodes } from "../../src/network/nodes/measured-nodes.js";
import { PersistentNodeRegistry } from "../../src/network/nodes/persistent-node-registry.js";
import { NetworkRetrieval } from "../../src/retrieval/network-retrieval.js";
import type { FileRange } from "../../src/retrieval/retrieval.js";
import { systemClock } from "../../src/async/system-clock.js";
import { collect } from "../support/collect.js";
import type { Figure } from "./figure.js";
import { MemoryNetwork, nodeAccount } from "../unit/retrieval/memory-network.js";

const SIZE = 256 * MIB;
/** The rest of each fragment is zeros, parity included, since the code works column by column. */
const FILLED = 64 * KIB;
/** Bytes of a packed object. */
const PACKED = 10 * KIB;
/** A node's answer: the way there and back, and 8 MiB at 80 MiB/s; each varies by a tenth up and down. Milliseconds. */
const ROUND_TRIP_MS = 20;
const FRAGMENT_MS = 100;
/** A node at one hundredth of its speed. */
const SLOW = 100;
/** Clients such as Arrow give up when no byte has come for 3 s. */
const FIRST_BYTE_MS = 1000;

/** Storage nodes that take their time as real ones do, and keep only what is not zero. */
class PacedNodes implements Nodes {
  readonly speeds = new Map<string, "down" | number>();
  /** What came over the wire, also of what was cut off. */
  sentBytes = 0;
  private readonly fragments = new Map<string, Uint8Array>();
  private turn = 0;

  put(node: NodeAddress, { hash }: FragmentName, bytes: Uint8Array): Promise<void> {
    this.fragments.set(`${node.account}/${hash}`, bytes.slice(0, FILLED));
    return Promise.resolve();
  }

  get(node: NodeAddress, fragment: FragmentName, signal?: AbortSignal): Promise<Uint8Array> {
    return this.getRange(node, fragment, { start: 0, end: FRAGMENT_SIZE }, signal);
  }

  async getRange(
    node: NodeAddress,
    { hash }: FragmentName,
    { start, end }: ByteRange,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const speed = this.speeds.get(node.account) ?? 1;
    if (speed === "down") throw new NodeFailure("unreachable", node, "connection refused");
    // The same sequence in every run, with a mean of 1.
    const jitter = 0.9 + (0.2 * ((this.turn++ * 7919) % 1000)) / 1000;
    const size = end - start;
    const began = performance.now();
    const wireMs = FRAGMENT_MS * speed * jitter * (size / FRAGMENT_SIZE);
    const waitMs = ROUND_TRIP_MS * jitter;
    try {
      await systemClock.sleep(waitMs + wireMs, signal);
    } catch (error) {
      this.sentBytes += size * Math.min(Math.max((performance.now() - began - waitMs) / wireMs, 0), 1);
      throw error;
    }
    this.sentBytes += size;
    const kept = this.fragments.get(`${node.account}/${hash}`);
    if (!kept) throw new NodeFailure("missing", node, "no such fragment");
    const bytes = new Uint8Array(size);
    bytes.set(kept.subarray(start, end));
    return bytes;
  }
}

const NOTHING = { bytes: 0, hits: 0, misses: 0, evictions: 0 };

/** A cache that keeps nothing, so that every read is cold. */
const nothing: FragmentCache = {
  get: () => Promise.resolve(undefined),
  held: () => undefined,
  has: () => false,
  stream: () => undefined,
  set: () => Promise.resolve(),
  clear: () => Promise.resolve(),
  usage: () => ({ memory: NOTHING, disk: NOTHING }),
  close: () => Promise.resolve(),
};

async function store(
  folder: string,
  encoder: ThreadEncoder,
  network: MemoryNetwork,
  nodes: PacedNodes,
): Promise<CessFile> {
  const path = join(folder, "object");
  const descriptor = openSync(path, "w");
  ftruncateSync(descriptor, SIZE);
  for (let at = 0; at < SIZE; at += FRAGMENT_SIZE)
    writeSync(descriptor, randomFillSync(Buffer.alloc(FILLED)), 0, FILLED, at);
  closeSync(descriptor);
  const contents = Array.from({ length: SIZE / SEGMENT_SIZE }, (_, n) => [
    { path, offset: n * SEGMENT_SIZE, length: SEGMENT_SIZE },
  ]);
  const segments = await Promise.all(contents.map((content) => encoder.hashSegment(content, PLAIN)));
  const fid = fidOf(segments.map(({ hash }) => hash));
  for (const [n, content] of contents.entries()) {
    const wanted = (segments[n]?.fragments ?? []).map((hash, index) => ({ index, hash }));
    for (const [i, bytes] of (await encoder.fragments(content, PLAIN, wanted)).entries())
      if (bytes) await nodes.put({ account: nodeAccount(i), endpoint: "" }, { fid, hash: wanted[i]!.hash }, bytes);
  }
  const listed = segments.map(({ hash, fragments }) => ({
    hash,
    fragments: fragments.map((fragment, index) => ({ hash: fragment, node: nodeAccount(index) })),
  }));
  network.chain.files.set(fid, { fid, size: SIZE, owners: [], segments: listed });
  return { fid, size: SIZE, format: PLAIN, segments };
}

interface Reads {
  readonly p50: number;
  readonly p99: number;
  /** MiB/s */
  readonly throughput: number;
  /** Bytes sent by the nodes for each that was needed: of the single fragments, and of the whole object. */
  readonly traffic: readonly [single: number, whole: number];
}

async function firstByte(retrieval: NetworkRetrieval, file: CessFile, start: number): Promise<number> {
  const began = performance.now();
  const stream = await retrieval.open([{ file, range: { start, end: start + FILLED } }]);
  const took = performance.now() - began;
  stream.close();
  return took;
}

/** `firsts` reads one after the other, each at another fragment, and then the whole object at once. */
async function measure(retrieval: NetworkRetrieval, nodes: PacedNodes, file: CessFile, firsts: number): Promise<Reads> {
  const times: number[] = [];
  const traffic = () => nodes.sentBytes - sent;
  let sent = nodes.sentBytes;
  for (let n = 0; n < firsts; n++)
    times.push(await firstByte(retrieval, file, ((n * 11) % (SIZE / FRAGMENT_SIZE)) * FRAGMENT_SIZE));
  times.sort((a, b) => a - b);
  const single = traffic() / (firsts * FRAGMENT_SIZE);
  sent = nodes.sentBytes;
  const began = performance.now();
  let bytes = 0;
  for await (const chunk of await retrieval.open([{ file, range: { start: 0, end: SIZE } }])) bytes += chunk.length;
  if (bytes !== SIZE) throw new Error(`${bytes} bytes came of ${SIZE}`);
  const at = (share: number) => times[Math.ceil(times.length * share) - 1] ?? NaN;
  return {
    p50: at(0.5),
    p99: at(0.99),
    throughput: (SIZE * 1000) / MIB / (performance.now() - began),
    traffic: [single, traffic() / SIZE],
  };
}

/** The last of each fragment's bytes that are not zeros. */
function packedIn(file: CessFile, fragment: number): FileRange {
  const offset = fragment * FRAGMENT_SIZE + FILLED - PACKED;
  return { file, range: { start: offset, end: offset + PACKED } };
}

/** Reads, one after the other, what `ranges` name. */
async function coldReads(retrieval: NetworkRetrieval, nodes: PacedNodes, ranges: readonly FileRange[]) {
  const times: number[] = [];
  const sent = nodes.sentBytes;
  const contents: Buffer[] = [];
  for (const range of ranges) {
    const began = performance.now();
    contents.push(await collect(await retrieval.open([range])));
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  return { contents, p50: times[times.length >> 1] ?? NaN, sent: (nodes.sentBytes - sent) / ranges.length / KIB };
}

/** Objects of 10 KiB in a pack, against the same bytes read as a range of a file, so with their whole fragments. */
async function benchPacked(retrieval: NetworkRetrieval, nodes: PacedNodes, file: CessFile): Promise<Figure[]> {
  const ranges = Array.from({ length: SIZE / FRAGMENT_SIZE }, (_, n) => packedIn(file, n));
  const unpacked = await coldReads(retrieval, nodes, ranges);
  const packed = await coldReads(
    retrieval,
    nodes,
    ranges.map(({ range }, n) => ({
      file,
      range: { start: 0, end: PACKED },
      packed: {
        offset: range.start,
        length: PACKED,
        digest: createHash("sha256")
          .update(unpacked.contents[n] ?? "")
          .digest("hex") as Hash,
      },
    })),
  );
  return [
    {
      what: "cold read of a packed object of 10 KiB: p50",
      ours: { value: packed.p50, unit: "ms" },
      reference: { what: "with its whole fragment", value: unpacked.p50, unit: "ms" },
      wanted: { atMost: 0.3 },
    },
    {
      what: "cold read of a packed object of 10 KiB: sent by nodes",
      ours: { value: packed.sent, unit: "KiB" },
      reference: { what: "the object", value: PACKED / KIB, unit: "KiB" },
      wanted: { atMost: 2 },
    },
  ];
}

/** Cold reads that need reconstruction, while twice as many segments as there are cores are coded in the background. */
async function benchBesideCoding(
  folder: string,
  encoder: ThreadEncoder,
  retrieval: NetworkRetrieval,
  file: CessFile,
): Promise<Figure> {
  let coding = true;
  const content = [{ path: join(folder, "object"), offset: 0, length: SEGMENT_SIZE }];
  const lanes = Array.from({ length: 2 * availableParallelism() }, async () => {
    while (coding) await encoder.hashSegment(content, PLAIN, { priority: "background" });
  });
  const times: number[] = [];
  for (let n = 0; n < SIZE / FRAGMENT_SIZE; n++) times.push(await firstByte(retrieval, file, n * FRAGMENT_SIZE));
  coding = false;
  await Promise.all(lanes);
  return {
    what: "cold read, 8 of 12 nodes down, while all cores code: the slowest first byte",
    ours: { value: Math.max(...times), unit: "ms" },
    reference: { what: "limit", value: FIRST_BYTE_MS, unit: "ms" },
    wanted: { atMost: 1 },
  };
}

/** What a fault does to the network, and what of the healthy network's figures must be left. */
interface Case {
  readonly what: string;
  readonly faults: readonly ("down" | number)[];
  readonly wanted: { readonly p99?: Figure["wanted"]; readonly throughput?: Figure["wanted"] };
}

const CASES: readonly Case[] = [
  { what: "4 of 12 nodes down", faults: Array<"down">(4).fill("down"), wanted: {} },
  { what: "8 of 12 nodes down", faults: Array<"down">(8).fill("down"), wanted: { throughput: { atLeast: 0.5 } } },
  { what: "1 node at 1% speed", faults: [SLOW], wanted: { p99: { atMost: 1.3 } } },
];

/**
 * Cold reads of a 256 MiB object with 4 and 8 of its 12 nodes down (data nodes first, the worst case), and with one
 * data node at 1% of its speed, against the healthy network; and of packed objects. About a minute.
 */
export async function benchRetrieval(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-bench-"));
  const encoder = new ThreadEncoder();
  const network = new MemoryNetwork(encoder);
  const nodes = new PacedNodes();
  const gateway = () => {
    const registry = PersistentNodeRegistry.inMemory({ chain: network.chain, clock: systemClock });
    const measured = new MeasuredNodes({ nodes, registry, clock: systemClock });
    const components = { chain: network.chain, nodes: measured, registry, cache: nothing, encoder, clock: systemClock };
    return new NetworkRetrieval(components, { objectCacheBytes: 0 });
  };
  const under = async (file: CessFile, faults: Case["faults"]): Promise<Reads> => {
    const retrieval = gateway();
    nodes.speeds.clear();
    // Met while all was well, as a gateway has that was started before the fault.
    for (let n = 0; n < 8; n++) await firstByte(retrieval, file, n * FRAGMENT_SIZE);
    for (const [index, fault] of faults.entries()) nodes.speeds.set(nodeAccount(index), fault);
    return measure(retrieval, nodes, file, 100);
  };
  try {
    const file = await store(folder, encoder, network, nodes);
    const healthy = await under(file, []);
    const figures: Figure[] = [];
    for (const { what, faults, wanted } of CASES)
      figures.push(...compare(what, await under(file, faults), healthy, wanted));
    nodes.speeds.clear();
    for (let node = 0; node < 8; node++) nodes.speeds.set(nodeAccount(node), "down");
    figures.push(await benchBesideCoding(folder, encoder, gateway(), file));
    nodes.speeds.clear();
    figures.push(...(await benchPacked(gateway(), nodes, file)));
    return figures;
  } finally {
    await encoder.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function compare(what: string, now: Reads, healthy: Reads, wanted: Case["wanted"]): Figure[] {
  const figure = (name: string, unit: string, of: (reads: Reads) => number, asked?: Figure["wanted"]): Figure => ({
    what: `cold read, ${what}: ${name}`,
    ours: { value: of(now), unit },
    reference: { what: "all up", value: of(healthy), unit },
    ...(asked && { wanted: asked }),
  });
  return [
    figure("p50 to first byte", "ms", ({ p50 }) => p50),
    figure("p99 to first byte", "ms", ({ p99 }) => p99, wanted.p99),
    figure("256 MiB", "MiB/s", ({ throughput }) => throughput, wanted.throughput),
    figure("sent by nodes for a fragment", "×", ({ traffic }) => traffic[0]),
    figure("sent by nodes for 256 MiB", "×", ({ traffic }) => traffic[1]),
  ];
}
