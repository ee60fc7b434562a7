import type { Encoder, FileSlice } from "../../../src/encoding/encoder.js";
import { fidOf } from "../../../src/encoding/merkle.js";
import type { CessAccount } from "../../../src/model/account.js";
import type { Clock } from "../../../src/model/clock.js";
import { systemClock } from "../../../src/async/system-clock.js";
import type { ByteRange } from "../../../src/model/byte-range.js";
import { formatFrom, type CessFile, type SegmentFormat } from "../../../src/model/file.js";
import { type Hash, type Fid, ZERO_FRAGMENT_HASH } from "../../../src/model/hash.js";
import { FRAGMENT_SIZE, FRAGMENTS } from "../../../src/model/sizes.js";
import {
  type Chain,
  ChainUnavailable,
  type ChainDeal,
  type ChainFile,
  type ChainNode,
} from "../../../src/network/chain/chain.js";
import { type FragmentName, type NodeAddress, NodeFailure, type Nodes } from "../../../src/network/nodes/nodes.js";
import { segmentSlices } from "../encoding/vector-bytes.js";

export type Fault =
  | "none"
  | "down"
  | "corrupt"
  | "short"
  | "missing"
  | "silent"
  | "wholes"
  | "wrong-ranges"
  | { readonly slowMs: number }
  | { readonly flipped: number };

/** Twelve storage nodes that keep fragments in memory, with a switch for what is wrong with each: `wholes` gives no ranges. */
export class MemoryNodes implements Nodes {
  readonly faults = new Map<CessAccount, Fault>();
  /** One entry for every get: the node, how many bytes it was asked for, and how it ended. */
  readonly gets: {
    node: CessAccount;
    hash: Hash;
    bytes: number;
    end: "running" | "sent" | "failed" | "aborted";
  }[] = [];
  readonly fragments = new Map<string, Uint8Array>();

  constructor(private readonly clock: Clock) {}

  put(node: NodeAddress, fragment: FragmentName, bytes: Uint8Array): Promise<void> {
    this.fragments.set(`${node.account}/${fragment.hash}`, bytes);
    return Promise.resolve();
  }

  /** Every fragment that some node holds. */
  stored(): Iterable<Uint8Array> {
    return this.fragments.values();
  }

  forget(): void {
    this.fragments.clear();
  }

  get(node: NodeAddress, fragment: FragmentName, signal?: AbortSignal): Promise<Uint8Array> {
    return this.entered(node, fragment, { start: 0, end: FRAGMENT_SIZE }, signal);
  }

  async getRange(
    node: NodeAddress,
    fragment: FragmentName,
    range: ByteRange,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const fault = this.faults.get(node.account);
    const bytes = await this.entered(node, fragment, range, signal);
    if (fault === "wholes") throw new NodeFailure("no-ranges", node, "it gave the whole fragment");
    return bytes;
  }

  private async entered(
    node: NodeAddress,
    fragment: FragmentName,
    range: ByteRange,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const entry: (typeof this.gets)[number] = {
      node: node.account,
      hash: fragment.hash,
      bytes: range.end - range.start,
      end: "running",
    };
    this.gets.push(entry);
    try {
      const bytes = await this.answer(node, fragment, range, signal);
      entry.end = "sent";
      return bytes;
    } catch (error) {
      entry.end = signal?.aborted ? "aborted" : "failed";
      throw error;
    }
  }

  private async answer(
    node: NodeAddress,
    { hash }: FragmentName,
    { start, end }: ByteRange,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const fault = this.faults.get(node.account) ?? "none";
    if (fault === "down") throw new NodeFailure("unreachable", node, "connection refused");
    const takesMs = typeof fault === "object" && "slowMs" in fault ? fault.slowMs : fault === "silent" ? 1e6 : 0;
    if (takesMs > 0) await this.clock.sleep(takesMs, signal);
    else await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    const stored = this.fragments.get(`${node.account}/${hash}`);
    if (!stored || fault === "missing") throw new NodeFailure("missing", node, "no such fragment");
    if (fault === "short") return stored.slice(start, end - 1);
    const bytes = stored.slice(start, end);
    if (fault === "wrong-ranges" && bytes.length < FRAGMENT_SIZE) bytes[bytes.length >> 1]! ^= 1;
    if (fault === "corrupt") bytes[bytes.length >> 1]! ^= 1;
    if (typeof fault === "object" && "flipped" in fault) bytes[0]! ^= fault.flipped;
    return bytes;
  }
}

const elsewhere = () => Promise.reject(new Error("retrieval has no business with this"));

/** The chain's register of files and nodes. */
export class MemoryChain implements Chain {
  readonly account = "cGateway" as CessAccount;
  readonly files = new Map<Fid, ChainFile>();
  registered: ChainNode[] = [];
  connected = true;
  reads = 0;

  file(fid: Fid): Promise<ChainFile | undefined> {
    this.reads++;
    return this.connected
      ? Promise.resolve(this.files.get(fid))
      : Promise.reject(new ChainUnavailable("no endpoint answers"));
  }

  nodes(): Promise<ChainNode[]> {
    this.reads++;
    return this.connected
      ? Promise.resolve(this.registered)
      : Promise.reject(new ChainUnavailable("no endpoint answers"));
  }

  /** Deals that are pending. */
  readonly deals = new Map<Fid, ChainDeal>();
  /** What accounts hold. */
  readonly owned = new Map<CessAccount, Fid[]>();

  deal(fid: Fid): Promise<ChainDeal | undefined> {
    return this.answer(() => this.deals.get(fid));
  }

  ownedFiles(owner: CessAccount): Promise<readonly Fid[]> {
    return this.answer(() => this.owned.get(owner) ?? []);
  }

  private answer<T>(read: () => T): Promise<T> {
    this.reads++;
    return this.connected ? Promise.resolve(read()) : Promise.reject(new ChainUnavailable("no endpoint answers"));
  }

  readonly territory = elsewhere;
  readonly authorized = elsewhere;
  readonly finalizedBlock = elsewhere;
  readonly declare = elsewhere;
  readonly deleteFile = elsewhere;
  readonly settled = elsewhere;
  readonly close = () => Promise.resolve();
  sign(): Uint8Array {
    throw new Error("retrieval signs nothing");
  }
  watch(): () => void {
    throw new Error("retrieval watches nothing");
  }
}

/** A node's account by the index of the fragments it holds. */
export const nodeAccount = (index: number, generation = 0) => `cNode${generation}x${index}` as CessAccount;

export class MemoryNetwork {
  readonly chain = new MemoryChain();
  readonly nodes: MemoryNodes;

  /** `clock`: of slow nodes; the others answer in no time. */
  constructor(
    private readonly encoder: Encoder,
    clock: Clock = systemClock,
  ) {
    this.nodes = new MemoryNodes(clock);
    this.register(0);
  }

  register(generation: number): void {
    for (let index = 0; index < FRAGMENTS; index++) {
      const account = nodeAccount(index, generation);
      this.chain.registered.push({
        account,
        endpoint: `http://node-${generation}-${index}`,
        state: "positive",
        idleSpace: 0n,
      });
    }
  }

  /** Encodes a local file and gives its fragments to the nodes of that generation, replacing the register's entry. */
  async store(path: string, size: number, format: SegmentFormat, generation = 0): Promise<CessFile> {
    const contents = segmentSlices(path, size, format);
    const segments = await Promise.all(
      contents.map((content, index) => this.encoder.hashSegment(content, formatFrom(format, index))),
    );
    const file = { fid: fidOf(segments.map(({ hash }) => hash)), size, format, segments };
    await this.keep(file, contents, generation);
    return file;
  }

  /**
   * Gives a file's fragments (the first so many of each segment), made of `contents`, to the nodes of that generation.
   */
  async keep(
    { fid, size, format, segments }: CessFile,
    contents: readonly FileSlice[][],
    generation = 0,
    count = FRAGMENTS,
  ): Promise<void> {
    for (const [i, content] of contents.entries())
      await this.place(fid, content, formatFrom(format, i), segments[i]!.fragments.slice(0, count), generation);
    this.chain.files.set(fid, {
      fid,
      size,
      owners: [],
      segments: segments.map(({ hash, fragments }) => ({
        hash,
        fragments: fragments.map((fragment, index) => ({ hash: fragment, node: nodeAccount(index, generation) })),
      })),
    });
  }

  fault(index: number, fault: Fault): void {
    this.nodes.faults.set(nodeAccount(index), fault);
  }

  heal(): void {
    this.nodes.faults.clear();
    this.nodes.gets.length = 0;
  }

  private async place(
    fid: Fid,
    content: FileSlice[],
    format: SegmentFormat,
    fragments: readonly Hash[],
    generation: number,
  ): Promise<void> {
    for (const [index, hash] of fragments.entries()) {
      if (hash === ZERO_FRAGMENT_HASH) continue;
      const [bytes] = await this.encoder.fragments(content, format, [{ index, hash }]);
      if (!bytes) throw new Error(`fragment ${index} has not the hash ${hash}`);
      await this.nodes.put({ account: nodeAccount(index, generation), endpoint: "" }, { fid, hash }, bytes);
    }
  }
}
