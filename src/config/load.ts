import { readFileSync } from "node:fs";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import {
  configSchema,
  devConfigSchema,
  keyConfigSchema,
  nodeConfigSchema,
  type Config,
  type ConfigInput,
  type DevConfig,
  type KeyConfig,
  type NodeConfig,
} from "./config.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What is wrong with the configuration, in the operator's words. */
export class ConfigError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ConfigError";
  }
}

/** Environment variable → place in the configuration. The environment outranks the file. */
const GATEWAY_VARIABLES: Readonly<Record<string, readonly string[]>> = {
  CESS_S3_LISTEN: ["listen"],
  CESS_S3_DOMAIN: ["domain"],
  CESS_S3_WEBSITE_DOMAIN: ["websiteDomain"],
  CESS_S3_REGION: ["region"],
  CESS_S3_ADMIN_LISTEN: ["adminListen"],
  CESS_S3_OBJECT_OWNERSHIP: ["newBuckets", "objectOwnership"],
  CESS_S3_BLOCK_PUBLIC_ACCESS: ["newBuckets", "blockPublicAccess"],
  CESS_S3_ENCRYPTION: ["encryption", "default"],
  CESS_S3_KEY_FILE: ["encryption", "keyFile"],
  CESS_S3_MASTER_KEY: ["encryption", "masterKey"],
  CESS_S3_MASTER_KEY_FILE: ["encryption", "masterKeyFile"],
  CESS_S3_VAULT_ADDRESS: ["encryption", "vault", "address"],
  CESS_S3_VAULT_TOKEN_FILE: ["encryption", "vault", "tokenFile"],
  CESS_S3_VAULT_MOUNT: ["encryption", "vault", "mount"],
  CESS_S3_VAULT_NAMESPACE: ["encryption", "vault", "namespace"],
  CESS_S3_VAULT_CA_FILE: ["encryption", "vault", "caFile"],
  CESS_S3_TRUST_PROXY: ["trustProxy"],
  CESS_S3_DATA_DIR: ["dataDir"],
  CESS_S3_CACHE_MEMORY: ["cache", "memory"],
  CESS_S3_CACHE_DISK: ["cache", "disk"],
  CESS_S3_ALLOW_PRIVATE_NODES: ["allowPrivateNodes"],
  CESS_S3_ENCODING_THREADS: ["encodingThreads"],
  CESS_S3_REPORT_TIMEOUT_BLOCKS: ["reportTimeoutBlocks"],
  CESS_S3_PLACEMENT_MODULE: ["placement", "module"],
  CESS_S3_UPLOAD_BANDWIDTH: ["uploadBandwidth"],
  CESS_S3_NODE_FAILURES: ["nodes", "failures"],
  CESS_S3_NODE_COOLDOWN_SECONDS: ["nodes", "cooldownSeconds"],
  CESS_S3_PEER_LISTEN: ["peers", "listen"],
  CESS_S3_PEER_SHARE: ["peers", "share"],
  CESS_S3_PEER_ENDPOINTS: ["peers", "endpoints"],
  CESS_S3_PEERS_FROM_CHAIN: ["peers", "fromChain"],
  CESS_S3_NETWORK_BUCKET: ["networkBucket"],
  CESS_S3_WEBHOOKS: ["notifications", "webhooks"],
  CESS_S3_ACCESS_LOG_MINUTES: ["accessLogs", "minutes"],
  CESS_S3_ETAG_MULTIPART: ["etag", "multipart"],
  CESS_S3_LIFECYCLE_DAY_MS: ["lifecycleDayMs"],
  CESS_S3_LOG_LEVEL: ["logLevel"],
};

/** These hold several values, parted by commas or spaces. */
const LISTS: ReadonlySet<string> = new Set(["CESS_S3_CHAIN_ENDPOINTS", "CESS_S3_WEBHOOKS", "CESS_S3_PEER_ENDPOINTS"]);

const CHAIN_VARIABLES: Readonly<Record<string, readonly string[]>> = {
  CESS_S3_CHAIN_ENDPOINTS: ["chain", "endpoints"],
  CESS_S3_MNEMONIC: ["chain", "mnemonic"],
  CESS_S3_MNEMONIC_FILE: ["chain", "mnemonicFile"],
  CESS_S3_KEYSTORE_FILE: ["chain", "keystoreFile"],
  CESS_S3_KEYSTORE_PASSWORD_FILE: ["chain", "keystorePasswordFile"],
};

const DEV_DEFAULTS = {
  logLevel: "warn",
  // Tools and suites find what buckets had before ACLs were disabled by default: nothing is public unless asked for.
  newBuckets: { objectOwnership: "ObjectWriter", blockPublicAccess: false },
  // What is stored here never leaves this machine.
  encryption: { default: "none" },
  // Of 14 nodes 12 are needed: without those that cool nothing can be stored, and on a busy machine nodes are late.
  nodes: { cooldownSeconds: 2, maxCooldownSeconds: 20 },
};

const DEV_VARIABLES: Readonly<Record<string, readonly string[]>> = {
  CESS_S3_DATA_DIR: ["dataDir"],
  CESS_S3_DEV_NODES: ["nodes"],
  CESS_S3_DEV_BLOCK_MS: ["blockMs"],
  CESS_S3_DEV_SPEC: ["spec"],
};

const NODE_VARIABLES: Readonly<Record<string, readonly string[]>> = {
  CESS_S3_NODE_LISTEN: ["listen"],
  CESS_S3_NODE_DATA_DIR: ["dataDir"],
  CESS_S3_NODE_ENDPOINT: ["endpoint"],
  CESS_S3_NODE_DECLARED_TIB: ["declaredTib"],
  CESS_S3_LOG_LEVEL: ["logLevel"],
};

/** The gateway's configuration for `serve`: file, then environment. Throws ConfigError. */
export function loadConfig(file: string | undefined, environment: Environment = process.env): Config {
  const path = file ?? environment["CESS_S3_CONFIG"];
  const values = path === undefined ? {} : readYaml(path);
  return checked(configSchema, overlay(values, environment, { ...GATEWAY_VARIABLES, ...CHAIN_VARIABLES }));
}

/**
 * The dev network's gateway: `given` holds what the network in a box knows (chain, accounts); the environment the rest.
 */
export function loadDevGatewayConfig(
  given: Pick<ConfigInput, "chain" | "accounts" | "allowPrivateNodes" | "reportTimeoutBlocks">,
  environment: Environment = process.env,
): Config {
  const { reportTimeoutBlocks, ...network } = given;
  return checked(configSchema, {
    ...overlay({ ...DEV_DEFAULTS, reportTimeoutBlocks }, environment, GATEWAY_VARIABLES),
    ...network,
  });
}

/** The network in a box. Checks the gateway's variables too, so that a mistake shows before anything is started. */
export function loadDevConfig(environment: Environment = process.env): DevConfig {
  checked(configSchema.omit({ chain: true, accounts: true }), overlay(DEV_DEFAULTS, environment, GATEWAY_VARIABLES));
  return checked(devConfigSchema, overlay({}, environment, DEV_VARIABLES));
}

/** Of the gateway's configuration what says where its keys are; the rest need not be there yet. */
export function loadKeyConfig(file: string | undefined, environment: Environment = process.env): KeyConfig {
  const path = file ?? environment["CESS_S3_CONFIG"];
  return checked(keyConfigSchema, overlay(path === undefined ? {} : readYaml(path), environment, GATEWAY_VARIABLES));
}

export function loadNodeConfig(file: string | undefined, environment: Environment = process.env): NodeConfig {
  const values = file === undefined ? {} : readYaml(file);
  return checked(nodeConfigSchema, overlay(values, environment, { ...NODE_VARIABLES, ...CHAIN_VARIABLES }));
}

/** The text of a secret's file, without the line end. */
export function readSecret(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw new ConfigError(`cannot read the secret in ${path}: ${(cause as Error).message}`, { cause });
  }
}

type Tree = Record<string, unknown>;

function readYaml(path: string): Tree {
  try {
    return (parseYaml(readFileSync(path, "utf8")) ?? {}) as Tree;
  } catch (cause) {
    throw new ConfigError(`cannot read the configuration file ${path}: ${(cause as Error).message}`, { cause });
  }
}

function overlay(values: Tree, environment: Environment, variables: Readonly<Record<string, readonly string[]>>): Tree {
  const result = structuredClone(values);
  for (const [variable, path] of Object.entries(variables)) {
    const value = environment[variable];
    if (value !== undefined && value !== "") place(result, path, LISTS.has(variable) ? value.split(/[\s,]+/) : value);
  }
  return result;
}

function place(tree: Tree, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path;
  if (name === undefined) return;
  if (rest.length === 0) tree[name] = value;
  else place((tree[name] ??= {}) as Tree, rest, value);
}

function checked<T extends z.ZodType>(schema: T, values: unknown): z.output<T> {
  const result = schema.safeParse(values);
  if (!result.success) throw new ConfigError(`the configuration is not right:\n${z.prettifyError(result.error)}`);
  Object.freeze(result.data);
  return result.data;
}
