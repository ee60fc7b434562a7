import { z } from "zod";
import { accountSchema } from "./account.js";
import { catalogSchema } from "./catalog.js";
import { identitySchema } from "./identity.js";
import { signUpSchema } from "./sign-up.js";
import { webhooksSchema } from "./webhooks.js";
import { conflicts } from "./conflicts.js";
import { consoleSchema } from "./console.js";
import { segmentCapacity } from "../model/file.js";
import { MAX_SEGMENTS_PER_FILE, PACK_HEADER_BYTES } from "../model/sizes.js";
import { adminSchema, tlsSchema } from "./listener-settings.js";
import { isLoopback } from "./loopback.js";
import { limitsSchema, shutdownSchema } from "./serving.js";
import { workersSchema } from "./workers.js";
import { gatewaySchema } from "./gateway.js";
import { jobsSchema } from "./jobs.js";
import { journalSchema } from "./journal.js";
import { leasesSchema } from "./leases.js";
import { mountsSchema } from "./mounts.js";
import { onePlace } from "./one-place.js";
import { placementSchema } from "./placement.js";
import { publicSchema, sdkSchema } from "./public.js";
import { stagingSchema } from "./staging.js";
import { stateSchema } from "./state.js";
import { bytes, decimalNumber, listenAddress, wholeNumber, yesNo } from "./quantity.js";

const hostName = z
  .string()
  .regex(
    /^[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9])?$/i,
    "must be a host name without scheme and port, such as gateway.internal",
  )
  .transform((name) => name.toLowerCase());

const peersSchema = z.strictObject({
  /** Where other gateways and CESS tools fetch files by FID; without it there is no such listener. */
  listen: listenAddress.optional(),
  /** Which files that listener gives: all that this gateway knows, or none. */
  share: z.enum(["all", "none"]).default("all"),
  /** URLs of other gateways, which are asked before the storage nodes; they may lie in private networks. */
  endpoints: z
    .array(z.url({ protocol: /^https?$/, error: "must be URLs that begin with http:// or https://" }))
    .max(256)
    .default([]),
  /** Also asks the gateways registered on the chain: strangers, who learn what is read here. */
  fromChain: yesNo.default(false),
});

const vaultSchema = z.strictObject({
  /** Data keys and the token are sent to it: without TLS only within this machine. */
  address: z
    .url({ protocol: /^https?$/, error: "must be a URL that begins with https://" })
    .refine(
      (url) => url.startsWith("https:") || isLoopback(new URL(url).hostname),
      "must begin with https://, or be on this machine: data keys are sent to it",
    ),
  /** A file that holds the token, read again for every request: Vault's agent may renew it. */
  tokenFile: z.string().min(1),
  /** Path of the transit engine. */
  mount: z
    .string()
    .regex(/^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/, "must be a path without slashes at its ends")
    .default("transit"),
  namespace: z.string().min(1).optional(),
  /** File with the CA certificates, in PEM, that the server's must be signed by; by default those of Node.js. */
  caFile: z.string().min(1).optional(),
});

const encryptionFields = {
  /** For objects whose request and bucket say nothing. It has no default: the operator must choose. */
  default: z.enum(["none", "AES256"], {
    error:
      "must be chosen: AES256 or none. Data on CESS is readable by anyone who knows a file's FID: AES256 encrypts every object " +
      "before it leaves this gateway, none stores it as it comes. Set encryption.default, or CESS_S3_ENCRYPTION",
  }),
  /**
   * JSON: master keys, named KMS keys, ciphers; `keys.json` in the data folder by default, written at the first start.
   */
  keyFile: z.string().min(1).optional(),
  /** The master key, 32 bytes in base64 or hex, in place of the key file's; or a file that holds it. */
  masterKey: z.string().optional(),
  masterKeyFile: z.string().optional(),
  /** The transit engine of Vault or OpenBao, for KMS keys that the key file does not have. */
  vault: vaultSchema.optional(),
};
const oneMasterKey = onePlace(["masterKey", "masterKeyFile"], "optional");
const encryptionSchema = z.strictObject(encryptionFields).superRefine(oneMasterKey);

const chainSchema = z
  .strictObject(
    {
      /** WebSocket URLs of chain nodes; when one fails the next is used. */
      endpoints: z.array(z.string().regex(/^wss?:\/\//, "must begin with ws:// or wss://")).min(1),
      /** The signing account: exactly one of mnemonic, mnemonicFile and keystoreFile. */
      mnemonic: z.string().min(1).optional(),
      mnemonicFile: z.string().min(1).optional(),
      /** A polkadot.js account export (JSON), with its password in a file of its own. */
      keystoreFile: z.string().min(1).optional(),
      keystorePasswordFile: z.string().min(1).optional(),
      /** The chain's block time, ms: waits for the chain are counted in blocks. */
      blockMs: wholeNumber({ min: 20 }).default(6_000),
      /** Seconds that uploads go on by what was last read of the chain while no endpoint answers. */
      staleSeconds: wholeNumber({ min: 0, max: 86_400 }).default(600),
    },
    {
      error: ({ input }) =>
        input === undefined
          ? "is missing: it says which CESS chain to use and which account signs, as endpoints: [wss://…] and mnemonicFile: /run/secrets/mnemonic"
          : undefined,
    },
  )
  .superRefine(onePlace(["mnemonic", "mnemonicFile", "keystoreFile"], "required"))
  .refine(
    ({ keystoreFile, keystorePasswordFile }) => keystoreFile === undefined || keystorePasswordFile !== undefined,
    { path: ["keystorePasswordFile"], error: "is missing: keystoreFile needs it" },
  );

/** All settings of a gateway, each by itself. */
export const settingsSchema = z.strictObject({
  /** Where S3 clients connect. */
  listen: listenAddress.prefault("127.0.0.1:9000"),
  /** Domain for virtual-host style: `BUCKET.domain`. Path style always works. */
  domain: z
    .string()
    .regex(/^[a-z0-9.-]+$/, "must be a domain name in lower case, such as s3.example.com")
    .optional(),
  /** Browsers see a bucket's website as `BUCKET.websiteDomain`. Must differ from `domain`. */
  websiteDomain: z
    .string()
    .regex(/^[a-z0-9.-]+$/, "must be a domain name in lower case, such as s3.example.com")
    .optional(),
  region: z.string().default("us-east-1"),
  /** Also serves requests that were signed for another region than `region`. */
  acceptAnyRegion: yesNo.default(false),
  tls: tlsSchema.prefault({}),
  workers: workersSchema,
  limits: limitsSchema.prefault({}),
  shutdown: shutdownSchema.prefault({}),
  /** Health, metrics and what operators do; needs `admin.tokenFile` unless it is on a loopback address. */
  adminListen: listenAddress.prefault("127.0.0.1:9001"),
  admin: adminSchema.prefault({}),
  /**
   * Host names under which the admin endpoint is reached. It also answers to IP addresses, `localhost` and the host of
   * `adminListen`, and to no other name: a web site could make its own name resolve to this machine.
   */
  adminNames: z.array(hostName).max(100).default([]),
  console: consoleSchema.prefault({}),
  /**
   * Catalog, staged bytes, cache and keys. Staged bytes are the only copy until an object is `stored`: use a reliable
   * disk.
   */
  dataDir: z.string().min(1).default("./data"),
  /**
   * Bytes of `dataDir`'s disk that bodies leave free, for the catalog and for what frees space. By default 256 MiB or 2 % of
   * the disk, whichever is more, at most 8 GiB and at most a tenth of the disk.
   */
  reserveBytes: bytes.optional(),
  catalog: catalogSchema.prefault({}),
  gateway: gatewaySchema.prefault({}),
  staging: stagingSchema,
  state: stateSchema.prefault({}),
  chain: chainSchema,
  accounts: z.array(accountSchema, {
    error: ({ input }) =>
      input === undefined
        ? "is missing: it lists who may use this gateway, and who pays; `cess-s3 init` writes a file with an example"
        : undefined,
  }),
  identity: identitySchema.prefault({}),
  signUp: signUpSchema.prefault({}),
  /** Settings of a new bucket unless its creator says otherwise. The defaults are AWS's: no ACLs, nothing public. */
  newBuckets: z
    .strictObject({
      objectOwnership: z
        .enum(["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"])
        .default("BucketOwnerEnforced"),
      blockPublicAccess: yesNo.default(true),
    })
    .prefault({}),
  /** Server-side encryption: docs/encryption.md. */
  encryption: encryptionSchema.prefault({} as never),
  /** Believe X-Forwarded-For and X-Forwarded-Proto: only behind a proxy that sets them. */
  trustProxy: yesNo.default(false),
  cache: z.strictObject({ memory: bytes.prefault("256MiB"), disk: bytes.prefault("10GiB") }).prefault({}),
  /** Storage nodes whose endpoints lie in private or loopback networks are refused unless this is true. */
  allowPrivateNodes: yesNo.default(false),
  peers: peersSchema.prefault({}),
  public: publicSchema.prefault({}),
  sdk: sdkSchema.prefault({}),
  /** Name of the read-only bucket whose keys are the FIDs of all files on the network; empty: there is none. */
  networkBucket: z
    .string()
    .regex(/^(?:[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$/, "must be a bucket's name, or empty")
    .default("cess"),
  /** Threads that hash and code; 0 means one for each core. */
  encodingThreads: wholeNumber({ min: 0, max: 256 }).default(0),
  /** Blocks after which a storage node that took its fragments and did not report is replaced. */
  reportTimeoutBlocks: wholeNumber({ min: 1 }).default(100),
  /** When a storage node gets no fragments for a while: its cooldown. */
  nodes: z
    .strictObject({
      /** So many transfers in a row that a node did not answer start its cooldown. */
      failures: wholeNumber({ min: 1, max: 1000 }).default(3),
      /** So many fragment batches in a row that it took and did not report start its cooldown. */
      missedReports: wholeNumber({ min: 1, max: 1000 }).default(2),
      /** The first cooldown, s; it doubles with each failure after it. */
      cooldownSeconds: wholeNumber({ min: 1 }).default(10),
      /** The longest cooldown, s. */
      maxCooldownSeconds: wholeNumber({ min: 1 }).default(600),
    })
    .prefault({}),
  placement: placementSchema.prefault({}),
  /** Bytes a second that fragments are sent with, all nodes together; 0: no limit. */
  uploadBandwidth: bytes
    .prefault(0)
    .refine(
      (rate) => rate === 0 || rate >= 2 ** 20,
      "must be 0, for no limit, or at least 1MiB: nodes take a slower sender for gone",
    ),
  notifications: z
    .strictObject({
      /** Where buckets may send their events. */
      webhooks: webhooksSchema,
      /** Days after which an event that nobody took is dropped. */
      maxAgeDays: wholeNumber({ min: 1, max: 30 }).default(3),
    })
    .prefault({}),
  /** How long lines of an access log wait to become one object together, and up to how many bytes. */
  accessLogs: z
    .strictObject({
      minutes: decimalNumber({ min: 0.01, max: 1440 }).default(60),
      bytes: bytes
        .prefault("32MiB")
        .refine((size) => size >= 1024 && size <= 1024 ** 3, "must be between 1KiB and 1GiB"),
    })
    .prefault({}),
  leases: leasesSchema.prefault({}),
  jobs: jobsSchema.prefault({}),
  journal: journalSchema.prefault({}),
  mounts: mountsSchema,
  etag: z
    .strictObject({
      /**
       * The ETag of a completed multipart upload: the FID; the FID with `-PARTS`, for tools that take an ETag without a
       * dash for an MD5; or the MD5 of MD5s, as on AWS. Objects keep the ETag they got.
       */
      multipart: z.enum(["fid", "fid-parts", "md5-parts"]).default("fid"),
    })
    .prefault({}),
  /** Which small objects share files on CESS, and when such a file, a pack, is closed: docs/packs.md. */
  packing: z
    .strictObject({
      /** Objects of at most so many bytes are packed; 0: none is. */
      maxObjectBytes: bytes.prefault("8MiB"),
      /** Segments of 32 MiB in a pack. */
      segments: wholeNumber({ min: 1, max: MAX_SEGMENTS_PER_FILE }).default(8),
      /** Seconds that an object waits for its pack, at most. */
      maxAgeSeconds: wholeNumber({ min: 1, max: 86_400 }).default(600),
      /** Bytes sent to the network for merging packs, at most, for each byte that becomes free there; 0: no merging. */
      mergeBudget: decimalNumber({ min: 0, max: 100 }).default(1),
    })
    .superRefine(({ maxObjectBytes, segments }, context) => {
      const room = segments * segmentCapacity({ name: "aes-256-gcm", first: 0 }) - PACK_HEADER_BYTES;
      if (maxObjectBytes > room)
        context.addIssue({
          code: "custom",
          path: ["maxObjectBytes"],
          message:
            `must fit into a pack: ${maxObjectBytes} bytes are more than the ${room} that ` +
            `packing.segments: ${segments} leaves for objects`,
        });
    })
    .prefault({}),
  /** Staged bytes that the catalog does not know: how long they are kept before they are removed. */
  quarantine: z
    .strictObject({
      /** Days from when they were found. */
      days: decimalNumber({ min: 0.001, max: 3650 }).default(7),
      /** While fewer bytes are free on the disk the oldest go earlier; 0: never. */
      minFreeBytes: bytes.prefault("1GiB"),
    })
    .prefault({}),
  /** How stored files are looked after: docs/durability.md. */
  scrub: z
    .strictObject({
      /** Days in which every stored file is looked at; 0: files are not looked at, and not repaired. */
      days: decimalNumber({ min: 0, max: 3650 }).default(30),
      /** Fragments fetched whole to be verified, bytes a day. */
      bytesPerDay: bytes.prefault("64GiB"),
      /** Hours that the network has to replace lost fragments by itself, before this gateway repairs. */
      restoralHours: decimalNumber({ min: 0.001, max: 8760 }).default(24),
      /** A file with fewer than so many of its 12 fragments is repaired; 0: none is. */
      repairBelow: wholeNumber({ min: 0, max: 12 }).default(8),
      /** Bytes a day that are read back for repairs. */
      repairBytesPerDay: bytes.prefault("256GiB"),
      /** Files under repair at a time. */
      repairs: wholeNumber({ min: 1, max: 1000 }).default(4),
    })
    .prefault({}),
  /** Milliseconds of a day in lifecycle rules; shorter ones are for tests. */
  lifecycleDayMs: wholeNumber({ min: 1000, max: 86_400_000 }).default(86_400_000),
  logLevel: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
  /** `auto`: for people where standard error is a terminal (`pretty`), else one JSON object a line (`json`). */
  logFormat: z.enum(["auto", "json", "pretty"]).default("auto"),
  /** Traces of requests and jobs, for OpenTelemetry: docs/monitoring.md. */
  tracing: z
    .strictObject({
      /** Where spans are sent by OTLP over HTTP, as JSON; without it there are none. */
      endpoint: z
        .url({ protocol: /^https?$/, error: "must be a URL with http or https, as http://127.0.0.1:4318/v1/traces" })
        .optional(),
      /** The share of requests and jobs that are traced, 0 to 1. A client's own decision goes before. */
      ratio: decimalNumber({ min: 0, max: 1 }).default(1),
    })
    .prefault({}),
});

/**
 * Everything an operator can set. All has a default except what only the operator knows: the chain, the signing
 * account, the S3 accounts, and whether objects are encrypted.
 */
export const configSchema = settingsSchema.superRefine(conflicts);

/** The same on the dev network, which has its own chain and accounts. */
export const devGatewaySchema = settingsSchema.omit({ chain: true, accounts: true }).superRefine(conflicts);

/** The part of a gateway's configuration that says where its keys are, for `cess-s3 seal`. */
export const keyConfigSchema = z.object({
  dataDir: settingsSchema.shape.dataDir,
  catalog: settingsSchema.shape.catalog,
  staging: settingsSchema.shape.staging,
  encryption: z
    .strictObject({ ...encryptionFields, default: encryptionFields.default.optional() })
    .superRefine(oneMasterKey)
    .prefault({}),
});

/** The part that commands need that change accounts and keys while no gateway runs. */
export const identityConfigSchema = keyConfigSchema.extend({ accounts: z.array(accountSchema).default([]) });

/** The part that says which chain there is and which account signs, for commands that need no gateway. */
export const chainConfigSchema = z.object({ chain: chainSchema });

/** The part of a gateway's configuration that says where its admin listener is, for the commands that ask it. */
export const adminConfigSchema = z.object({
  adminListen: settingsSchema.shape.adminListen,
  console: settingsSchema.shape.console,
  admin: settingsSchema.shape.admin,
  peers: settingsSchema.shape.peers,
  public: settingsSchema.shape.public,
  tls: settingsSchema.shape.tls,
});

export type ChainConfig = Readonly<z.output<typeof chainSchema>>;
export type AdminConfig = Readonly<z.output<typeof adminConfigSchema>>;
export type IdentityConfig = Readonly<z.output<typeof identityConfigSchema>>;
export type KeyConfig = Readonly<z.output<typeof keyConfigSchema>>;
export type Config = Readonly<z.output<typeof configSchema>>;
export type ConfigInput = z.input<typeof configSchema>;

/** Settings of the network in a box. */
export const devConfigSchema = z.strictObject({
  /** The gateway's data folder; the network has a folder in it. */
  dataDir: settingsSchema.shape.dataDir,
  /** Storage nodes; at least 12 or no file can be stored. */
  nodes: wholeNumber({ min: 12, max: 64 }).default(14),
  /** Milliseconds from block to block. */
  blockMs: wholeNumber({ min: 20, max: 60_000 }).default(1000),
  /** The chain's port; by default the one that it had last time, where that is free. */
  port: wholeNumber({ min: 1, max: 65_535 }).optional(),
  /** The CESS runtime whose types the dev chain has. */
  spec: wholeNumber({ min: 0 })
    .pipe(z.union([z.literal(100), z.literal(133), z.literal(136)], { error: "must be 100, 133 or 136" }))
    .default(133),
});

export type DevConfig = Readonly<z.output<typeof devConfigSchema>>;

/** Configuration of `cess-s3 node`. */
export const nodeConfigSchema = z.strictObject({
  listen: listenAddress.prefault("127.0.0.1:15001"),
  dataDir: z.string().min(1).default("./node-data"),
  /** The URL written on chain, under which gateways reach this node; the listen address when absent. */
  endpoint: z.url().optional(),
  /** TiB declared when the node registers itself, where the chain lets it. */
  declaredTib: wholeNumber({ min: 1 }).default(1),
  chain: chainSchema,
  logLevel: settingsSchema.shape.logLevel,
  logFormat: settingsSchema.shape.logFormat,
});

export type NodeConfig = Readonly<z.output<typeof nodeConfigSchema>>;
