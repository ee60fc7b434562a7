import type { Config } from "../../config/config.js";
import { VERSION } from "../version.js";

/** Of a URL, what may be shown: its path, query and user name may hold a secret. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "";
}

/** What is configured, for the log's first line: no secret, and nothing that may hold one. */
export function configSummary(config: Config): Readonly<Record<string, unknown>> {
  const { region, dataDir, chain, accounts, encryption, cache, packing, peers, placement, notifications } = config;
  return {
    version: VERSION,
    node: process.version,
    pid: process.pid,
    region,
    dataDir,
    domain: config.domain,
    chain: chain.endpoints.map(hostOf),
    accounts: accounts.length,
    encryption: encryption.default,
    vault: encryption.vault && hostOf(encryption.vault.address),
    cacheMemoryBytes: cache.memory,
    cacheDiskBytes: cache.disk,
    packedUpToBytes: packing.maxObjectBytes,
    peers: peers.endpoints.map(hostOf),
    peersFromChain: peers.fromChain,
    placementModule: placement.module,
    webhooks: notifications.webhooks.map(({ name }) => name),
    tracing: config.tracing.endpoint && hostOf(config.tracing.endpoint),
    logLevel: config.logLevel,
  };
}
