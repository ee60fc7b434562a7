import type { Clock } from "../model/clock.js";
import { type ChainNode, ChainRefusal } from "../network/chain/chain.js";
import type { NodeChain } from "../network/chain/node-chain.js";
import { Custody, type CustodySettings } from "./custody.js";
import { type Fault, FaultyLink, type FaultySettings } from "./faults.js";
import { FragmentStore } from "./fragment-store.js";
import { type Logger, silentLogger } from "./logger.js";
import { MinerServer, type MinerServerSettings, minerServerDefaults } from "./miner-server.js";
import { Reporter, type ReporterSettings } from "./reporter.js";
import { Sweeper, type SweeperSettings } from "./sweeper.js";
import { systemClock } from "../async/system-clock.js";

export interface StorageNodeComponents {
  /** The chain client of this node's account. The caller closes it. */
  readonly chain: NodeChain;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export interface StorageNodeSettings extends Partial<MinerServerSettings> {
  readonly folder: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** URL others reach this node under, written on chain; `http://host:port` when absent. */
  readonly endpoint?: string;
  /** Space to declare, in TiB, when this node is not registered yet. When absent it must be registered already. */
  readonly spaceTib?: number;
  /** Pause between tries to register while the chain is away. */
  readonly registrationRetryMs?: number;
  readonly custody?: Partial<CustodySettings>;
  readonly reporter?: Partial<ReporterSettings>;
  readonly sweeper?: Partial<SweeperSettings>;
  readonly faulty?: Partial<FaultySettings>;
}

export const REGISTRATION_RETRY_MS = 2_000;

/** A CESS storage node: keeps fragments, serves them over the miner HTTP, reports them on chain. */
export class StorageNode {
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly store: FragmentStore;
  private readonly link: FaultyLink;
  private readonly custody: Custody;
  private readonly reporter: Reporter;
  private readonly sweeper: Sweeper;
  private readonly server: MinerServer;
  private readonly closing = new AbortController();
  private endWatch: () => void = () => undefined;
  private started = false;

  constructor(
    private readonly components: StorageNodeComponents,
    private readonly settings: StorageNodeSettings,
  ) {
    const { chain } = components;
    const clock = (this.clock = components.clock ?? systemClock);
    const logger = (this.logger = components.logger ?? silentLogger);
    const store = (this.store = new FragmentStore(settings.folder));
    const link = (this.link = new FaultyLink({ clock }, settings.faulty));
    const custody = (this.custody = new Custody({ chain, clock }, settings.custody));
    const reporter = (this.reporter = new Reporter({ chain, store, link, clock, logger }, settings.reporter));
    const sweeper = (this.sweeper = new Sweeper({ store, custody, clock, logger }, settings.sweeper));
    const status = () => this.status();
    this.server = new MinerServer(
      { chain, store, custody, reporter, sweeper, link, logger, status },
      { ...minerServerDefaults, ...settings },
    );
  }

  get fault(): Fault {
    return this.link.fault;
  }

  /**
   * Opens the store, listens, and registers this node, or its new endpoint, on chain, trying until the chain answers.
   * Rejects, with everything closed, when the port is taken, when the chain refuses, or when `close` is called
   * meanwhile.
   */
  async start(): Promise<{ readonly endpoint: string }> {
    try {
      return await this.open();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Takes effect at once, on transfers under way too. */
  setFault(fault: Fault): void {
    this.link.fault = fault;
    if (fault === "down") this.server.disconnect();
    // Reports that the old fault held back may be due now.
    this.reporter.lookAtAll();
  }

  /** Bytes on disk. */
  usage(): Promise<number> {
    return Promise.resolve(this.store.usage);
  }

  /** Ends transfers and reports under way; unfinished uploads leave nothing. */
  async close(): Promise<void> {
    this.closing.abort(new Error("the storage node is closing"));
    this.endWatch();
    if (this.started) await this.server.close();
    await Promise.all([this.reporter.close(), this.sweeper.close()]);
  }

  private async open(): Promise<{ readonly endpoint: string }> {
    await this.store.open();
    const port = await this.server.listen();
    this.started = true;
    // Closed meanwhile: `start` closes what was opened since.
    this.closing.signal.throwIfAborted();
    const host = this.settings.host.includes(":") ? `[${this.settings.host}]` : this.settings.host;
    const endpoint = this.settings.endpoint ?? `http://${host}:${port}`;
    this.endWatch = this.components.chain.watch((event) => {
      if (event.kind === "gap") {
        this.custody.forget();
        this.reporter.lookAtAll();
        return;
      }
      this.custody.forget(event.fid);
      // A deal that is declared again loses its reports: what is held must be reported again.
      if (event.kind === "declared") this.reporter.look(event.fid);
    });
    await this.register(endpoint);
    this.reporter.start();
    this.sweeper.start();
    return { endpoint };
  }

  private async register(endpoint: string): Promise<void> {
    const { chain } = this.components;
    const { signal } = this.closing;
    for (;;) {
      try {
        const known = await chain.state();
        if (!known) {
          const { spaceTib } = this.settings;
          if (spaceTib === undefined)
            throw new Error(`${chain.account} is not registered as a storage node on this chain`);
          await chain.register({ endpoint, spaceTib }, signal);
        } else if (trimSlash(known.endpoint) !== trimSlash(endpoint)) {
          await chain.updateEndpoint(endpoint, signal);
        }
        return;
      } catch (error) {
        if (!isPassing(error)) throw error;
        this.logger.warn({ error }, "the node could not be registered on chain yet; trying again");
        await this.clock.sleep(this.settings.registrationRetryMs ?? REGISTRATION_RETRY_MS, signal);
      }
    }
  }

  private async status(): Promise<object> {
    const { chain } = this.components;
    const state: ChainNode | undefined = chain.connected ? await chain.state() : undefined;
    return {
      state: state?.state ?? "unknown",
      addr: state?.endpoint ?? "",
      signature_acc: chain.account,
      current_rpc_status: chain.connected,
      idle_space: Number(state?.idleSpace ?? 0n),
      service_space: this.store.usage,
      version: "cess-s3",
    };
  }
}

/** The chain did not answer, the extrinsic was lost, or an earlier one of ours was included after all. */
function isPassing(error: unknown): boolean {
  if (error instanceof ChainRefusal) return error.kind === "existed";
  return error instanceof Error && (error.name === "ChainUnavailable" || error.name === "ExtrinsicLost");
}

function trimSlash(endpoint: string): string {
  return endpoint.replace(/\/+$/, "");
}
