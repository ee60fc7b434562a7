import { join } from "node:path";
import type { DevConfig } from "../config/config.js";
import { DevNetworkThread } from "../devnet/dev-network-thread.js";
import { openNetworkFolder } from "./data-folder.js";
import { listenError } from "./listen.js";
import { plainLog } from "./log/logger.js";

/** Blocks until a node that does not report is replaced: few, because the dev network's nodes are on this machine. */
export const DEV_REPORT_TIMEOUT_BLOCKS = 10;

export interface OpenedDevNetwork {
  readonly network: DevNetworkThread;
  /** Ends the network and gives its folder back. */
  close(): Promise<void>;
}

/** The network in a box, in a locked folder of its own. Rejects with ConfigError. */
export async function openDevNetwork(config: DevConfig, command: string): Promise<OpenedDevNetwork> {
  const { dataDir, ...settings } = config;
  const folder = await openNetworkFolder(dataDir, command, plainLog);
  try {
    const network = await DevNetworkThread.start({ folder: join(dataDir, "network"), ...settings });
    return {
      network,
      async close() {
        await network.close();
        folder.close();
      },
    };
  } catch (error) {
    folder.close();
    if (settings.port === undefined) throw error;
    throw await listenError("port (CESS_S3_DEV_PORT)", { host: "127.0.0.1", port: settings.port }, error);
  }
}
