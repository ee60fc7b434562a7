import { join } from "node:path";
import { configSchema } from "../../config/config.js";
import type { Settings } from "../../config/settings.js";
import type { Clock } from "../../model/clock.js";
import { systemClock } from "../../async/system-clock.js";
import { ChainUnavailable } from "../../network/chain/chain.js";
import type { Config } from "../../config/config.js";
import { CessChain } from "../../network/chain/chain-client.js";
import { ChainSession } from "../../network/chain/chain-session.js";
import { chainEndpoints } from "./chain.js";
import { configuration, type CheckedConfiguration } from "./configuration.js";
import { dataFolder, folderUse, systemDisk, type DiskComponents } from "./disk.js";
import { failure, type Finding } from "./finding.js";
import { listeners } from "./listeners.js";
import { nodeVersion, openFiles } from "./machine.js";
import { namedFiles } from "./named-files.js";
import { balance, owners } from "./owners.js";
import { ports } from "./ports.js";
import { storageNodes } from "./storage-nodes.js";

/** How long the chain may take to answer, ms. */
const CALL_TIMEOUT_MS = 20_000;

export interface DoctorComponents {
  readonly clock: Clock;
  readonly disk: DiskComponents;
}

/** Looks at everything that a gateway depends on; nothing is changed. Throws ConfigError when settings are wrong. */
export async function examine(
  settings: Settings,
  { clock, disk }: DoctorComponents = { clock: systemClock, disk: systemDisk },
): Promise<Finding[]> {
  const config = settings.check(configSchema);
  const { dataDir, reserveBytes } = config;
  const checked = await configuration(settings, config);
  const [files, folder, ours, chain] = await Promise.all([
    namedFiles(settings, keyFileOf(config)),
    dataFolder({ dataDir, cacheBytes: config.cache.disk, reserveBytes }, disk),
    ports(config),
    onChain(config, checked, clock),
  ]);
  return [
    nodeVersion(),
    ...checked.findings,
    ...(await listeners(settings, config, clock.now())),
    ...files,
    ...folder,
    ...ours,
    openFiles(config.limits.maxConnections),
    ...chain,
  ];
}

/**
 * Whether the configuration is right, with the files and, unless `offline`, the accounts that it names. Nothing of the
 * machine is looked at. Throws ConfigError.
 */
export async function examineConfiguration(
  settings: Settings,
  { offline }: { readonly offline: boolean },
): Promise<Finding[]> {
  const config = settings.check(configSchema);
  const checked = await configuration(settings, config);
  return [
    ...checked.findings,
    ...(await listeners(settings, config, systemClock.now())),
    ...(await namedFiles(settings, keyFileOf(config))),
    await folderUse(config.dataDir),
    ...(offline ? [] : await onChain(config, checked, systemClock)),
  ];
}

const keyFileOf = ({ encryption, dataDir }: Config) => encryption.keyFile ?? join(dataDir, "keys.json");

async function onChain(config: Config, { signer, accounts }: CheckedConfiguration, clock: Clock): Promise<Finding[]> {
  const { findings, usable } = await chainEndpoints(config, clock);
  if (usable.length === 0 || signer === undefined) return [...findings];
  const session = new ChainSession({ endpoints: usable, callTimeoutMs: CALL_TIMEOUT_MS });
  const client = new CessChain({ session, signer });
  try {
    const [free, ofOwners, nodes] = await Promise.all([
      session.reader.freeTokens(signer.account),
      owners(client, accounts?.all ?? [], config.chain.blockMs),
      client.nodes(),
    ]);
    return [
      ...findings,
      balance(signer.account, free),
      ...ofOwners,
      await storageNodes(nodes, config.allowPrivateNodes),
    ];
  } catch (error) {
    if (!(error instanceof ChainUnavailable)) throw error;
    return [...findings, failure("chain", error.message, "try again; if it stays so, use another endpoint")];
  } finally {
    await client.close();
    await session.close();
  }
}
