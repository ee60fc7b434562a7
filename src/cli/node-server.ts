import type { Logger } from "pino";
import type { NodeConfig } from "../config/config.js";
import type { ListenAddress } from "../config/quantity.js";
import { ChainSession } from "../network/chain/chain-session.js";
import { NodeReporter } from "../network/chain/node-reporter.js";
import { StorageNode } from "../storage-node/storage-node.js";
import { listenError } from "./listen.js";
import type { Running } from "./shutdown.js";
import { signerOf } from "./gateway/signer.js";

/** A storage node by itself, composed from its configuration. */
export class NodeServer implements Running {
  private constructor(
    private readonly session: ChainSession,
    private readonly chain: NodeReporter,
    private readonly node: StorageNode,
    private readonly account: string,
    private readonly address: ListenAddress,
  ) {}

  /** Nothing runs yet. Rejects with ConfigError when the signing account cannot be read. */
  static async open(config: NodeConfig, logger: Logger): Promise<NodeServer> {
    const signer = await signerOf(config.chain);
    const session = new ChainSession({ endpoints: config.chain.endpoints });
    const chain = new NodeReporter({ session, signer });
    const { dataDir: folder, listen, declaredTib: spaceTib, endpoint } = config;
    const node = new StorageNode(
      { chain, logger },
      { folder, ...listen, spaceTib, ...(endpoint === undefined ? {} : { endpoint }) },
    );
    return new NodeServer(session, chain, node, signer.account, listen);
  }

  /** Resolves when the node answers and the chain knows it, however long the chain is away; rejects when closed. */
  async start(): Promise<{ readonly account: string; readonly endpoint: string }> {
    try {
      const { endpoint } = await this.node.start();
      return { account: this.account, endpoint };
    } catch (error) {
      throw await listenError("listen", this.address, error);
    }
  }

  async close(): Promise<void> {
    await this.node.close();
    await this.chain.close();
    await this.session.close();
  }
}
