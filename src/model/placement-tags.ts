import { DomainError } from "./errors.js";
import { nodeNetwork } from "./node-network.js";
import { FRAGMENTS } from "./sizes.js";
import type { Tag } from "./tag.js";

/** The bucket tags that choose storage nodes. Accounts that need more room go on in `cess-nodes-2` to `cess-nodes-9`. */
const NODES_TAG = /^cess-nodes(?:-[2-9])?$/;
const REGIONS_TAG = "cess-regions";

/** Storage nodes that the operator has put together under a name. */
export interface Region {
  /** As of Candidate: `10.20.0.0/16`, `2001:db8::/32`, `miner.example`. */
  readonly networks: ReadonlySet<string>;
  /** Accounts. */
  readonly nodes: ReadonlySet<string>;
}

/** Which storage nodes a bucket's owner wants its files on. */
export interface PlacementWish {
  /** For people, such as `region eu`. */
  readonly text: string;
  takes(node: { readonly account: string; readonly endpoint: string }): boolean;
}

export interface PlacementTagSettings {
  /** Whether buckets may choose at all. */
  readonly allowed: boolean;
  readonly regions: ReadonlyMap<string, Region>;
  /** The operator's own rules, within which buckets choose. */
  readonly require?: ReadonlySet<string>;
  readonly avoid?: ReadonlySet<string>;
  /** The one form of an account's address. Throws Error that says what is wrong with it. */
  readonly parseAccount: (text: string) => string;
}

/** What the tags of buckets say about storage nodes. */
export class PlacementTags {
  constructor(private readonly settings: PlacementTagSettings) {}

  /** Of a gateway whose buckets may not choose. */
  static readonly none = new PlacementTags({ allowed: false, regions: new Map(), parseAccount: (text) => text });

  get allowed(): boolean {
    return this.settings.allowed;
  }

  /** Names of the operator's regions. */
  get regions(): readonly string[] {
    return [...this.settings.regions.keys()];
  }

  /** Whether the operator's rules leave a node to choose, by its account. */
  admits({ account }: { readonly account: string }): boolean {
    const { require, avoid } = this.settings;
    return require?.has(account) !== false && avoid?.has(account) !== true;
  }

  /** Those of a bucket's tags that choose storage nodes, by their keys. */
  chosen(tags: readonly Tag[]): readonly Tag[] {
    return this.settings.allowed ? tags.filter(isPlacementTag).sort((a, b) => (a.key < b.key ? -1 : 1)) : [];
  }

  /** Whether a bucket with these tags chooses storage nodes. */
  apply(tags: readonly Tag[]): boolean {
    return this.chosen(tags).length > 0;
  }

  /** Throws DomainError `invalidTag` that says what is allowed. */
  require(tags: readonly Tag[]): void {
    const tag = tags.find(isPlacementTag);
    if (!tag) return;
    if (!this.settings.allowed)
      throw invalid(tag.key, `${tag.key} is not allowed: buckets cannot choose storage nodes on this gateway`);
    this.wish(tags);
  }

  /**
   * The wish of a bucket with these tags; undefined for one without. Throws DomainError `invalidTag` for what cannot be
   * meant, and for what the operator has changed since.
   */
  wish(tags: readonly Tag[]): PlacementWish | undefined {
    if (!this.apply(tags)) return undefined;
    const nodes = this.nodes(tags);
    const regions = this.wantedRegions(tags);
    const texts = [
      ...(regions
        ? [`${regions.length === 1 ? "region" : "regions"} ${regions.map(({ name }) => name).join(", ")}`]
        : []),
      ...(nodes ? [`${nodes.size} named nodes`] : []),
    ];
    return {
      text: texts.join(", of these "),
      takes: (node) =>
        (nodes?.has(node.account) ?? true) && (regions?.some(({ region }) => isWithin(region, node)) ?? true),
    };
  }

  /** The regions that a node is in, by name. */
  regionsOf(node: Parameters<PlacementWish["takes"]>[0]): string[] {
    return [...this.settings.regions].flatMap(([name, region]) => (isWithin(region, node) ? [name] : []));
  }

  private nodes(tags: readonly Tag[]): ReadonlySet<string> | undefined {
    const given = tags.filter(({ key }) => NODES_TAG.test(key));
    if (given.length === 0) return undefined;
    const nodes = new Set<string>();
    for (const { key, value } of given) for (const text of words(key, value)) nodes.add(this.account(key, text));
    const usable = [...nodes].filter((account) => this.admits({ account }));
    const [{ key } = { key: "" }] = given;
    if (usable.length < FRAGMENTS)
      throw invalid(
        key,
        `${key} must name at least ${FRAGMENTS} storage nodes that this gateway uses, one for each fragment: these are ${usable.length}. ` +
          "Accounts are separated by spaces, and go on in cess-nodes-2 to cess-nodes-9",
      );
    return nodes;
  }

  private account(key: string, text: string): string {
    try {
      return this.settings.parseAccount(text);
    } catch (cause) {
      throw invalid(
        key,
        `${key} must name accounts of storage nodes: ${cause instanceof Error ? cause.message : String(cause)}`,
      );
    }
  }

  private wantedRegions(
    tags: readonly Tag[],
  ): readonly { readonly name: string; readonly region: Region }[] | undefined {
    const value = tags.find(({ key }) => key === REGIONS_TAG)?.value;
    if (value === undefined) return undefined;
    const { regions } = this.settings;
    return words(REGIONS_TAG, value).map((name) => {
      const region = regions.get(name);
      if (region) return { name, region };
      const known = regions.size === 0 ? "this gateway has none" : `this gateway has ${[...regions.keys()].join(", ")}`;
      throw invalid(
        REGIONS_TAG,
        `${REGIONS_TAG} must name regions, separated by spaces: there is no ${name.slice(0, 40)}; ${known}`,
      );
    });
  }
}

function isPlacementTag({ key }: Tag): boolean {
  return key === REGIONS_TAG || NODES_TAG.test(key);
}

function isWithin({ networks, nodes }: Region, { account, endpoint }: Parameters<PlacementWish["takes"]>[0]): boolean {
  return nodes.has(account) || networks.has(nodeNetwork(endpoint) ?? endpoint);
}

function words(key: string, value: string): string[] {
  const all = value.split(/[\s,]+/).filter((word) => word !== "");
  if (all.length === 0) throw invalid(key, `${key} must not be empty`);
  return all;
}

function invalid(tag: string, message: string): DomainError {
  return new DomainError({ kind: "invalidTag", tag }, `${message}.`);
}
