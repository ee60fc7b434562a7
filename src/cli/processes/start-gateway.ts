import type { Logger } from "pino";
import type { AdminRoute } from "../../admin/admin-server.js";
import type { Config } from "../../config/config.js";
import { workerCount } from "../../config/workers.js";
import type { LoadConfig } from "../gateway/gateway-reload.js";
import type { Running } from "../shutdown.js";
import { letHeapGrow } from "./heap-growth.js";

/** A gateway that runs: one process that does everything, or several. */
export interface RunningGateway extends Running {
  readonly endpoint: string;
  readonly adminEndpoint: string;
  /** Of the console for users. */
  readonly consoleEndpoint: string | undefined;
  readonly peerEndpoint: string | undefined;
  readonly publicEndpoint: string | undefined;
  /** How long `close` takes at most, ms. */
  readonly closeMs: number;
  /** Uses another configuration as far as that needs no restart. Never rejects: what is refused is in the log. */
  reload(load: LoadConfig): Promise<void>;
}

export interface GatewayProcessComponents {
  readonly log: Logger;
  readonly droppedLines: () => number;
  readonly extraRoutes?: readonly AdminRoute[];
}

/** Loads what `startGateway` would, which takes a second. */
export async function preloadGateway(workers: number): Promise<void> {
  if (workerCount(workers) === 1) await import("../gateway/gateway-server.js");
}

/** The caller holds `config.dataDir`. Resolves when S3 requests are answered. Rejects with ConfigError. */
export async function startGateway(config: Config, components: GatewayProcessComponents): Promise<RunningGateway> {
  letHeapGrow();
  const processes = workerCount(config.workers);
  if (processes === 1) {
    const { GatewayServer } = await import("../gateway/gateway-server.js");
    return GatewayServer.start(config, components);
  }
  // Neither the chain's client nor the encoders are loaded here.
  const { Primary } = await import("./primary.js");
  const { log, extraRoutes = [] } = components;
  const primary: RunningGateway = await Primary.start({ log, extraRoutes, onGivenUp }, config, processes);
  return primary;

  function onGivenUp(reason: string): void {
    console.error(`cess-s3: ${reason}`);
    void primary.close({ atOnce: true }).finally(() => process.exit(1));
  }
}
