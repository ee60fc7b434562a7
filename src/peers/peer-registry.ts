import { LRUCache } from "lru-cache";
import { backoffMs } from "../async/backoff.js";
import type { Clock } from "../model/clock.js";
import type { Fid } from "../model/hash.js";
import type { GatewayRegister, RegisteredGateway } from "../network/chain/gateway-register.js";
import type { PeerKind } from "./peer-kind.js";
import type { PeerAddress } from "./peer-link.js";

/** Another gateway. */
export interface Peer extends PeerAddress {
  /** What it says of itself on the chain. */
  readonly claims?: PeerKind;
}

/** What is known of another gateway, for operators. */
export interface PeerRow {
  readonly endpoint: string;
  /** The operator named it. */
  readonly configured: boolean;
  /** Undefined: it has not been asked yet, or is none of the kinds. */
  readonly kind: PeerKind | undefined;
  /** Fragments that it gave; times that it had none; times that it failed, wrong bytes included. */
  readonly given: number;
  readonly missing: number;
  readonly failed: number;
  /** What a fragment from it took lately, ms; undefined before the first. */
  readonly latencyMs: number | undefined;
  /** It is not asked before that time, ms since 1970. */
  readonly openUntil: number | undefined;
}

export interface PeerRegistrySettings {
  /** URLs the operator configured. */
  readonly endpoints: readonly string[];
  /** Gateways taken from the register, at most. */
  readonly registered: number;
  /** How long a reading of the register is used. Milliseconds. */
  readonly registerMs: number;
  /** How long it is remembered that a gateway has a file, or does not. Milliseconds. */
  readonly rememberMs: number;
  /**
   * After so many failures in a row a gateway is skipped, at first for this long. Each further failure doubles the
   * time.
   */
  readonly failures: number;
  readonly firstCooldownMs: number;
  readonly maxCooldownMs: number;
  /** How long it is remembered of what kind a gateway is, or that it is none. Milliseconds. */
  readonly kindMs: number;
}

export const PEER_REGISTRY_DEFAULTS: PeerRegistrySettings = {
  endpoints: [],
  registered: 64,
  registerMs: 600_000,
  rememberMs: 300_000,
  failures: 2,
  firstCooldownMs: 10_000,
  maxCooldownMs: 600_000,
  kindMs: 3_600_000,
};

/** Wait after a failed reading of the register. Milliseconds. */
const RETRY_MS = 30_000;
/** Pairs of gateway and file that are remembered. */
const REMEMBERED = 50_000;
/** Assumed time for a fragment from an unknown gateway, and the weight of a new measurement in the moving average. */
const USUAL_MS = 1_000;
const NEW_WEIGHT = 0.3;

/** DeOSS has no cheap question: what it does not have it begins to fetch. So others are asked before it, ms. */
const DEOSS_HANDICAP_MS = 2_000;

interface History {
  /** In a row. */
  failures: number;
  openUntil: number;
  latency: number;
  given: number;
  missing: number;
  failed: number;
  kind: PeerKind | undefined;
  /** When the kind is to be asked for again, ms since 1970. */
  askKindAt: number;
}

/** The known gateways, and the experience with them. No method waits, since readers are in a hurry. */
export class PeerRegistry {
  private readonly configured: readonly Peer[];
  private readonly histories = new Map<string, History>();
  private readonly holdings = new LRUCache<string, { readonly has: boolean; readonly at: number }>({ max: REMEMBERED });
  private registered: readonly Peer[] = [];
  private readAgainAt = 0;
  private reading: Promise<void> | undefined;

  constructor(
    private readonly components: { readonly clock: Clock; readonly register?: GatewayRegister },
    private readonly settings: PeerRegistrySettings,
  ) {
    this.configured = settings.endpoints.map((endpoint) => ({ endpoint, trusted: true }));
  }

  /**
   * At most `limit` gateways that may have the file, best first: only the best one that had it lately, else those about
   * which nothing is known. Empty until the register was read for the first time, which this starts. `kind`: no others.
   */
  candidates(fid: Fid, limit: number, kind?: PeerKind): Peer[] {
    this.refresh();
    const now = this.components.clock.now();
    const open = [...this.configured, ...this.registered].flatMap((peer) => {
      const history = this.histories.get(peer.endpoint);
      const held = this.holdings.get(pair(peer, fid));
      const has = held && now - held.at < this.settings.rememberMs ? held.has : undefined;
      const known = this.kindOf(peer);
      if ((history?.openUntil ?? 0) > now || has === false || (kind !== undefined && known !== kind)) return [];
      const handicap = known === "deoss" ? DEOSS_HANDICAP_MS : 0;
      return [{ peer, has, cost: (history?.latency ?? USUAL_MS) + handicap }];
    });
    const sorted = open.sort((a, b) => a.cost - b.cost);
    const holder = sorted.find(({ has }) => has);
    return holder ? [holder.peer] : sorted.slice(0, limit).map(({ peer }) => peer);
  }

  /** The gateway sent a good fragment of the file within `ms`. */
  gave(peer: Peer, fid: Fid, ms: number): void {
    const history = this.history(peer);
    history.failures = 0;
    history.given++;
    history.latency += (ms - history.latency) * NEW_WEIGHT;
    this.holdings.set(pair(peer, fid), { has: true, at: this.components.clock.now() });
  }

  /** The gateway answered that it does not have the file. */
  missed(peer: Peer, fid: Fid): void {
    const history = this.history(peer);
    history.failures = 0;
    history.missing++;
    this.holdings.set(pair(peer, fid), { has: false, at: this.components.clock.now() });
  }

  /** The gateway could not be reached, broke off, or took too long. */
  failed(peer: Peer, fid: Fid): void {
    this.holdings.delete(pair(peer, fid));
    const history = this.history(peer);
    const { failures, firstCooldownMs: minMs, maxCooldownMs: maxMs } = this.settings;
    history.failed++;
    // Perhaps another program runs there now.
    history.askKindAt = 0;
    const excess = ++history.failures - failures;
    if (excess >= 0) this.openCircuit(history, backoffMs({ minMs, maxMs }, excess + 1));
  }

  /** The gateway sent wrong bytes. That is no accident, so it is skipped for the longest time at once. */
  gaveCorrupt(peer: Peer, fid: Fid): void {
    this.failed(peer, fid);
    this.openCircuit(this.history(peer), this.settings.maxCooldownMs);
  }

  /** What the gateway is: as it was found, or else as it says; undefined: not known. */
  kindOf(peer: Peer): PeerKind | undefined {
    return this.histories.get(peer.endpoint)?.kind ?? peer.claims;
  }

  /** The gateways whose kind is to be asked for; each is named once, until `foundKind` and the time after it. */
  withUnknownKind(): Peer[] {
    const now = this.components.clock.now();
    return [...this.configured, ...this.registered].filter((peer) => {
      const history = this.history(peer);
      if (history.askKindAt > now || history.openUntil > now) return false;
      history.askKindAt = Infinity;
      return true;
    });
  }

  /** Undefined: it answered, and is none of the kinds, or did not answer; what was known before stays. */
  foundKind(peer: Peer, kind: PeerKind | undefined): void {
    const history = this.history(peer);
    history.askKindAt = this.components.clock.now() + this.settings.kindMs;
    if (kind) history.kind = kind;
  }

  /** All known gateways, for operators. */
  table(): PeerRow[] {
    const now = this.components.clock.now();
    return [...this.configured, ...this.registered].map((peer) => {
      const { given, missing, failed, latency, openUntil } = this.history(peer);
      return {
        endpoint: peer.endpoint,
        configured: peer.trusted,
        kind: this.kindOf(peer),
        given,
        missing,
        failed,
        latencyMs: given > 0 ? Math.round(latency) : undefined,
        openUntil: openUntil > now ? openUntil : undefined,
      };
    });
  }

  /** How many gateways are known, and how many of them are skipped now. */
  count(): { readonly known: number; readonly open: number } {
    const now = this.components.clock.now();
    const known = [...this.configured, ...this.registered];
    const open = known.filter(({ endpoint }) => (this.histories.get(endpoint)?.openUntil ?? 0) > now);
    return { known: known.length, open: open.length };
  }

  /** Resolves when no reading of the register is under way. */
  async settled(): Promise<void> {
    await this.reading;
  }

  private openCircuit(history: History, ms: number): void {
    history.openUntil = this.components.clock.now() + ms;
  }

  private history({ endpoint }: Peer): History {
    const known = this.histories.get(endpoint);
    if (known) return known;
    const history: History = {
      failures: 0,
      openUntil: 0,
      latency: USUAL_MS,
      given: 0,
      missing: 0,
      failed: 0,
      kind: undefined,
      askKindAt: 0,
    };
    this.histories.set(endpoint, history);
    return history;
  }

  private refresh(): void {
    const { register, clock } = this.components;
    if (!register || this.reading || clock.now() < this.readAgainAt) return;
    this.readAgainAt = clock.now() + this.settings.registerMs;
    this.reading = register
      .gateways()
      .then(
        (gateways) => this.learn(gateways.filter(({ account }) => account !== register.account)),
        // The earlier reading stays in use.
        () => void (this.readAgainAt = clock.now() + RETRY_MS),
      )
      .finally(() => (this.reading = undefined));
  }

  private learn(gateways: readonly RegisteredGateway[]): void {
    const configured = new Set(this.settings.endpoints);
    const strangers = new Map(
      gateways
        .filter(({ endpoint }) => !configured.has(endpoint))
        .map(({ endpoint, isOwnKind }) => [endpoint, isOwnKind === true] as const),
    );
    this.registered = [...strangers]
      .slice(0, this.settings.registered)
      .map(([endpoint, isOwn]) => ({ endpoint, trusted: false, ...(isOwn && { claims: "cess-s3" as const }) }));
    const kept = new Set([...configured, ...this.registered.map(({ endpoint }) => endpoint)]);
    for (const endpoint of this.histories.keys()) if (!kept.has(endpoint)) this.histories.delete(endpoint);
  }
}

const pair = ({ endpoint }: Peer, fid: Fid) => `${fid} ${endpoint}`;
