import { createServer, type AddressInfo } from "node:net";
import type { Logger } from "pino";
import type { AdminRoute } from "../../admin/admin-server.js";
import { systemClock } from "../../async/system-clock.js";
import type { Config } from "../../config/config.js";
import { explain } from "../explain.js";
import { closeMs } from "../gateway/drain-times.js";
import { withReloaded, type LoadConfig } from "../gateway/gateway-reload.js";
import type { CloseOptions, Running } from "../shutdown.js";
import { forkBackground, forkRequests } from "./forked.js";
import type { FromChild, ListenUrls, ProcessView, Reloaded, ToChild } from "./messages.js";
import { socketPath, type SocketPath } from "./socket-path.js";
import { SupervisedProcess, type SupervisedProcessComponents } from "./supervised-process.js";

/** How often the background process is told of all processes, although nothing has changed, ms. */
const VIEWS_MS = 10_000;
/** How often each process is asked whether it is alive, ms. */
const PROBE_MS = 5_000;

export interface PrimaryComponents {
  readonly log: Logger;
  /** Of the admin listener, beside its own; they are answered here. */
  readonly extraRoutes: readonly AdminRoute[];
  /** Called when a process died too often, with a reason for the operator: the program is to end. */
  readonly onGivenUp: (reason: string) => void;
}

/**
 * The process that others see: it holds the data folder, starts one background process and several request processes,
 * starts again what dies, and passes on what it is told to do. It accepts the connections of the request processes' port.
 */
export class Primary implements Running {
  private readonly background: SupervisedProcess;
  private readonly requests: readonly SupervisedProcess[];
  private readonly since = systemClock.now();
  private readonly reloads = new Map<SupervisedProcess, () => void>();
  private s3 = "";
  private urls: ListenUrls = {};
  private readonly timers: NodeJS.Timeout[] = [];
  private reloading: Promise<void> = Promise.resolve();

  private constructor(
    private readonly components: PrimaryComponents,
    private config: Config,
    private readonly socket: SocketPath,
    processes: number,
  ) {
    this.background = this.supervised(forkBackground, "background", 0, (urls) => this.backgroundServes(urls));
    this.requests = Array.from({ length: processes }, (_, n) =>
      this.supervised(forkRequests, "request", n + 1, ({ s3 = "" }) => (this.s3 = s3)),
    );
  }

  /** `processes` serve requests. The caller holds `config.dataDir`. Resolves when all serve. Rejects with ConfigError. */
  static async start(components: PrimaryComponents, config: Config, processes: number): Promise<Primary> {
    const listen = await withPort(config.listen);
    const primary = new Primary(components, { ...config, listen }, await socketPath(config.dataDir), processes);
    try {
      // First the one that migrates the catalog and makes the keys.
      await primary.background.start();
      await Promise.all(primary.requests.map((process) => process.start()));
    } catch (error) {
      await primary.kill();
      throw error;
    }
    primary.background.send({ kind: "serving", endpoint: primary.s3, again: false });
    primary.timers.push(setInterval(() => primary.tellViews(), VIEWS_MS));
    primary.timers.push(setInterval(() => primary.all.forEach((process) => process.probe()), PROBE_MS));
    return primary;
  }

  private get all(): readonly SupervisedProcess[] {
    return [this.background, ...this.requests];
  }

  get endpoint(): string {
    return this.s3;
  }

  get adminEndpoint(): string {
    return this.urls.admin ?? "";
  }

  get consoleEndpoint(): string | undefined {
    return this.urls.console;
  }

  get peerEndpoint(): string | undefined {
    return this.urls.peers;
  }

  get publicEndpoint(): string | undefined {
    return this.urls.public;
  }

  /** How long `close` takes at most, ms. */
  get closeMs(): number {
    return closeMs(this.config);
  }

  /** As of GatewayServer: one process after the other, the background process first. */
  reload(load: LoadConfig): Promise<void> {
    return (this.reloading = this.reloading.then(async () => {
      let loaded: Reloaded;
      try {
        const { config } = load();
        loaded = { config };
        // What a restart is needed for waits for that: processes that are started again are as the others are.
        this.config = withReloaded(this.config, config);
      } catch (error) {
        loaded = { refused: explain(error) };
      }
      for (const process of this.all) await this.reloadOne(process, loaded);
    }));
  }

  async close({ atOnce }: CloseOptions): Promise<void> {
    this.timers.forEach((timer) => clearInterval(timer));
    for (const process of this.all) {
      process.letEnd();
      process.send({ kind: "drain", atOnce });
    }
    await Promise.all(this.requests.map((process) => process.ended()));
    this.background.send({ kind: "close" });
    await this.background.ended();
    await this.socket.remove();
  }

  private async kill(): Promise<void> {
    for (const process of this.all) process.kill();
    await Promise.all(this.all.map((process) => process.ended()));
    await this.socket.remove();
  }

  private supervised(
    fork: SupervisedProcessComponents["fork"],
    role: "background" | "request",
    index: number,
    onStarted: (urls: ListenUrls) => void,
  ): SupervisedProcess {
    const { log, onGivenUp } = this.components;
    const process: SupervisedProcess = new SupervisedProcess(
      {
        fork,
        clock: systemClock,
        log,
        start: () => this.startMessage(role, index),
        onStarted,
        onMessage: (message) => void this.heard(process, message),
        onChange: () => {
          if (!process.view.serving) this.reloads.get(process)?.();
          this.tellViews();
        },
        onGivenUp,
      },
      { role, index },
    );
    return process;
  }

  private startMessage(role: "background" | "request", index: number): ToChild {
    const { socket, requests, components } = this;
    const config = withPorts(this.config, this.urls);
    const routes = components.extraRoutes.map(({ method, path }) => ({ method, path }));
    return {
      kind: "start",
      role,
      index,
      processes: requests.length,
      config,
      socket: socket.path,
      routes,
      views: this.views(),
    };
  }

  private backgroundServes(urls: ListenUrls): void {
    this.urls = urls;
    this.tellViews();
    if (this.s3 !== "") this.background.send({ kind: "serving", endpoint: this.s3, again: true });
  }

  private async heard(from: SupervisedProcess, message: FromChild): Promise<void> {
    if (message.kind === "reloaded") this.reloads.get(from)?.();
    // As an operator's signal.
    if (message.kind === "end") process.kill(process.pid, "SIGTERM");
    if (message.kind !== "ask") return;
    const { id, route, groups, body, query } = message;
    try {
      const value = await this.components.extraRoutes[route]?.run(groups, body, new URLSearchParams(query));
      from.send({ kind: "answer", id, value });
    } catch (error) {
      from.send({ kind: "answer", id, error: explain(error) });
    }
  }

  /** Resolves when the process has done it, or died. */
  private async reloadOne(process: SupervisedProcess, loaded: Reloaded): Promise<void> {
    if (!process.view.serving) return;
    await new Promise<void>((resolve) => {
      this.reloads.set(process, resolve);
      process.send({ kind: "reload", loaded });
    });
    this.reloads.delete(process);
  }

  private tellViews(): void {
    this.background.send({ kind: "processes", processes: this.views() });
  }

  private views(): ProcessView[] {
    const own: ProcessView = {
      role: "primary",
      index: 0,
      pid: process.pid,
      since: this.since,
      restarts: 0,
      serving: true,
      memoryBytes: process.memoryUsage.rss(),
    };
    return [own, ...this.all.map(({ view }) => view)];
  }
}

/** Ports that the system chose at the first start stay: whoever has read them goes on with them. */
function withPorts(config: Config, urls: ListenUrls): Config {
  const { adminListen, console, peers, public: everyone } = config;
  const at = <Address extends { readonly port: number }>(address: Address, url: string | undefined): Address =>
    address.port === 0 && url !== undefined ? { ...address, port: Number(new URL(url).port) } : address;
  return {
    ...config,
    adminListen: at(adminListen, urls.admin),
    peers: peers.listen ? { ...peers, listen: at(peers.listen, urls.peers) } : peers,
    console: console.listen ? { ...console, listen: at(console.listen, urls.console) } : console,
    public: everyone.listen ? { ...everyone, listen: at(everyone.listen, urls.public) } : everyone,
  };
}

/**
 * A free port in the place of 0: request processes that are all started again at once would be given another one. Should
 * somebody take it in this moment, the start fails.
 */
async function withPort(listen: Config["listen"]): Promise<Config["listen"]> {
  if (listen.port !== 0) return listen;
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, listen.host, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return { ...listen, port };
}
