import type { ApiPromise } from "@polkadot/api";
import { asError } from "../../model/errors.js";
import { abortable } from "../../async/abort.js";
import { backoffMs } from "../../async/backoff.js";
import { systemClock } from "../../async/system-clock.js";
import { pause } from "../../async/timer.js";
import { CESS_SS58_PREFIX } from "./accounts.js";
import { ChainUnavailable } from "./chain.js";
import { FinalizedWatermark } from "./finalized-watermark.js";
import { Link } from "./link.js";

export interface ConnectionSettings {
  /** ws:// or wss:// URLs of CESS nodes of one chain, the preferred one first. */
  readonly endpoints: readonly string[];
  /** Milliseconds after which a call that nobody answered rejects with ChainUnavailable. */
  readonly callTimeoutMs: number;
  /** Milliseconds for connecting to one endpoint and reading its metadata. */
  readonly connectTimeoutMs: number;
  /** Milliseconds between two looks at the node's head. */
  readonly healthIntervalMs: number;
  /** Milliseconds without a new best block after which a node counts as not synced, and another one is tried. */
  readonly maxHeadAgeMs: number;
  /** Milliseconds before the first attempt after a failed round over all endpoints; doubles with every further one … */
  readonly retryDelayMs: number;
  /** … up to this many. */
  readonly maxRetryDelayMs: number;
}

export const CONNECTION_DEFAULTS = {
  callTimeoutMs: 30_000,
  connectTimeoutMs: 20_000,
  healthIntervalMs: 10_000,
  maxHeadAgeMs: 60_000,
  retryDelayMs: 250,
  maxRetryDelayMs: 30_000,
} satisfies Omit<ConnectionSettings, "endpoints">;

/** Between two looks whether a node has caught up, ms. */
const CATCH_UP_LOOK_MS = 1_000;

/** A node's last final block. */
export interface FinalizedHead {
  readonly hash: string;
  readonly number: number;
}

/**
 * Keeps one live link to one of several endpoints, and lets calls wait for it. Connects from the start. State never
 * goes back in time, also when the endpoint changes or the process is restarted: an endpoint whose last final block is
 * older than one that was read from before is not used until it has caught up. Otherwise a deal that it does not know
 * yet would be declared again.
 */
export class Connection {
  private readonly settings: ConnectionSettings;
  private readonly closingController = new AbortController();
  private readonly listeners = new Set<(link: Link) => void>();
  private readonly troubleListeners = new Set<(endpoint: string, why: string) => void>();
  private readonly running: Promise<void>;
  private link: Link | undefined;
  private synced = false;
  /** Why the present link's node is not synced. */
  private standstill: string | undefined;
  private genesis: string | undefined;
  private prefix = CESS_SS58_PREFIX;
  /** Why each endpoint was left last, for error messages. */
  private readonly troubles = new Map<string, string>();

  /**
   * `watermark`: the highest final block that was read from, perhaps by an earlier process. Whoever constructed it
   * saves it at the end.
   */
  constructor(
    settings: Partial<ConnectionSettings> & Pick<ConnectionSettings, "endpoints">,
    private readonly watermark: FinalizedWatermark = FinalizedWatermark.inMemory(),
  ) {
    this.settings = { ...CONNECTION_DEFAULTS, ...settings };
    if (this.settings.endpoints.length === 0) throw new RangeError("a chain connection needs at least one endpoint");
    for (const endpoint of this.settings.endpoints) {
      if (!/^wss?:\/\//.test(endpoint))
        throw new RangeError(`a chain endpoint begins with ws:// or wss://: ${endpoint}`);
    }
    this.running = this.run();
  }

  /** True while there is a link to a node that is synced and whose head moves. */
  get connected(): boolean {
    return this.link !== undefined && this.synced;
  }

  /** The SS58 prefix that the runtime names. */
  get ss58Prefix(): number {
    return this.prefix;
  }

  /** Why the chain cannot be used, by endpoint; undefined while `connected`. */
  get trouble(): string | undefined {
    if (this.connected) return undefined;
    return this.standstill ?? ([...this.troubles.values()].join("; ") || "not connected yet");
  }

  /** Aborts when the connection is closed for good. */
  get closing(): AbortSignal {
    return this.closingController.signal;
  }

  /** Calls back with the present link, if there is one, and with each later one. Returns the function that ends it. */
  onLink(listener: (link: Link) => void): () => void {
    this.listeners.add(listener);
    if (this.link !== undefined) listener(this.link);
    return () => this.listeners.delete(listener);
  }

  /** Calls back each time an endpoint cannot be used, or no longer. Returns the function that ends it. */
  onTrouble(listener: (endpoint: string, why: string) => void): () => void {
    this.troubleListeners.add(listener);
    for (const [endpoint, why] of this.troubles) listener(endpoint, why);
    return () => this.troubleListeners.delete(listener);
  }

  /**
   * Does `work` over the present link, or the next one. When the link breaks meanwhile it begins again over the next,
   * so `work` must be harmless to repeat. Rejects with ChainUnavailable after the call timeout.
   */
  async call<T>(work: (link: Link) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const deadline = AbortSignal.timeout(this.settings.callTimeoutMs);
    const signals = [deadline, signal, this.closing];
    for (;;) {
      const link = this.link;
      try {
        signal?.throwIfAborted();
        if (link === undefined) await this.nextLink(signals);
        else return await abortable(work(link), [link.down, ...signals]);
      } catch (error) {
        if (signal?.aborted === true) throw asError(signal.reason);
        if (deadline.aborted) throw this.unanswered(link);
        if (this.closing.aborted || link?.down.aborted !== true) throw error;
        // A broken link is left at once; `serve` notices it a moment later.
        if (this.link === link) this.link = undefined;
      }
    }
  }

  /**
   * Does `work` once, over this very link: for work that must not be repeated. Rejects with ChainUnavailable as `call`.
   */
  async once<T>(link: Link, work: () => Promise<T>): Promise<T> {
    const deadline = AbortSignal.timeout(this.settings.callTimeoutMs);
    return abortable(work(), [deadline, link.down, this.closing]).catch((error: unknown) => {
      throw deadline.aborted && error === deadline.reason ? this.unanswered(link) : asError(error);
    });
  }

  /** The last final block of the link's node. From now on endpoints that are behind it are not used. */
  async finalizedHead(link: Link): Promise<FinalizedHead> {
    const head = await readFinalizedHead(link);
    this.sawFinalized(head.number);
    return head;
  }

  /** Reports a final block that was learned of in another way. */
  sawFinalized(number: number): void {
    this.watermark.saw(number);
  }

  /** Ends everything; calls under way reject with ChainUnavailable. */
  async close(): Promise<void> {
    this.closingController.abort(new ChainUnavailable("the connection to the chain is closed"));
    await this.running;
    this.listeners.clear();
    this.troubleListeners.clear();
  }

  private unanswered(link: Link | undefined): ChainUnavailable {
    const why = link === undefined ? this.trouble : `${link.name} does not answer`;
    return new ChainUnavailable(`no CESS node answered within ${this.settings.callTimeoutMs} ms: ${why}`);
  }

  private async nextLink(signals: readonly (AbortSignal | undefined)[]): Promise<void> {
    let stop: () => void = () => undefined;
    try {
      await abortable(new Promise<void>((resolve) => (stop = this.onLink(() => resolve()))), signals);
    } finally {
      stop();
    }
  }

  /** Tries endpoint after endpoint, with a pause after each failed round over all of them. */
  private async run(): Promise<void> {
    const { endpoints, retryDelayMs, maxRetryDelayMs } = this.settings;
    let failures = 0;
    for (let turn = 0; !this.closing.aborted; turn++) {
      const endpoint = endpoints[turn % endpoints.length] ?? "";
      const started = Date.now();
      await this.serve(endpoint).catch((error: unknown) => {
        const why = asError(error).message;
        this.troubles.set(endpoint, why);
        if (!this.closing.aborted) for (const listener of this.troubleListeners) listener(endpoint, why);
      });
      if (Date.now() - started > maxRetryDelayMs) failures = 0;
      failures++;
      if (failures % endpoints.length !== 0) continue;
      const limits = { minMs: retryDelayMs, maxMs: maxRetryDelayMs };
      const delay = backoffMs(limits, failures / endpoints.length, Math.random);
      await pause(systemClock, delay, [this.closing]).catch(() => undefined);
    }
  }

  /** Opens one link and keeps it until it breaks; rejects with the reason. */
  private async serve(endpoint: string): Promise<void> {
    const link = await Link.open(endpoint, [AbortSignal.timeout(this.settings.connectTimeoutMs), this.closing]);
    try {
      const genesis = link.api.genesisHash.toHex();
      this.genesis ??= genesis;
      if (genesis !== this.genesis) {
        throw new ChainUnavailable(`${link.name} serves another chain: genesis ${genesis}, not ${this.genesis}`);
      }
      await this.watermark.begin(genesis);
      this.prefix = ss58PrefixOf(link.api);
      await this.guard(link, () => {
        this.link = link;
        for (const listener of this.listeners) listener(link);
      });
    } finally {
      if (this.link === link) this.link = undefined;
      this.synced = false;
      this.standstill = undefined;
      await link.close();
    }
  }

  /**
   * Checks the node's head at intervals. A node that is behind is left when there is another endpoint. The only
   * endpoint is kept, since reads of old blocks are better than none, but `connected` is false meanwhile.
   */
  private async guard(link: Link, announce: () => void): Promise<void> {
    const { endpoints, callTimeoutMs, healthIntervalMs, maxHeadAgeMs } = this.settings;
    let best = -1;
    let movedAt = Date.now();
    for (;;) {
      const look = Promise.all([link.send("system_health", []), link.send("chain_getHeader", [])]);
      const [health, header] = await abortable(look, [link.down, this.closing, AbortSignal.timeout(callTimeoutMs)]);
      const number = Number((header as { number: string }).number);
      if (number !== best) movedAt = Date.now();
      best = number;
      const stale = Date.now() - movedAt > maxHeadAgeMs;
      this.synced = !stale && !(health as { isSyncing: boolean }).isSyncing;
      this.standstill = this.synced
        ? undefined
        : `${link.name} is ${stale ? `stuck at block ${best}` : "still syncing"}`;
      if (this.standstill !== undefined && endpoints.length > 1) throw new ChainUnavailable(this.standstill);
      if (this.link !== link) {
        await this.caughtUp(link);
        announce();
      }
      await pause(systemClock, healthIntervalMs, [link.down, this.closing]);
    }
  }

  /** Nodes differ by a block or two, so one that is behind is given some time; then the next endpoint is tried. */
  private async caughtUp(link: Link): Promise<void> {
    if (this.watermark.number < 0) return;
    const { connectTimeoutMs, healthIntervalMs } = this.settings;
    for (const end = Date.now() + connectTimeoutMs; ;) {
      const { number } = await abortable(readFinalizedHead(link), [
        link.down,
        this.closing,
        AbortSignal.timeout(connectTimeoutMs),
      ]);
      if (number >= this.watermark.number) return;
      if (Date.now() > end) {
        throw new ChainUnavailable(
          `${link.name} is behind: its last final block is ${number}, and ${this.watermark.number} was final before`,
        );
      }
      await pause(systemClock, Math.min(healthIntervalMs, CATCH_UP_LOOK_MS), [link.down, this.closing]);
    }
  }
}

async function readFinalizedHead(link: Link): Promise<FinalizedHead> {
  const hash = (await link.send("chain_getFinalizedHead", [])) as string;
  const header = (await link.send("chain_getHeader", [hash])) as { number: string };
  return { hash, number: Number(header.number) };
}

function ss58PrefixOf(api: ApiPromise): number {
  const prefix = Number(api.consts["system"]?.["ss58Prefix"] ?? CESS_SS58_PREFIX);
  return Number.isInteger(prefix) ? prefix : CESS_SS58_PREFIX;
}
