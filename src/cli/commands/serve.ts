import { gatewaySettings } from "../../config/load.js";
import { openGatewayFolder } from "../data-folder.js";
import { Hangup } from "../hangup.js";
import { loadedOf } from "../loaded-config.js";
import { openLog } from "../log/logger.js";
import { closeOnSignals } from "../shutdown.js";

/** `cess-s3 serve`: the gateway against a real chain, until SIGINT or SIGTERM. SIGHUP reads the configuration again. */
export async function runServe(file: string | undefined): Promise<void> {
  const hangup = new Hangup();
  const settings = gatewaySettings(file);
  const { config } = loadedOf(settings);
  const { log, dropped } = openLog(config);
  const { folder, server } = await settings.locate(async () => {
    // Before the gateway is loaded, which takes a second: a second process must be refused at once.
    const folder = await openGatewayFolder(config.dataDir, "cess-s3 serve", log);
    const { startGateway } = await import("../processes/start-gateway.js");
    return { folder, server: await startGateway(config, { log, droppedLines: dropped }) };
  });
  closeOnSignals(
    {
      async close(options) {
        await server.close(options);
        folder.close();
      },
    },
    server.closeMs,
  );
  hangup.reloads(() => server.reload(() => loadedOf(gatewaySettings(file))));
  const users = server.consoleEndpoint === undefined ? "" : `; console for users at ${server.consoleEndpoint}/console`;
  const peers = server.peerEndpoint === undefined ? "" : `; peers at ${server.peerEndpoint}`;
  const everyone = server.publicEndpoint === undefined ? "" : `; everyone at ${server.publicEndpoint}`;
  console.log(
    `S3 endpoint ${server.endpoint}, region ${config.region}; health and metrics at ${server.adminEndpoint}; console at ${server.adminEndpoint}/console${users}${peers}${everyone}`,
  );
}
