import { loadDevConfig, loadDevGatewayConfig, loadDevWorkers } from "../../config/load.js";
import { devUsers, type DevUser } from "../../devnet/dev-users.js";
import { openGatewayFolder } from "../data-folder.js";
import { DEV_REPORT_TIMEOUT_BLOCKS, openDevNetwork } from "../dev-network.js";
import { devRoutes } from "./dev-routes.js";
import { preloadGateway, startGateway, type RunningGateway } from "../processes/start-gateway.js";
import { openLog, plainLog } from "../log/logger.js";
import { closeOnSignals } from "../shutdown.js";

/** `cess-s3 dev`: chain, storage nodes and gateway on one machine, until SIGINT or SIGTERM. */
export async function runDev(): Promise<void> {
  const settings = loadDevConfig();
  const folder = await openGatewayFolder(settings.dataDir, "cess-s3 dev", plainLog);
  const starting = openDevNetwork(settings, "cess-s3 dev");
  // Loaded while the network starts in its thread: each takes seconds.
  const [, opened] = await Promise.all([preloadGateway(loadDevWorkers()), starting]);
  const { network } = opened;
  const config = loadDevGatewayConfig({
    chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: settings.blockMs },
    accounts: network.users.map((user) => ({ ...user, readsNetwork: true })),
    allowPrivateNodes: true,
    reportTimeoutBlocks: DEV_REPORT_TIMEOUT_BLOCKS,
  });
  const { log, dropped } = openLog(config);
  const server = await startGateway(config, { log, droppedLines: dropped, extraRoutes: devRoutes(network) });
  closeOnSignals(
    {
      async close(options) {
        await server.close(options);
        await opened.close();
        folder.close();
      },
    },
    server.closeMs,
  );
  console.log(welcome(server, config.region, network));
}

function welcome(
  server: RunningGateway,
  region: string,
  { users, chainEndpoint }: { readonly users: readonly DevUser[]; readonly chainEndpoint: string },
): string {
  const [first, second] = users;
  return `
cess-s3 runs on a dev network (chain, storage nodes and gateway on this machine; for development, not for data you need)

  S3 endpoint   ${server.endpoint}
  region        ${region}
  access key    ${first?.accessKeyId ?? ""}
  secret        ${first?.secretAccessKey ?? ""}
  second owner  ${second?.accessKeyId ?? ""} / ${second?.secretAccessKey ?? ""}
  console       ${server.adminEndpoint}/console
  admin         ${server.adminEndpoint}${server.peerEndpoint === undefined ? "" : `\n  peers         ${server.peerEndpoint}`}${server.publicEndpoint === undefined ? "" : `\n  everyone      ${server.publicEndpoint}`}

Try it with aws-cli:

  export AWS_ACCESS_KEY_ID=${first?.accessKeyId ?? ""} AWS_SECRET_ACCESS_KEY=${first?.secretAccessKey ?? ""} AWS_DEFAULT_REGION=${region} AWS_ENDPOINT_URL=${server.endpoint}
  aws s3 mb s3://photos
  aws s3 cp README.md s3://photos/
  aws s3api head-object --bucket photos --key README.md

Its owner's territory, with the phrase of the owner's wallet:

  echo ${devUsers[0]?.uri ?? ""} > wallet.txt
  cess-s3 territory list --mnemonic-file wallet.txt --chain ${chainEndpoint}
`;
}
