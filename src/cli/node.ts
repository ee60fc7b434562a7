import { loadNodeConfig } from "../config/load.js";
import { ChainSession } from "../network/chain/chain-session.js";
import { NodeReporter } from "../network/chain/node-reporter.js";
import { StorageNode } from "../storage-node/storage-node.js";
import { logger } from "./logger.js";
import { closeOnSignals } from "./shutdown.js";
import { signerOf } from "./signer.js";

/** `cess-s3 node`: one storage node by itself, until SIGINT or SIGTERM. */
export async function runNode(file: string | undefined): Promise<void> {
  const config = loadNodeConfig(file);
  const log = logger(config.logLevel);
  const signer = await signerOf(config.chain);
  const session = new ChainSession({ endpoints: config.chain.endpoints });
  const chain = new NodeReporter({ session, signer });
  const node = new StorageNode(
    { chain, logger: log },
    {
      folder: config.dataDir,
      host: config.listen.host,
      port: config.listen.port,
      spaceTib: config.declaredTib,
      ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    },
  );
  const close = async () => {
    await node.close();
    await chain.close();
    await session.close();
  };
  closeOnSignals({ close });
  const { endpoint } = await node.start();
  console.log(`storage node ${signer.account} answers at ${endpoint}`);
}
