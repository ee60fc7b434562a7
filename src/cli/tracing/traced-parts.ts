import type { Blobs } from "../../blobs/blobs.js";
import type { Catalog, Held } from "../../catalog/catalog.js";
import type { Traced } from "../../model/traced.js";
import type { CessChain } from "../../network/chain/chain-client.js";
import type { Nodes } from "../../network/nodes/nodes.js";

/** The catalog's transactions that a request or a job waits for, by part. */
const COMMITS = {
  buckets: ["create", "delete"],
  objects: ["put", "delete", "attach", "setAcl", "setTags", "setRetention", "setLegalHold", "setStorageClass"],
  uploads: ["create", "putPart", "abort", "complete"],
  documents: ["put", "delete"],
  files: ["advance", "stored", "failed", "beginDelete", "deleted", "discard", "savePlacements", "markSigned"],
  packs: ["fill", "settleMoves"],
  takeOvers: ["begin", "end"],
} as const satisfies { readonly [Part in keyof Catalog]?: readonly (keyof Catalog[Part])[] };

const CHAIN_CALLS = [
  "file",
  "deal",
  "ownedFiles",
  "territory",
  "authorized",
  "nodes",
  "finalizedBlock",
  "declare",
  "deleteFile",
  "submit",
  "settled",
] as const satisfies readonly (keyof CessChain)[];

/** The services whose work is seen in traces. Each is what it was, and its methods are spans; without traces, itself. */
export class TracedParts {
  constructor(private readonly traced: Traced | undefined) {}

  chain(chain: CessChain): CessChain {
    return this.spans(chain, "chain", CHAIN_CALLS);
  }

  nodes(nodes: Nodes): Nodes {
    return this.spans(nodes, "node", ["put", "get", "getRange"], (node) => {
      const { account, endpoint } = node as { readonly account: string; readonly endpoint: string };
      return { "cess_s3.node": account, "url.full": endpoint };
    });
  }

  blobs<B extends Blobs>(blobs: B): B {
    return this.spans(blobs, "staging", ["write"]);
  }

  catalog(catalog: Catalog): Catalog {
    if (!this.traced) return catalog;
    const parts = new Map<PropertyKey, unknown>(
      Object.entries(COMMITS).map(([part, methods]) => [
        part,
        this.spans(catalog[part as keyof typeof COMMITS], `catalog ${part}`, methods as never),
      ]),
    );
    return new Proxy(catalog, {
      get: (target, name) => {
        if (parts.has(name)) return parts.get(name);
        if (name === "fenced") return (held: () => Held) => this.catalog(target.fenced(held));
        return Reflect.get(target, name, target) as unknown;
      },
    });
  }

  private spans<T extends object>(
    target: T,
    prefix: string,
    methods: readonly (keyof T)[],
    attributes: (...args: unknown[]) => Readonly<Record<string, string>> = () => ({}),
  ): T {
    const { traced } = this;
    if (!traced) return target;
    const replaced = new Map<PropertyKey, (...args: unknown[]) => Promise<unknown>>();
    for (const method of methods) {
      const original = target[method] as (...args: unknown[]) => Promise<unknown>;
      replaced.set(method, (...args) =>
        traced(`${prefix} ${String(method)}`, attributes(...args), () => original.apply(target, args)),
      );
    }
    return new Proxy(target, { get: (of, name) => replaced.get(name) ?? (Reflect.get(of, name, of) as unknown) });
  }
}
