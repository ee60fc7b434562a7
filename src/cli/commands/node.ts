import { nodeConfigSchema } from "../../config/config.js";
import { nodeSettings } from "../../config/load.js";
import { openNodeFolder } from "../data-folder.js";
import { openLog } from "../log/logger.js";
import { closeOnSignals } from "../shutdown.js";

/** `cess-s3 node`: one storage node by itself, until SIGINT or SIGTERM. */
export async function runNode(file: string | undefined): Promise<void> {
  const settings = nodeSettings(file);
  const config = settings.check(nodeConfigSchema);
  const { log } = openLog(config);
  // Before the rest is loaded, which takes a second: a second process must be refused at once.
  const { folder, server } = await settings.locate(async () => {
    const folder = await openNodeFolder(config.dataDir, "cess-s3 node", log);
    const { NodeServer } = await import("../node-server.js");
    return { folder, server: await NodeServer.open(config, log) };
  });
  closeOnSignals({
    async close() {
      await server.close();
      folder.close();
    },
  });
  const { account, endpoint } = await settings.locate(() => server.start());
  console.log(`storage node ${account} answers at ${endpoint}`);
}
