import { startDevChain } from "../../src/devnet/chain/dev-chain.js";

/** A dev chain in a process of its own, for a test to kill: `node dev-chain-child.js FOLDER ADDRESS`. */
const [folder = "", address = ""] = process.argv.slice(2);
const { endpoint } = await startDevChain(
  {},
  { folder, port: 0, blockMs: 10, genesis: { balances: { [address]: 10n ** 24n } } },
);
process.stdout.write(`${endpoint}\n`);
