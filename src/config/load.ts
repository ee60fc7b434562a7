import {
  adminConfigSchema,
  chainConfigSchema,
  configSchema,
  devConfigSchema,
  identityConfigSchema,
  devGatewaySchema,
  keyConfigSchema,
  type AdminConfig,
  type ChainConfig,
  type Config,
  type ConfigInput,
  type DevConfig,
  type IdentityConfig,
  type KeyConfig,
} from "./config.js";
import { readConfigFile } from "./config-file.js";
import { Settings } from "./settings.js";
import {
  ADMIN_TOKEN_FILE_VARIABLE,
  CHAIN_VARIABLES,
  CONFIG_VARIABLE,
  DEV_VARIABLES,
  GATEWAY_VARIABLES,
  NODE_VARIABLES,
  type Environment,
} from "./variables.js";

const DEV_DEFAULTS = {
  logLevel: "warn",
  // One process, as few as there can be.
  workers: 1,
  // No load balancer is in front.
  shutdown: { delaySeconds: 0 },
  // Tools and suites find what buckets had before ACLs were disabled by default: nothing is public unless asked for.
  newBuckets: { objectOwnership: "ObjectWriter", blockPublicAccess: false },
  // What is stored here never leaves this machine.
  encryption: { default: "none" },
  // Of 14 nodes 12 are needed: without those that cool nothing can be stored, and on a busy machine nodes are late.
  nodes: { cooldownSeconds: 2, maxCooldownSeconds: 20 },
  // Nobody waits ten minutes to see an object stored, and nothing is charged here.
  packing: { maxAgeSeconds: 5 },
  // To be tried: all nodes are on this machine.
  placement: { tags: true, regions: [{ name: "local", networks: ["127.0.0.0/16"] }] },
};

/** The gateway's settings for `serve`, not yet checked: file, then environment. Throws ConfigError. */
export function gatewaySettings(file: string | undefined, environment: Environment = process.env): Settings {
  return fileSettings(file, environment).overlay(environment, { ...GATEWAY_VARIABLES, ...CHAIN_VARIABLES });
}

/** The gateway's configuration for `serve`. Throws ConfigError. */
export function loadConfig(file: string | undefined, environment: Environment = process.env): Config {
  return gatewaySettings(file, environment).check(configSchema);
}

/**
 * The dev network's gateway: `given` holds what the network in a box knows (chain, accounts); the environment the rest.
 */
export function loadDevGatewayConfig(
  given: Pick<ConfigInput, "chain" | "accounts" | "allowPrivateNodes" | "reportTimeoutBlocks">,
  environment: Environment = process.env,
): Config {
  const { reportTimeoutBlocks, ...network } = given;
  return Settings.of({ ...DEV_DEFAULTS, reportTimeoutBlocks })
    .overlay(environment, GATEWAY_VARIABLES)
    .with(network)
    .check(configSchema);
}

/** The setting `workers` of the dev network's gateway. Throws ConfigError. */
export function loadDevWorkers(environment: Environment = process.env): number {
  return Settings.of(DEV_DEFAULTS).overlay(environment, GATEWAY_VARIABLES).check(devGatewaySchema).workers;
}

/** The network in a box. Checks the gateway's variables too, so that a mistake shows before anything is started. */
export function loadDevConfig(environment: Environment = process.env): DevConfig {
  Settings.of(DEV_DEFAULTS).overlay(environment, GATEWAY_VARIABLES).check(devGatewaySchema);
  return loadNetworkConfig(environment);
}

/** The network in a box without a gateway; `given` outranks the environment. Throws ConfigError. */
export function loadNetworkConfig(
  environment: Environment = process.env,
  given: { readonly port?: string | undefined; readonly dataDir?: string | undefined } = {},
): DevConfig {
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return Settings.of({}).overlay(environment, DEV_VARIABLES).with(options).check(devConfigSchema);
}

/** Of the gateway's configuration what says where its keys are; the rest need not be there yet. */
export function loadKeyConfig(file: string | undefined, environment: Environment = process.env): KeyConfig {
  return fileSettings(file, environment).overlay(environment, GATEWAY_VARIABLES).check(keyConfigSchema);
}

/** Of the gateway's configuration what says where its keys are, and its accounts; the rest need not be there. */
export function loadIdentityConfig(file: string | undefined, environment: Environment = process.env): IdentityConfig {
  return fileSettings(file, environment).overlay(environment, GATEWAY_VARIABLES).check(identityConfigSchema);
}

/** Of the gateway's configuration what says where its admin listener is; the rest need not be there. */
export function loadAdminConfig(file: string | undefined, environment: Environment = process.env): AdminConfig {
  return fileSettings(file, environment).overlay(environment, GATEWAY_VARIABLES).check(adminConfigSchema);
}

/** Of the gateway's configuration what says which chain there is, and which account signs; the rest need not be there. */
export function loadChainConfig(file: string | undefined, environment: Environment = process.env): ChainConfig {
  return fileSettings(file, environment).overlay(environment, CHAIN_VARIABLES).check(chainConfigSchema).chain;
}

/** The file with the admin listener's token that the environment names; undefined where it names none. */
export function environmentTokenFile(environment: Environment = process.env): string | undefined {
  return environment[ADMIN_TOKEN_FILE_VARIABLE] || undefined;
}

/** The settings of `cess-s3 node`, not yet checked: file, then environment. Throws ConfigError. */
export function nodeSettings(file: string | undefined, environment: Environment = process.env): Settings {
  return fileSettings(file, {}).overlay(environment, { ...NODE_VARIABLES, ...CHAIN_VARIABLES });
}

function fileSettings(path: string | undefined, environment: Environment): Settings {
  const named = path ?? environment[CONFIG_VARIABLE];
  // An empty variable counts as none, as everywhere.
  return Settings.ofFile(named === undefined || named === "" ? undefined : readConfigFile(named));
}
