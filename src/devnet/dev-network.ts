import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { CessAccount } from "../model/account.js";
import { signerFromMnemonic, type Signer } from "../network/chain/accounts.js";
import { ChainSession } from "../network/chain/chain-session.js";
import { NodeReporter } from "../network/chain/node-reporter.js";
import { Provisioning } from "../network/chain/provisioning.js";
import { isFault, type Fault } from "../storage-node/faults.js";
import { StorageNode } from "../storage-node/storage-node.js";
import type { Spec } from "./chain/cess-types.js";
import { startDevChain, type DevChain } from "./chain/dev-chain.js";
import { devUsers, NEWCOMER, type DevUser } from "./dev-users.js";
import { NetworkPorts } from "./network-ports.js";

export interface DevNetworkSettings {
  /** Holds the chain and every node's fragments, for the next start, too. */
  readonly folder: string;
  /** Storage nodes, at least 12. */
  readonly nodes: number;
  readonly blockMs: number;
  readonly spec: Spec;
  /** The chain's port, which must be free; by default the one that it had last time, or any. */
  readonly port?: number | undefined;
}

export interface DevNodeStatus {
  readonly n: number;
  readonly account: CessAccount;
  readonly endpoint: string;
  readonly fault: Fault;
  /** Bytes of its fragments on disk. */
  readonly bytes: number;
}

interface RunningNode {
  readonly n: number;
  readonly reporter: NodeReporter;
  readonly node: StorageNode;
  readonly endpoint: string;
}

const TOKEN = 10n ** 18n;
const BALANCE = 1_000_000_000n * TOKEN;
/** Every object takes 96 MiB of territory at least; this much is room for half a million. */
const TERRITORY_GIB = 50 * 1024;
const TERRITORY_DAYS = 3650;
/** Together the nodes must declare what the territories sell. */
const NODE_TIB = 16;
const GATEWAY = "//Gateway";
/** Time between blocks until nodes are registered and territories bought, since the start waits for them. */
const SETUP_BLOCK_MS = 100;

/**
 * The network in a box: a chain and storage nodes on loopback, reached by the same protocols as the real ones. On the
 * first start its users buy their territories and authorize the gateway, by extrinsics.
 */
export class DevNetwork {
  private constructor(
    private readonly chain: DevChain,
    private readonly session: ChainSession,
    private readonly running: readonly RunningNode[],
    readonly users: readonly DevUser[],
  ) {}

  static async start(settings: DevNetworkSettings): Promise<DevNetwork> {
    await mkdir(settings.folder, { recursive: true });
    const ports = await NetworkPorts.load(join(settings.folder, "ports.json"));
    const gateway = await signerFromMnemonic(GATEWAY);
    const owners = await Promise.all(devUsers.map(({ uri }) => signerFromMnemonic(uri)));
    const nodes = await Promise.all(Array.from({ length: settings.nodes }, (_, n) => signerFromMnemonic(`//Node${n}`)));
    const newcomer = await signerFromMnemonic(NEWCOMER);
    const balances = Object.fromEntries(
      [gateway, newcomer, ...owners, ...nodes].map(({ account }) => [account, BALANCE]),
    );
    const startChain = (port: number) =>
      startDevChain(
        {},
        {
          folder: join(settings.folder, "chain"),
          port,
          blockMs: settings.blockMs,
          spec: settings.spec,
          genesis: { balances, unitPrice: TOKEN / 1000n },
        },
      );
    const chain = await (settings.port === undefined ? ports.start("chain", startChain) : startChain(settings.port));
    const session = new ChainSession({ endpoints: [chain.endpoint] });
    await session.ready();
    const setup = setInterval(() => chain.chain.build(), SETUP_BLOCK_MS);
    try {
      const running = await Promise.all(
        nodes.map((signer, n) => ports.start(`node${n}`, (port) => startNode(session, signer, n, port, settings))),
      );
      const users = await Promise.all(owners.map((owner, i) => provision(session, owner, gateway.account, i)));
      await ports.save({
        chain: chain.port,
        ...Object.fromEntries(running.map(({ n, endpoint }) => [`node${n}`, Number(new URL(endpoint).port)])),
      });
      return new DevNetwork(chain, session, running, users);
    } finally {
      clearInterval(setup);
    }
  }

  /** `ws://…`, for the gateway and for polkadot.js. */
  get chainEndpoint(): string {
    return this.chain.endpoint;
  }

  /**
   * The mnemonic of the gateway's own account, which every dev user has authorized. The key is well known, so it is
   * worthless elsewhere.
   */
  readonly gatewayMnemonic = GATEWAY;

  nodes(): Promise<DevNodeStatus[]> {
    return Promise.all(
      this.running.map(async ({ n, node, endpoint, reporter }) => ({
        n,
        account: reporter.account,
        endpoint,
        fault: node.fault,
        bytes: await node.usage(),
      })),
    );
  }

  /** False when there is no such node; RangeError when there is no such fault. */
  setFault(n: number, fault: unknown): boolean {
    if (!isFault(fault)) throw new RangeError('fault must be one of "none", "down", "slow", "corrupt" and "silent"');
    const found = this.running.find((each) => each.n === n);
    found?.node.setFault(fault);
    return found !== undefined;
  }

  async close(): Promise<void> {
    await Promise.all(this.running.map(({ node }) => node.close()));
    await Promise.all(this.running.map(({ reporter }) => reporter.close()));
    await this.session.close();
    await this.chain.close();
  }
}

async function startNode(
  session: ChainSession,
  signer: Signer,
  n: number,
  port: number,
  { folder }: DevNetworkSettings,
): Promise<RunningNode> {
  const reporter = new NodeReporter({ session, signer });
  const node = new StorageNode(
    { chain: reporter },
    { folder: join(folder, `node${n}`), host: "127.0.0.1", port, spaceTib: NODE_TIB },
  );
  const { endpoint } = await node.start();
  return { n, reporter, node, endpoint };
}

async function provision(session: ChainSession, owner: Signer, gateway: CessAccount, index: number): Promise<DevUser> {
  const user = devUsers[index];
  if (!user) throw new RangeError(`no dev user ${index}`);
  const provisioning = new Provisioning({ session, owner });
  try {
    await Promise.all([
      provisioning.territory({ name: user.territory, sizeGib: TERRITORY_GIB, days: TERRITORY_DAYS }),
      provisioning.authorize(gateway),
    ]);
  } finally {
    provisioning.close();
  }
  const { name, accessKeyId, secretAccessKey, territory } = user;
  return { name, accessKeyId, secretAccessKey, territory, cessAccount: owner.account };
}
