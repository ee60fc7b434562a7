import { cryptoWaitReady } from "@polkadot/util-crypto";
import type { Clock } from "../../model/clock.js";
import { systemClock } from "../../async/system-clock.js";
import { Author } from "./author.js";
import type { Spec } from "./cess-types.js";
import { Chain } from "./chain.js";
import { Faults } from "./faults.js";
import { GENESIS_DEFAULTS, type Genesis } from "./genesis.js";
import { silentLogger, type Logger } from "./logger.js";
import { POOL_DEFAULTS, type PoolSettings } from "./pool.js";
import { RPC_DEFAULTS, RpcServer, type RpcSettings } from "./rpc/server.js";
import { Runtime } from "./runtime.js";
import { ChainStore } from "./store.js";

export interface DevChainSettings {
  /** Where blocks and state are kept. A folder belongs to one chain of one spec. */
  readonly folder: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly blockMs: number;
  /** Blocks behind the best one that are not yet final. */
  readonly finalityLag: number;
  readonly spec: Spec;
  /** Blocks that the chain calls a day; territories last 30 and more, and stay frozen for 7. */
  readonly dayBlocks: number;
  /** Bytes of extrinsics in one block. */
  readonly blockBytesLimit: number;
  /** Used only when the folder is empty. */
  readonly genesis: Genesis;
  readonly pool: PoolSettings;
  readonly rpc: RpcSettings;
}

export const DEV_CHAIN_DEFAULTS: Omit<DevChainSettings, "folder"> = {
  host: "127.0.0.1",
  port: 9944,
  blockMs: 1000,
  finalityLag: 1,
  spec: 133,
  dayBlocks: 14_400,
  blockBytesLimit: 3_932_160,
  genesis: GENESIS_DEFAULTS,
  pool: POOL_DEFAULTS,
  rpc: RPC_DEFAULTS,
};

export interface DevChain {
  /** For WebSocket clients: `ws://host:port`. Plain HTTP POST works on the same port. */
  readonly endpoint: string;
  readonly port: number;
  readonly chain: Chain;
  readonly faults: Faults;
  /** Ends connections, the block being built and the store. */
  close(): Promise<void>;
}

/**
 * Starts a chain that speaks Substrate's JSON-RPC, with the CESS pallets a gateway and a storage node use. For
 * development and tests: one author, no consensus, no proofs. Rejects with WrongSpec when the folder holds a chain of
 * the other spec.
 */
export async function startDevChain(
  components: { readonly clock?: Clock; readonly logger?: Logger },
  given: Pick<DevChainSettings, "folder"> &
    Partial<Omit<DevChainSettings, "genesis">> & { readonly genesis?: Partial<Genesis> },
): Promise<DevChain> {
  const settings = { ...DEV_CHAIN_DEFAULTS, ...given, genesis: { ...GENESIS_DEFAULTS, ...given.genesis } };
  const { clock = systemClock, logger = silentLogger } = components;
  await cryptoWaitReady();
  const store = new ChainStore(settings.folder, settings.spec);
  try {
    const runtime = new Runtime({ logger }, settings);
    const chain = new Chain({ runtime, store, clock }, settings);
    const faults = new Faults(chain);
    const server = new RpcServer({ chain, runtime, faults, logger }, settings);
    await server.listen();
    const author = new Author({ chain, clock, logger }, settings);
    faults.connect(author, server);
    logger.info({ endpoint: server.endpoint, spec: settings.spec, block: chain.best.number }, "the dev chain runs");
    const close = async (): Promise<void> => {
      await author.close();
      await server.close();
      store.close();
    };
    return { endpoint: server.endpoint, port: server.port, chain, faults, close };
  } catch (error) {
    store.close();
    throw error;
  }
}
