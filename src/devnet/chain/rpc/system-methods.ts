import { runtimeVersion, SS58_PREFIX } from "../pallets/system.js";
import { prefixed, type Methods } from "./method.js";

/** `system_…`, and the faults as `dev_…`. */
export const systemMethods: Methods = {
  system_name: () => "CESS dev chain",
  system_version: (_params, { runtime }) => `spec ${runtimeVersion(runtime.settings.spec).specVersion}`,
  system_chain: () => "cess-devnet",
  system_chainType: () => "Development",
  system_properties: () => ({ isEthereum: false, ss58Format: SS58_PREFIX, tokenDecimals: 18, tokenSymbol: "TCESS" }),
  system_health: () => ({ peers: 0, isSyncing: false, shouldHavePeers: false }),
  system_peers: () => [],
  system_nodeRoles: () => ["Authority"],
  system_localPeerId: () => "dev",
  system_localListenAddresses: () => [],
  system_syncState: (_params, { chain }) => {
    const { number } = chain.best;
    return { startingBlock: 0, currentBlock: number, highestBlock: number };
  },
  dev_stallBlocks: (params, { faults }) => {
    faults.stallBlocks(params.bool(0));
    return null;
  },
  dev_ignoreExtrinsics: (params, { faults }) => {
    faults.ignoreExtrinsics(params.number(0));
    return null;
  },
  dev_holdFinality: (params, { faults }) => {
    faults.holdFinality(params.bool(0));
    return null;
  },
  dev_dropConnections: (_params, { faults }) => {
    faults.dropConnections();
    return null;
  },
  dev_newBlock: (_params, { chain }) => prefixed(chain.build().hash),
};
