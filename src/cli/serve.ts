import { loadConfig } from "../config/load.js";
import { GatewayServer } from "./gateway-server.js";
import { logger } from "./logger.js";
import { closeOnSignals } from "./shutdown.js";

/** `cess-s3 serve`: the gateway against a real chain, until SIGINT or SIGTERM. */
export async function runServe(file: string | undefined): Promise<void> {
  const config = loadConfig(file);
  const server = await GatewayServer.start(config, { log: logger(config.logLevel) });
  closeOnSignals(server);
  const peers = server.peerEndpoint === undefined ? "" : `; peers at ${server.peerEndpoint}`;
  console.log(
    `S3 endpoint ${server.endpoint}, region ${config.region}; health and metrics at ${server.adminEndpoint}${peers}`,
  );
}
