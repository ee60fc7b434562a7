import { LRUCache } from "lru-cache";
import { Semaphore } from "../async/semaphore.js";
import { DomainError, isProblem } from "../model/errors.js";
import type { CessAccount } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import type { CessFile } from "../model/file.js";
import type { Fid } from "../model/hash.js";
import type { Chain, ChainDeal, ChainFile, ChainNode } from "../network/chain/chain.js";
import type { NodeRegistry } from "../network/nodes/node-registry.js";
import type { NodeAddress } from "../network/nodes/nodes.js";
import { HeldFiles } from "./held-files.js";
import { SharedWork } from "./shared-work.js";

export interface DirectorySettings {
  /** Segments of all cached files together (about 2 KiB each). */
  readonly rememberedSegments: number;
  /** Older entries are read from the chain again. Milliseconds. */
  readonly freshMs: number;
}

export const DIRECTORY_DEFAULTS: DirectorySettings = { rememberedSegments: 16_384, freshMs: 5 * 60_000 };

/** How old what is said of owners may be. Milliseconds: long enough for the pages of one listing. */
const RECENT_MS = 15_000;
/** Entries of all remembered lists together (about 100 bytes each). */
const REMEMBERED_HELD = 1_000_000;
/** How old the size of a listed file may be: it changes only when the file is deleted and declared again. Milliseconds. */
const SIZE_MS = 3_600_000;
/** Sizes of files that were listed (about 150 bytes each). */
const REMEMBERED_SIZES = 200_000;

interface Dated<T> {
  readonly value: T;
  readonly at: number;
}

/** Which node holds which fragment, and the nodes' addresses: what the chain says, cached for a while. */
export class FileDirectory {
  private readonly files: LRUCache<Fid, Dated<ChainFile>>;
  private readonly fileReads = new SharedWork<ChainFile>();
  private readonly nodeReads = new SharedWork<Map<CessAccount, ChainNode>>();
  /** A list may have tens of megabytes. */
  private readonly listReads = new Semaphore({ permits: 2 });
  private readonly heldReads = new SharedWork<HeldFiles>();
  private readonly lists = new LRUCache<CessAccount, Dated<HeldFiles>>({
    maxSize: REMEMBERED_HELD,
    sizeCalculation: ({ value }) => Math.max(value.count, 1),
  });
  /** Of listed files. */
  private readonly knownSizes = new LRUCache<Fid, Dated<number>>({ max: REMEMBERED_SIZES });
  private readonly sizeReads = new Semaphore({ permits: 16 });
  private nodes: Dated<Map<CessAccount, ChainNode>> | undefined;

  constructor(
    private readonly components: {
      readonly chain: Chain;
      readonly registry: Pick<NodeRegistry, "nodes">;
      readonly clock: Clock;
    },
    private readonly settings: DirectorySettings,
  ) {
    this.files = new LRUCache({
      maxSize: settings.rememberedSegments,
      sizeCalculation: ({ value }) => Math.max(value.segments.length, 1),
    });
  }

  /**
   * The twelve holders of a segment's fragments in index order; undefined for a node that is no longer registered.
   * `notBefore`: entries read before that time (milliseconds since 1970) are read again.
   */
  async holders(
    file: CessFile,
    segment: number,
    notBefore: number,
    signal?: AbortSignal,
  ): Promise<(NodeAddress | undefined)[]> {
    const [chainFile, nodes] = await Promise.all([
      this.sharedFile(file.fid, notBefore, signal),
      this.addresses(notBefore, signal),
    ]);
    const wanted = file.segments[segment]?.hash;
    const listed = chainFile.segments[segment];
    const found = listed?.hash === wanted ? listed : chainFile.segments.find(({ hash }) => hash === wanted);
    if (!found)
      throw new DomainError(
        { kind: "objectUnavailable" },
        `the chain's file ${file.fid} has no segment ${wanted ?? segment}`,
      );
    return found.fragments.map(({ node }) => nodes.get(node));
  }

  /** What the chain lists under this FID, from the cache if it is fresh. Undefined when there is no such file. */
  file(fid: Fid, signal?: AbortSignal): Promise<ChainFile | undefined> {
    return this.fileSince(fid, 0, signal);
  }

  /** The same, read some seconds ago at most: owners come and go. While the chain is away, as `file`. */
  recentFile(fid: Fid, signal?: AbortSignal): Promise<ChainFile | undefined> {
    const { chain, clock } = this.components;
    return this.fileSince(fid, chain.connected ? clock.now() - RECENT_MS : 0, signal);
  }

  private async fileSince(fid: Fid, notBefore: number, signal?: AbortSignal): Promise<ChainFile | undefined> {
    try {
      return await this.sharedFile(fid, notBefore, signal);
    } catch (error) {
      if (isProblem(error, "objectUnavailable")) return undefined;
      throw error;
    }
  }

  /** The pending deal of this FID, read anew. */
  deal(fid: Fid, signal?: AbortSignal): Promise<ChainDeal | undefined> {
    return this.orStale(this.components.chain.deal(fid), undefined, signal);
  }

  /** The sizes of these files on chain, in bytes, in their order; undefined for one that there is not. */
  sizes(fids: readonly Fid[], signal?: AbortSignal): Promise<(number | undefined)[]> {
    const size = async (fid: Fid) => {
      const at = this.components.clock.now();
      const known = this.knownSizes.get(fid);
      if (known && at - known.at < SIZE_MS) return known.value;
      const read = await this.sizeReads.run(() => this.file(fid, signal), { signal });
      if (read) this.knownSizes.set(fid, { value: read.size, at });
      return read?.size;
    };
    return Promise.all(fids.map(size));
  }

  /** What the chain lists of this account, read some seconds ago at most. */
  async held(account: CessAccount, signal?: AbortSignal): Promise<HeldFiles> {
    const known = this.lists.get(account);
    if (known && this.components.clock.now() - known.at < RECENT_MS) return known.value;
    const read = async () => {
      const at = this.components.clock.now();
      const value = await HeldFiles.of(await this.components.chain.ownedFiles(account));
      this.lists.set(account, { value, at });
      return value;
    };
    const oneByOne = () => this.listReads.run(read);
    return this.orStale(this.heldReads.run(account, oneByOne, signal), undefined, signal);
  }

  /**
   * Accounts of the nodes that are obliged to keep their fragments. That includes frozen nodes, but not leaving ones.
   */
  async nodesInGoodStanding(signal?: AbortSignal): Promise<ReadonlySet<CessAccount>> {
    const nodes = await this.addresses(0, signal);
    return new Set(
      [...nodes.values()].flatMap(({ account, state }) =>
        state === "positive" || state === "frozen" ? [account] : [],
      ),
    );
  }

  /** Whether the cached entry of this file, or of the nodes, was read before that time. */
  olderThan(fid: Fid, time: number): boolean {
    return (this.files.get(fid)?.at ?? time) < time || (this.nodes?.at ?? time) < time;
  }

  private async sharedFile(fid: Fid, notBefore: number, signal?: AbortSignal): Promise<ChainFile> {
    const known = this.files.get(fid);
    if (known && this.fresh(known, notBefore)) return known.value;
    const read = async () => {
      const at = this.components.clock.now();
      const value = await this.components.chain.file(fid);
      if (!value) {
        this.files.delete(fid);
        throw new DomainError({ kind: "objectUnavailable" }, `the chain knows no file ${fid}`);
      }
      this.files.set(fid, { value, at });
      return value;
    };
    return this.orStale(this.fileReads.run(fid, read, signal), known, signal);
  }

  private async addresses(notBefore: number, signal?: AbortSignal): Promise<Map<CessAccount, ChainNode>> {
    const known = this.nodes;
    if (known && this.fresh(known, notBefore)) return known.value;
    const read = async () => {
      const at = this.components.clock.now();
      const nodes = await this.components.registry.nodes(at);
      const value = new Map(nodes.map((node) => [node.account, node]));
      this.nodes = { value, at };
      return value;
    };
    return this.orStale(this.nodeReads.run("nodes", read, signal), known, signal);
  }

  private fresh({ at }: Dated<unknown>, notBefore: number): boolean {
    return at >= notBefore && this.components.clock.now() - at < this.settings.freshMs;
  }

  /** Uses the old entry when the chain cannot be read. */
  private async orStale<T>(reading: Promise<T>, known: Dated<T> | undefined, signal?: AbortSignal): Promise<T> {
    try {
      return await reading;
    } catch (error) {
      if (signal?.aborted === true || error instanceof DomainError) throw error;
      if (known) return known.value;
      const message = "the chain cannot be asked about files";
      throw new DomainError({ kind: "dependencyUnavailable" }, message, { cause: error });
    }
  }
}
