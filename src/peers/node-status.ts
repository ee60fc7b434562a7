import type { FragmentCache } from "../cache/cache.js";
import type { Catalog } from "../catalog/catalog.js";
import type { ChainNode } from "../network/chain/chain.js";
import { FRAGMENT_SIZE } from "../model/sizes.js";

/** Storage nodes that are named, at most. */
const NAMED_NODES = 2_000;

export interface NodeStatusComponents {
  readonly cache: Pick<FragmentCache, "usage">;
  readonly catalog: { readonly files: Pick<Catalog["files"], "countByState"> };
  /** The registered storage nodes, cached. */
  readonly nodes: () => Promise<readonly Pick<ChainNode, "account" | "state">[]>;
  /** Files that are being sent to strangers. */
  readonly downloads: () => number;
}

export interface NodeStatusSettings {
  /** Begins with `cess-s3/`. */
  readonly version: string;
  /** The URL under which others reach this gateway; may be empty. */
  readonly endpoint: string;
  /** In base58. */
  readonly poolId: string;
}

/**
 * What CD2N's programs ask of a gateway at `/status`, in their shape, as far as this gateway has it: they take one that
 * names storage nodes for a place to read those nodes' files from. What is CD2N's own, keys of enclaves, is empty.
 */
export class NodeStatus {
  constructor(
    private readonly components: NodeStatusComponents,
    private readonly settings: NodeStatusSettings,
  ) {}

  async read(): Promise<object> {
    const { cache, catalog, downloads } = this.components;
    const { version, endpoint, poolId } = this.settings;
    // Without the chain the rest is still true.
    const nodes = await this.components.nodes().catch(() => []);
    const files = await catalog.files.countByState();
    const { memory, disk } = cache.usage();
    return {
      version,
      work_addr: "",
      tee_addr: "",
      tee_pubkey: null,
      endpoint,
      redis_addr: "",
      poolid: poolId,
      is_gateway: true,
      active_storage_nodes: nodes
        .filter(({ state }) => state === "positive" || state === "frozen")
        .slice(0, NAMED_NODES)
        .map(({ account }) => account),
      status: {
        disk_status: {
          used_cache_size: disk.bytes,
          cache_item_num: Math.ceil(disk.bytes / FRAGMENT_SIZE),
          cache_usage: 0,
          used_buffer_size: memory.bytes,
          buffer_item_num: Math.ceil(memory.bytes / FRAGMENT_SIZE),
          buffer_usage: 0,
        },
        dist_status: {
          ongoing: files.encoded + files.declared + files.placed,
          done: files.stored,
          retried: 0,
          fid_num: files.stored,
        },
        retrieve_status: { ntbr: 0, retrieve_num: 0, retrieved_num: 0 },
        download_status: { dling_num: downloads() },
      },
    };
  }
}
