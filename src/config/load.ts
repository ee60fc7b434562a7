import {
  adminConfigSchema,
  configSchema,
  devConfigSchema,
  identityConfigSchema,
  keyConfigSchema,
  nodeConfigSchema,
  type AdminConfig,
  type Config,
  type ConfigInput,
  type DevConfig,
  type IdentityConfig,
  type KeyConfig,
  type NodeConfig,
} from "./config.js";
import { readConfigFile } from "./config-file.js";
import { Settings, type Environment } from "./settings.js";
import { CHAIN_VARIABLES, DEV_VARIABLES, GATEWAY_VARIABLES, NODE_VARIABLES } from "./variables.js";

const DEV_DEFAULTS = {
  logLevel: "warn",
  // Tools and suites find what buckets had before ACLs were disabled by default: nothing is public unless asked for.
  newBuckets: { objectOwnership: "ObjectWriter", blockPublicAccess: false },
  // What is stored here never leaves this machine.
  encryption: { default: "none" },
  // Of 14 nodes 12 are needed: without those that cool nothing can be stored, and on a busy machine nodes are late.
  nodes: { cooldownSeconds: 2, maxCooldownSeconds: 20 },
  // Nobody waits ten minutes to see an object stored, and nothing is charged here.
  packing: { maxAgeSeconds: 5 },
};

/** The gateway's configuration for `serve`: file, then environment. Throws ConfigError. */
export function loadConfig(file: string | undefined, environment: Environment = process.env): Config {
  return fileSettings(file ?? environment["CESS_S3_CONFIG"])
    .overlay(environment, { ...GATEWAY_VARIABLES, ...CHAIN_VARIABLES })
    .check(configSchema);
}

/**
 * The dev network's gateway: `given` holds what the network in a box knows (chain, accounts); the environment the rest.
 */
export function loadDevGatewayConfig(
  given: Pick<ConfigInput, "chain" | "accounts" | "allowPrivateNodes" | "reportTimeoutBlocks">,
  environment: Environment = process.env,
): Config {
  const { reportTimeoutBlocks, ...network } = given;
  return new Settings({ ...DEV_DEFAULTS, reportTimeoutBlocks })
    .overlay(environment, GATEWAY_VARIABLES)
    .with(network)
    .check(configSchema);
}

/** The network in a box. Checks the gateway's variables too, so that a mistake shows before anything is started. */
export function loadDevConfig(environment: Environment = process.env): DevConfig {
  new Settings(DEV_DEFAULTS)
    .overlay(environment, GATEWAY_VARIABLES)
    .check(configSchema.omit({ chain: true, accounts: true }));
  return new Settings({}).overlay(environment, DEV_VARIABLES).check(devConfigSchema);
}

/** Of the gateway's configuration what says where its keys are; the rest need not be there yet. */
export function loadKeyConfig(file: string | undefined, environment: Environment = process.env): KeyConfig {
  return fileSettings(file ?? environment["CESS_S3_CONFIG"])
    .overlay(environment, GATEWAY_VARIABLES)
    .check(keyConfigSchema);
}

/** Of the gateway's configuration what says where its keys are, and its accounts; the rest need not be there. */
export function loadIdentityConfig(file: string | undefined, environment: Environment = process.env): IdentityConfig {
  return fileSettings(file ?? environment["CESS_S3_CONFIG"])
    .overlay(environment, GATEWAY_VARIABLES)
    .check(identityConfigSchema);
}

/** Of the gateway's configuration what says where its admin listener is; the rest need not be there. */
export function loadAdminConfig(file: string | undefined, environment: Environment = process.env): AdminConfig {
  return fileSettings(file ?? environment["CESS_S3_CONFIG"])
    .overlay(environment, GATEWAY_VARIABLES)
    .check(adminConfigSchema);
}

/** The configuration of `cess-s3 node`: file, then environment. Throws ConfigError. */
export function loadNodeConfig(file: string | undefined, environment: Environment = process.env): NodeConfig {
  return fileSettings(file)
    .overlay(environment, { ...NODE_VARIABLES, ...CHAIN_VARIABLES })
    .check(nodeConfigSchema);
}

function fileSettings(path: string | undefined): Settings {
  if (path === undefined) return new Settings({});
  const file = readConfigFile(path);
  return new Settings(file.values, file);
}
