import { z } from "zod";
import { bytes, listenAddress } from "./quantity.js";

const wholeNumber = z.coerce.number().int();

const isLoopback = (host: string) => host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host);

/** A further access key of an account, which may do less than the account. */
const limitedKeySchema = z.strictObject({
  accessKeyId: z.string().min(3).max(128),
  secretAccessKey: z.string().min(8).max(128).optional(),
  /** A file that holds the secret on its first line. */
  secretAccessKeyFile: z.string().optional(),
  /** The secret as `cess-s3 seal` prints it: the gateway's master key opens it. */
  secretAccessKeySealed: z.string().optional(),
  /** Names of buckets, with `*` and `?`; all by default. */
  buckets: z.array(z.string().min(1)).min(1).optional(),
  /** Beginnings of keys; all by default. */
  prefixes: z.array(z.string().min(1)).min(1).optional(),
  permission: z.enum(["read", "write", "read-write"]).default("read-write"),
  /** The moment it ends, in ISO 8601 with a time zone; never by default. */
  expires: z.iso.datetime({ offset: true }).optional(),
});

const accountSchema = z.strictObject({
  /** Shown as the owner's display name. */
  name: z.string().min(1).max(64),
  /** SS58 address of the CESS account whose territory is charged; it must have authorized the gateway's account. */
  cessAccount: z.string().min(40),
  /** The territory's name on chain. */
  territory: z.string().min(1).max(63),
  accessKeyId: z.string().min(3).max(128),
  secretAccessKey: z.string().min(8).max(128).optional(),
  /** A file that holds the secret on its first line. */
  secretAccessKeyFile: z.string().optional(),
  /** The secret as `cess-s3 seal` prints it: the gateway's master key opens it. */
  secretAccessKeySealed: z.string().optional(),
  /** May read any file on the network by its FID, through the network bucket. */
  readsNetwork: z.boolean().default(false),
  keys: z.array(limitedKeySchema).optional(),
});

const peersSchema = z.strictObject({
  /** Where other gateways and CESS tools fetch files from this one by FID; there is no such listener when absent. */
  listen: listenAddress.optional(),
  /** Which FIDs that listener lets out: every one this gateway knows, or none. */
  share: z.enum(["all", "none"]).default("all"),
  /** URLs of gateways asked for what is not cached here, before the storage nodes; they may lie in private networks. */
  endpoints: z
    .array(z.url({ protocol: /^https?$/, error: "must be URLs that begin with http:// or https://" }))
    .max(256)
    .default([]),
  /** Asks the gateways in the chain's register as well: strangers, who learn what is read here. */
  fromChain: z.stringbool().or(z.boolean()).default(false),
});

const vaultSchema = z.strictObject({
  /** Data keys and the token travel to it: in clear only within this machine. */
  address: z
    .url({ protocol: /^https?$/, error: "must be a URL that begins with https://" })
    .refine(
      (url) => url.startsWith("https:") || isLoopback(new URL(url).hostname),
      "must begin with https://, or lie on this machine: data keys travel to it",
    ),
  /** A file with the token on its first line, read again for every request: Vault's agent may renew it. */
  tokenFile: z.string().min(1),
  /** Path of the transit engine. */
  mount: z
    .string()
    .regex(/^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/, "a path without slashes at its ends")
    .default("transit"),
  namespace: z.string().min(1).optional(),
  /** Certificates in PEM that the server's must come from; by default those that Node.js knows. */
  caFile: z.string().min(1).optional(),
});

const encryptionSchema = z.strictObject({
  /** What objects get whose request and bucket say nothing. Nobody but the operator can choose. */
  default: z.enum(["none", "AES256"], {
    error:
      "must be chosen: AES256 or none. Data on CESS is readable by anyone who knows a file's FID: AES256 encrypts every object " +
      "before it leaves this gateway, none stores it as it comes. Set encryption.default, or CESS_S3_ENCRYPTION",
  }),
  /**
   * JSON: master keys, named KMS keys, ciphers; `keys.json` in the data folder by default, written at the first start.
   */
  keyFile: z.string().min(1).optional(),
  /** The master key, 32 bytes in base64 or hex, if it is not to come from the key file; or the file that holds it. */
  masterKey: z.string().optional(),
  masterKeyFile: z.string().optional(),
  /** Where KMS keys are that the key file does not have: the transit engine of Vault, or of OpenBao. */
  vault: vaultSchema.optional(),
});

const webhookSchema = z.strictObject({
  /** What buckets name it by: arn:cess:sqs::NAME:webhook. */
  name: z.string().regex(/^[a-z0-9-]{1,64}$/, "lower-case letters, digits and hyphens"),
  url: z.url({ protocol: /^https?$/, error: "must be a URL that begins with http:// or https://" }),
  /** A file that holds a token on its first line, sent as `Authorization: Bearer`. */
  tokenFile: z.string().optional(),
});

/** As `NAME=URL` in the environment. */
const webhooksSchema = z
  .array(
    z.preprocess((value) => {
      const [, name, url] = (typeof value === "string" ? /^([^=]*)=(.*)$/ : /$^/).exec(String(value)) ?? [];
      return name === undefined ? value : { name, url };
    }, webhookSchema),
  )
  .max(100)
  .default([])
  .refine(
    (webhooks) => new Set(webhooks.map(({ name }) => name)).size === webhooks.length,
    "two webhooks have one name",
  );

const chainSchema = z.strictObject({
  /** WebSocket URLs of chain nodes; when one fails the next is used. */
  endpoints: z.array(z.string().regex(/^wss?:\/\//, "must begin with ws:// or wss://")).min(1),
  /** The gateway's signing account: exactly one of mnemonic, mnemonicFile and keystoreFile. */
  mnemonic: z.string().optional(),
  mnemonicFile: z.string().optional(),
  /** A polkadot.js account export (JSON), with its password in a file of its own. */
  keystoreFile: z.string().optional(),
  keystorePasswordFile: z.string().optional(),
  /** Milliseconds from block to block: how long waiting for the chain is counted. */
  blockMs: wholeNumber.min(20).default(6_000),
});

/**
 * Everything an operator can set. Every field has a default except what only the operator can know: the chain, the
 * signing account and the S3 accounts.
 */
export const configSchema = z.strictObject({
  /** Where S3 clients connect. */
  listen: listenAddress.prefault("127.0.0.1:9000"),
  /** Domain for virtual-host style: `BUCKET.domain`. Path style always works. */
  domain: z
    .string()
    .regex(/^[a-z0-9.-]+$/, "a domain name in lower case")
    .optional(),
  /**
   * Hosts under it, as BUCKET.websiteDomain, show buckets to browsers. No bucket of virtual-host style may be meant by
   * one.
   */
  websiteDomain: z
    .string()
    .regex(/^[a-z0-9.-]+$/, "a domain name in lower case")
    .optional(),
  region: z.string().default("us-east-1"),
  /** Health, metrics and the cache switch; keep it away from the public. */
  adminListen: listenAddress.prefault("127.0.0.1:9001"),
  /**
   * Catalog, staged bytes and cache. Staged bytes are the only copy until the chain says stored: use a reliable disk.
   */
  dataDir: z.string().default("./data"),
  chain: chainSchema,
  accounts: z.array(accountSchema).min(1),
  /** What a new bucket has where its creator says nothing else. The defaults are AWS's: no ACLs, nothing public. */
  newBuckets: z
    .strictObject({
      objectOwnership: z
        .enum(["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"])
        .default("BucketOwnerEnforced"),
      blockPublicAccess: z.stringbool().or(z.boolean()).default(true),
    })
    .prefault({}),
  /** Server-side encryption: docs/encryption.md. */
  encryption: encryptionSchema.prefault({} as never),
  /** Believe X-Forwarded-For and X-Forwarded-Proto: only behind a proxy that sets them. */
  trustProxy: z.stringbool().or(z.boolean()).default(false),
  cache: z.strictObject({ memory: bytes.prefault("256MiB"), disk: bytes.prefault("10GiB") }).prefault({}),
  /** Storage nodes whose endpoints lie in private or loopback networks are refused unless this is true. */
  allowPrivateNodes: z.stringbool().or(z.boolean()).default(false),
  peers: peersSchema.prefault({}),
  /** The bucket whose keys are FIDs: any file on the network, read only. Empty: there is none. */
  networkBucket: z
    .string()
    .regex(/^(?:[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$/, "must be a bucket's name, or empty")
    .default("cess"),
  /** Threads that hash and code; 0 means one for each core. */
  encodingThreads: wholeNumber.min(0).max(256).default(0),
  /** Blocks after which a storage node that took its fragments and did not report is replaced. */
  reportTimeoutBlocks: wholeNumber.min(1).default(100),
  /** When storage nodes are passed over. */
  nodes: z
    .strictObject({
      /** Transfers in a row that a node did not answer after which it gets no fragments for a while. */
      failures: wholeNumber.min(1).max(1000).default(3),
      /** The same for fragment batches in a row that it took and did not report. */
      missedReports: wholeNumber.min(1).max(1000).default(2),
      /** That while at first; it doubles with each failure after it … */
      cooldownSeconds: wholeNumber.min(1).default(10),
      /** … up to this. */
      maxCooldownSeconds: wholeNumber.min(1).default(600),
    })
    .prefault({}),
  /** Which storage nodes get fragments; see docs/placement.md. */
  placement: z
    .strictObject({
      /** Accounts of storage nodes that get fragments first. */
      prefer: z.array(z.string()).min(1).optional(),
      /** No others get any. */
      require: z.array(z.string()).min(1).optional(),
      avoid: z.array(z.string()).min(1).optional(),
      /** Most fragments of a file in one /16 network, and with one operator. */
      perNetwork: wholeNumber.min(1).max(12).optional(),
      perOperator: wholeNumber.min(1).max(12).optional(),
      /** Path of an ES module that exports the operator's own `policy`. */
      module: z.string().min(1).optional(),
    })
    .refine(
      (rules) => rules.module === undefined || Object.keys(rules).length === 1,
      "a module decides alone: no other rules beside it",
    )
    .prefault({}),
  /** Bytes a second that fragments are sent with, all nodes together; 0 is as fast as it goes. */
  uploadBandwidth: bytes
    .prefault(0)
    .refine((rate) => rate === 0 || rate >= 2 ** 20, "at least 1MiB, or nodes would take us for gone"),
  notifications: z
    .strictObject({
      /** Where buckets may send their events. */
      webhooks: webhooksSchema,
      /** Days after which an event that nobody took is dropped. */
      maxAgeDays: wholeNumber.min(1).max(30).default(3),
    })
    .prefault({}),
  /**
   * Access logs of buckets that want them: how long, and up to how many bytes, lines wait for others to be one object
   * with.
   */
  accessLogs: z
    .strictObject({
      minutes: z.coerce.number().min(0.01).max(1440).default(60),
      bytes: bytes.prefault("32MiB").refine((size) => size >= 1024 && size <= 1024 ** 3, "between 1KiB and 1GiB"),
    })
    .prefault({}),
  etag: z
    .strictObject({
      /**
       * What the ETag of a completed multipart upload is: the FID, the FID with `-PARTS` for tools that read any other
       * as an MD5, or S3's own MD5 of MD5s. Objects keep the one they got.
       */
      multipart: z.enum(["fid", "fid-parts", "md5-parts"]).default("fid"),
    })
    .prefault({}),
  /** Milliseconds of a day in lifecycle rules; shorter ones are for tests. */
  lifecycleDayMs: wholeNumber.min(1000).max(86_400_000).default(86_400_000),
  logLevel: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
});

/** Where the keys are: all that sealing a secret needs to know. */
export const keyConfigSchema = z.object({
  dataDir: configSchema.shape.dataDir,
  encryption: encryptionSchema.extend({ default: encryptionSchema.shape.default.optional() }).prefault({}),
});

export type KeyConfig = Readonly<z.output<typeof keyConfigSchema>>;
export type Config = Readonly<z.output<typeof configSchema>>;
export type ConfigInput = z.input<typeof configSchema>;
export type AccountConfig = Config["accounts"][number];
export type LimitedKeyConfig = z.output<typeof limitedKeySchema>;

/** Settings of the network in a box. */
export const devConfigSchema = z.strictObject({
  /** The gateway's data folder; the network's own lies in it. */
  dataDir: configSchema.shape.dataDir,
  /** Storage nodes; at least 12 or no file can be stored. */
  nodes: wholeNumber.min(12).max(64).default(14),
  /** Milliseconds from block to block. */
  blockMs: wholeNumber.min(20).max(60_000).default(1000),
  /** Which runtime's shapes the dev chain has. */
  spec: wholeNumber
    .refine((spec) => spec === 100 || spec === 133, "must be 100 or 133")
    .transform((spec) => (spec === 100 ? (100 as const) : (133 as const)))
    .default(133),
});

export type DevConfig = Readonly<z.output<typeof devConfigSchema>>;

/** Configuration of `cess-s3 node`. */
export const nodeConfigSchema = z.strictObject({
  listen: listenAddress.prefault("127.0.0.1:15001"),
  dataDir: z.string().default("./node-data"),
  /** The URL written on chain, under which gateways reach this node; the listen address when absent. */
  endpoint: z.url().optional(),
  /** TiB declared when the node registers itself, where the chain lets it. */
  declaredTib: wholeNumber.min(1).default(1),
  chain: chainSchema,
  logLevel: configSchema.shape.logLevel,
});

export type NodeConfig = Readonly<z.output<typeof nodeConfigSchema>>;
