import { stringify } from "yaml";
import { loadNetworkConfig } from "../../config/load.js";
import type { DevNetworkThread } from "../../devnet/dev-network-thread.js";
import { devUsers, NEWCOMER } from "../../devnet/dev-users.js";
import { DEV_REPORT_TIMEOUT_BLOCKS, openDevNetwork } from "../dev-network.js";
import { closeOnSignals } from "../shutdown.js";

export interface DevnetOptions {
  readonly port?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** `cess-s3 devnet`: the network in a box without a gateway, until SIGINT or SIGTERM. */
export async function runDevnet({ port, dataDir, json }: DevnetOptions): Promise<void> {
  const config = loadNetworkConfig(undefined, { port, dataDir });
  const opened = await openDevNetwork(config, "cess-s3 devnet");
  closeOnSignals(opened);
  const { network } = opened;
  console.log(json ? JSON.stringify(description(network)) : welcome(network, config.nodes, config.blockMs));
}

/** What a gateway must be told of the network. Programs read this: its shape stays. */
function description({ chainEndpoint, gatewayMnemonic, users }: DevNetworkThread) {
  return {
    chain: chainEndpoint,
    mnemonic: gatewayMnemonic,
    accounts: users.map(({ name, cessAccount, territory, accessKeyId, secretAccessKey }) => ({
      name,
      cessAccount,
      territory,
      accessKeyId,
      secretAccessKey,
    })),
    /**
     * The phrases of the accounts' own keys, with which they buy territories and authorize gateways, and of one that has
     * tokens and nothing else yet.
     */
    wallets: [...devUsers.map(({ name, uri }) => ({ name, mnemonic: uri })), { name: "newcomer", mnemonic: NEWCOMER }],
  };
}

function welcome(network: DevNetworkThread, nodes: number, blockMs: number): string {
  const { chain, mnemonic, accounts, wallets } = description(network);
  const configuration = stringify({
    chain: { endpoints: [chain], mnemonic, blockMs },
    // Its storage nodes are on this machine.
    allowPrivateNodes: true,
    reportTimeoutBlocks: DEV_REPORT_TIMEOUT_BLOCKS,
    encryption: { default: "none" },
    accounts,
  });
  return `
a CESS network runs on this machine, without a gateway (for development, not for data you need)

  chain          ${chain}
  storage nodes  ${nodes}
  gateway        ${mnemonic}   (the phrase of its signing account)
  accounts       ${accounts.map(({ name, territory }) => `${name} with the territory ${territory}`).join(", ")}
  wallets        ${wallets.map((each) => `${each.mnemonic} (the phrase of ${each.name})`).join(", ")};
                 newcomer has tokens, and no territory yet: docs/wallet.md

What an account's owner does, with its phrase in a file:

  echo ${wallets[0]?.mnemonic ?? ""} > wallet.txt
  cess-s3 territory list --mnemonic-file wallet.txt --chain ${chain}

A configuration for a gateway on it: save it as devnet.yaml, then run

  cess-s3 doctor --config devnet.yaml
  cess-s3 serve --config devnet.yaml

# devnet.yaml
${configuration}`;
}
