import { nearest } from "./nearest.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Environment variable → place in the configuration. The environment outranks the file. */
export type Variables = Readonly<Record<string, readonly string[]>>;

/** Names the file with the admin listener's token: for the gateway, and for commands that ask one. */
export const ADMIN_TOKEN_FILE_VARIABLE = "CESS_S3_ADMIN_TOKEN_FILE";

export const GATEWAY_VARIABLES: Variables = {
  CESS_S3_LISTEN: ["listen"],
  CESS_S3_DOMAIN: ["domain"],
  CESS_S3_WEBSITE_DOMAIN: ["websiteDomain"],
  CESS_S3_REGION: ["region"],
  CESS_S3_ACCEPT_ANY_REGION: ["acceptAnyRegion"],
  CESS_S3_TLS_CERT_FILE: ["tls", "certFile"],
  CESS_S3_TLS_KEY_FILE: ["tls", "keyFile"],
  CESS_S3_TLS_LISTENERS: ["tls", "listeners"],
  CESS_S3_WORKERS: ["workers"],
  CESS_S3_MAX_CONNECTIONS: ["limits", "maxConnections"],
  CESS_S3_MAX_REQUESTS: ["limits", "maxRequests"],
  CESS_S3_MAX_ANONYMOUS_REQUESTS: ["limits", "maxAnonymousRequests"],
  CESS_S3_HEADER_SECONDS: ["limits", "headerSeconds"],
  CESS_S3_DOCUMENT_SECONDS: ["limits", "documentSeconds"],
  CESS_S3_BODY_IDLE_SECONDS: ["limits", "bodyIdleSeconds"],
  CESS_S3_SHUTDOWN_DELAY_SECONDS: ["shutdown", "delaySeconds"],
  CESS_S3_SHUTDOWN_DRAIN_SECONDS: ["shutdown", "drainSeconds"],
  CESS_S3_KEY_REQUESTS_PER_SECOND: ["limits", "perKey", "requestsPerSecond"],
  CESS_S3_KEY_BURST: ["limits", "perKey", "burst"],
  CESS_S3_ADDRESS_REQUESTS_PER_SECOND: ["limits", "perAddress", "requestsPerSecond"],
  CESS_S3_ADDRESS_BURST: ["limits", "perAddress", "burst"],
  CESS_S3_ADMIN_LISTEN: ["adminListen"],
  CESS_S3_ADMIN_NAMES: ["adminNames"],
  [ADMIN_TOKEN_FILE_VARIABLE]: ["admin", "tokenFile"],
  CESS_S3_PUBLIC_METRICS: ["admin", "publicMetrics"],
  CESS_S3_CONSOLE_LISTEN: ["console", "listen"],
  CESS_S3_CONSOLE_ENDPOINT: ["console", "endpoint"],
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
  CESS_S3_SIGN_UP: ["signUp", "enabled"],
  CESS_S3_SIGN_UP_GATEWAY: ["signUp", "gateway"],
  CESS_S3_DATA_DIR: ["dataDir"],
  CESS_S3_GATEWAY_ID: ["gateway", "id"],
  CESS_S3_GATEWAY_CLOCK_SECONDS: ["gateway", "clockSeconds"],
  CESS_S3_STATE_URL: ["state", "url"],
  CESS_S3_STATE_PASSWORD_FILE: ["state", "passwordFile"],
  CESS_S3_RESERVE_BYTES: ["reserveBytes"],
  CESS_S3_CATALOG_URL: ["catalog", "url"],
  CESS_S3_CATALOG_PASSWORD_FILE: ["catalog", "passwordFile"],
  CESS_S3_CATALOG_CA_FILE: ["catalog", "caFile"],
  CESS_S3_CATALOG_CONNECTIONS: ["catalog", "connections"],
  CESS_S3_STAGING_URL: ["staging", "url"],
  CESS_S3_STAGING_CREDENTIALS_FILE: ["staging", "credentialsFile"],
  CESS_S3_STAGING_MEMORY: ["staging", "memory"],
  CESS_S3_STAGING_RECENT: ["staging", "recent"],
  CESS_S3_STAGING_SPOOL: ["staging", "spool"],
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
  CESS_S3_PUBLIC_LISTEN: ["public", "listen"],
  CESS_S3_PUBLIC_ENDPOINT: ["public", "endpoint"],
  CESS_S3_PUBLIC_REGISTER: ["public", "register"],
  CESS_S3_PUBLIC_POLICY: ["public", "policy"],
  CESS_S3_PUBLIC_ACCOUNTS: ["public", "accounts"],
  CESS_S3_PUBLIC_WEB: ["public", "web"],
  CESS_S3_PUBLIC_BYTES_PER_DAY: ["public", "bytesPerDay"],
  CESS_S3_SDK_ENABLED: ["sdk", "enabled"],
  CESS_S3_NETWORK_BUCKET: ["networkBucket"],
  CESS_S3_WEBHOOKS: ["notifications", "webhooks"],
  CESS_S3_ACCESS_LOG_MINUTES: ["accessLogs", "minutes"],
  CESS_S3_LEASE_WEBHOOK: ["leases", "webhook"],
  CESS_S3_LEASE_OUTLIVE: ["leases", "outlive"],
  CESS_S3_JOB_LEASE_SECONDS: ["jobs", "leaseSeconds"],
  CESS_S3_JOURNAL: ["journal", "enabled"],
  CESS_S3_JOURNAL_ACCOUNT: ["journal", "account"],
  CESS_S3_JOURNAL_MAX_AGE: ["journal", "maxAgeSeconds"],
  CESS_S3_JOURNAL_FENCE: ["journal", "fenceSeconds"],
  CESS_S3_ETAG_MULTIPART: ["etag", "multipart"],
  CESS_S3_PACK_MAX_OBJECT: ["packing", "maxObjectBytes"],
  CESS_S3_PACK_SEGMENTS: ["packing", "segments"],
  CESS_S3_PACK_MAX_AGE: ["packing", "maxAgeSeconds"],
  CESS_S3_PACK_MERGE_BUDGET: ["packing", "mergeBudget"],
  CESS_S3_QUARANTINE_DAYS: ["quarantine", "days"],
  CESS_S3_QUARANTINE_MIN_FREE: ["quarantine", "minFreeBytes"],
  CESS_S3_SCRUB_DAYS: ["scrub", "days"],
  CESS_S3_SCRUB_BYTES_PER_DAY: ["scrub", "bytesPerDay"],
  CESS_S3_SCRUB_RESTORAL_HOURS: ["scrub", "restoralHours"],
  CESS_S3_SCRUB_REPAIR_BELOW: ["scrub", "repairBelow"],
  CESS_S3_LIFECYCLE_DAY_MS: ["lifecycleDayMs"],
  CESS_S3_LOG_LEVEL: ["logLevel"],
  CESS_S3_LOG_FORMAT: ["logFormat"],
  CESS_S3_TRACING_ENDPOINT: ["tracing", "endpoint"],
  CESS_S3_TRACING_RATIO: ["tracing", "ratio"],
};

/** These hold several values, separated by commas or spaces. */
export const LISTS: ReadonlySet<string> = new Set([
  "CESS_S3_ADMIN_NAMES",
  "CESS_S3_TLS_LISTENERS",
  "CESS_S3_CHAIN_ENDPOINTS",
  "CESS_S3_WEBHOOKS",
  "CESS_S3_PEER_ENDPOINTS",
  "CESS_S3_PUBLIC_ACCOUNTS",
]);

export const CHAIN_VARIABLES: Variables = {
  CESS_S3_CHAIN_ENDPOINTS: ["chain", "endpoints"],
  CESS_S3_MNEMONIC: ["chain", "mnemonic"],
  CESS_S3_MNEMONIC_FILE: ["chain", "mnemonicFile"],
  CESS_S3_KEYSTORE_FILE: ["chain", "keystoreFile"],
  CESS_S3_KEYSTORE_PASSWORD_FILE: ["chain", "keystorePasswordFile"],
  CESS_S3_CHAIN_STALE_SECONDS: ["chain", "staleSeconds"],
};

export const DEV_VARIABLES: Variables = {
  CESS_S3_DATA_DIR: ["dataDir"],
  CESS_S3_DEV_NODES: ["nodes"],
  CESS_S3_DEV_BLOCK_MS: ["blockMs"],
  CESS_S3_DEV_SPEC: ["spec"],
  CESS_S3_DEV_PORT: ["port"],
};

export const NODE_VARIABLES: Variables = {
  CESS_S3_NODE_LISTEN: ["listen"],
  CESS_S3_NODE_DATA_DIR: ["dataDir"],
  CESS_S3_NODE_ENDPOINT: ["endpoint"],
  CESS_S3_NODE_DECLARED_TIB: ["declaredTib"],
  CESS_S3_LOG_LEVEL: ["logLevel"],
  CESS_S3_LOG_FORMAT: ["logFormat"],
};

const PREFIX = "CESS_S3_";
/** Names the configuration file. */
export const CONFIG_VARIABLE = "CESS_S3_CONFIG";

/** All that any command reads: each may be set for all commands alike. */
export const ALL_VARIABLES: readonly string[] = [
  CONFIG_VARIABLE,
  ...new Set([GATEWAY_VARIABLES, CHAIN_VARIABLES, DEV_VARIABLES, NODE_VARIABLES].flatMap((each) => Object.keys(each))),
];

/**
 * Kubernetes tells every container of each service by variables that begin with the service's name: for cess-s3 or
 * cess-s3-admin CESS_S3_SERVICE_HOST, CESS_S3_ADMIN_SERVICE_PORT_HTTP, CESS_S3_PORT (a URL: tcp://10.0.0.1:9000),
 * CESS_S3_PORT_9000_TCP, CESS_S3_PORT_9000_TCP_ADDR and so on.
 */
export function isServiceVariable(name: string, value: string): boolean {
  if (/_SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)$/.test(name)) return true;
  if (/_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/.test(name)) return true;
  return name.endsWith("_PORT") && /^(?:tcp|udp|sctp):\/\//.test(value);
}

/** What is wrong with variables that begin with CESS_S3_ and that nothing reads. Their values are never shown. */
export function unknownVariables(environment: Environment): string[] {
  return Object.entries(environment).flatMap(([name, value = ""]) => {
    if (!name.startsWith(PREFIX) || ALL_VARIABLES.includes(name) || isServiceVariable(name, value)) return [];
    const near = nearest(
      name.slice(PREFIX.length),
      ALL_VARIABLES.map((each) => each.slice(PREFIX.length)),
    );
    return [`${name}: there is no such variable${near === undefined ? "" : `; did you mean ${PREFIX}${near}?`}`];
  });
}
