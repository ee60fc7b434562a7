import { join } from "node:path";
import { loadDevConfig, loadDevGatewayConfig } from "../../config/load.js";
import { DevNetworkThread } from "../../devnet/dev-network-thread.js";
import type { DevUser } from "../../devnet/dev-users.js";
import { openGatewayFolder } from "../data-folder.js";
import { devRoutes } from "./dev-routes.js";
import type { GatewayServer } from "../gateway/gateway-server.js";
import { openLog, plainLog } from "../log/logger.js";
import { closeOnSignals } from "../shutdown.js";

/** Blocks until a node that does not report is replaced: few, because the dev network's nodes are on this machine. */
const REPORT_TIMEOUT_BLOCKS = 10;

/** `cess-s3 dev`: chain, storage nodes and gateway on one machine, until SIGINT or SIGTERM. */
export async function runDev(): Promise<void> {
  const { dataDir, ...settings } = loadDevConfig();
  // The network keeps its data in a folder inside, so this lock is its lock too.
  const folder = await openGatewayFolder(dataDir, "cess-s3 dev", plainLog);
  const starting = DevNetworkThread.start({ folder: join(dataDir, "network"), ...settings });
  // Loaded while the network starts in its thread: each takes seconds.
  const [{ GatewayServer }, network] = await Promise.all([import("../gateway/gateway-server.js"), starting]);
  const config = loadDevGatewayConfig({
    chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: settings.blockMs },
    accounts: network.users.map((user) => ({ ...user, readsNetwork: true })),
    allowPrivateNodes: true,
    reportTimeoutBlocks: REPORT_TIMEOUT_BLOCKS,
  });
  const { log, dropped } = openLog(config);
  const server = await GatewayServer.start(config, { log, droppedLines: dropped, extraRoutes: devRoutes(network) });
  closeOnSignals({
    async close() {
      await server.close();
      await network.close();
      folder.close();
    },
  });
  console.log(welcome(server, config.region, network.users));
}

function welcome(server: GatewayServer, region: string, users: readonly DevUser[]): string {
  const [first, second] = users;
  return `
cess-s3 runs on a dev network (chain, storage nodes and gateway on this machine; for development, not for data you need)

  S3 endpoint   ${server.endpoint}
  region        ${region}
  access key    ${first?.accessKeyId ?? ""}
  secret        ${first?.secretAccessKey ?? ""}
  second owner  ${second?.accessKeyId ?? ""} / ${second?.secretAccessKey ?? ""}
  admin         ${server.adminEndpoint}${server.peerEndpoint === undefined ? "" : `\n  peers         ${server.peerEndpoint}`}

Try it with aws-cli:

  export AWS_ACCESS_KEY_ID=${first?.accessKeyId ?? ""} AWS_SECRET_ACCESS_KEY=${first?.secretAccessKey ?? ""} AWS_DEFAULT_REGION=${region} AWS_ENDPOINT_URL=${server.endpoint}
  aws s3 mb s3://photos
  aws s3 cp README.md s3://photos/
  aws s3api head-object --bucket photos --key README.md
`;
}
