import { z } from "zod";

/*
 * What the admin listener answers to the routes that docs/admin.md describes. The routes write these shapes, and the
 * commands read them. Times are ISO 8601.
 */

const count = z.number();
const time = z.string();
const hex = z.templateLiteral(["0x", z.string().regex(/^[0-9a-f]*$/i)]);

export const jobSchema = z.object({
  id: z.string(),
  kind: z.enum(["encode", "store", "delete"]),
  state: z.enum(["due", "waiting", "leased", "failing"]),
  /** Attempts that failed. */
  attempt: count,
  failure: z.string().optional(),
  since: time,
  /** When it is tried next; of a leased one, when its lease ends. */
  next: time,
  bucket: z.string().optional(),
  key: z.string().optional(),
  fid: z.string().optional(),
});
export type JobAnswer = z.output<typeof jobSchema>;

export const jobsSchema = z.object({
  jobs: z.array(jobSchema),
  /** Files that the network refused for good. */
  failed: z.array(z.object({ id: z.string(), fid: z.string(), failure: z.string() })),
  /** There are more than are listed. */
  truncated: z.boolean(),
});
export type JobsAnswer = z.output<typeof jobsSchema>;

export const journalSchema = z.object({
  /** Whether this gateway keeps a journal. */
  enabled: z.boolean(),
  /** Tells the journals of this catalog from those of others. */
  stream: z.string(),
  /** Nothing can be rebuilt before the next snapshot is stored. */
  snapshotDue: z.boolean(),
  /** Since when there are changes that no stored journal has. */
  changedSince: time.optional(),
  /** Buckets, versions, files and so on that have changed. */
  pending: count,
  /** Those that a rebuild needs, and those on their way. */
  journals: z.array(
    z.object({
      number: count,
      snapshot: z.boolean(),
      fid: z.string(),
      units: count,
      bytes: count,
      readAt: time,
      /** Of its file. */
      state: z.string(),
    }),
  ),
  /** Buckets of other gateways, by the account that has their journals. */
  mounts: z.array(
    z.object({
      mount: z.string(),
      /** As of the journal that was replayed last; absent before the first. */
      stream: z.string().optional(),
      number: count.optional(),
      readAt: time.optional(),
      /** When the account's files were last looked at. */
      lookedAt: time.optional(),
      /** Why they cannot be followed. */
      failure: z.string().optional(),
    }),
  ),
});
export type JournalAnswer = z.output<typeof journalSchema>;

/** Of `POST /shares`. */
export const newShareSchema = z.strictObject({
  bucket: z.string().min(1),
  /** The recipient's public key: 64 hex digits, or an SS58 address. */
  to: z.string().min(1),
});

export const shareSchema = z.object({
  bucket: z.string(),
  /** The recipient, as an address, and as a public key in hex. */
  to: z.string(),
  key: z.string(),
  createdAt: time,
  /** What of the bucket was written last; absent before the first. */
  snapshot: z.object({ number: count, readAt: time, state: z.string() }).optional(),
  /** An entry of `mounts` in the recipient's configuration, in YAML. */
  mount: z.string().optional(),
});
export type ShareAnswer = z.output<typeof shareSchema>;
export const sharesSchema = z.array(shareSchema);

export const retrySchema = z.object({ retried: count });

const tier = z.object({ bytes: count, hits: count, misses: count, evictions: count });

const processSchema = z.object({
  /** `primary`, `background`, or `request` with its number. */
  role: z.string(),
  /** Absent while it does not run. */
  pid: count.optional(),
  /** When it was started last. */
  since: time,
  /** How often it was started again because it died. */
  restarts: count,
  /** Whether it does its work; false while it starts. */
  serving: z.boolean(),
  memoryBytes: count.optional(),
});
export type ProcessAnswer = z.output<typeof processSchema>;
export const gatewaySchema = z.object({
  id: z.string(),
  /** Whether it is the one that answers. */
  self: z.boolean(),
  /** Whether it gave a sign of life lately. */
  running: z.boolean(),
  host: z.string(),
  folder: z.string(),
  version: z.string(),
  schema: z.string(),
  /** URL of its S3 listener; absent while it starts. */
  address: z.string().optional(),
  startedAt: time,
  seenAt: time,
});
export type GatewayAnswer = z.output<typeof gatewaySchema>;

export const statusSchema = z.object({
  version: z.string(),
  node: z.string(),
  startedAt: time,
  uptimeSeconds: count,
  /** Absent where one process does everything. */
  processes: z.array(processSchema).optional(),
  ready: z.boolean(),
  reasons: z.array(z.object({ check: z.string(), reason: z.string(), since: time })),
  /** What needs attention although the gateway is ready; absent from older gateways. */
  warnings: z.array(z.object({ check: z.string(), reason: z.string(), since: time })).optional(),
  /** All that use the catalog, by id; absent from older gateways. */
  gateways: z.array(gatewaySchema).optional(),
  chain: z.object({
    connected: z.boolean(),
    endpoint: z.string().optional(),
    height: count.optional(),
    lagSeconds: count.optional(),
    feeBalanceTokens: count.optional(),
    connections: count,
    failovers: count,
  }),
  staged: z.object({ bytes: count, openUploadBytes: count, oldest: time.optional() }),
  objects: z.record(z.string(), count),
  files: z.record(z.string(), count),
  jobs: z.array(z.object({ kind: z.string(), state: z.string(), count, oldest: time })),
  packs: z.object({ states: z.record(z.string(), count), waitingObjects: count }),
  nodes: z.object({ states: z.record(z.string(), count), cooldown: count, triedAgain: count }),
  cache: z.object({ memory: tier, disk: tier }),
  territories: z.array(
    z.object({
      account: z.string(),
      territory: z.string(),
      state: z.string(),
      totalBytes: count,
      usedBytes: count,
      lockedBytes: count,
      freeBytes: count.optional(),
      secondsLeft: count,
      ends: time.optional(),
    }),
  ),
  /** Numbers of files by fragments left, and of damaged objects, where the gateway looks for them. */
  redundancy: z.record(z.string(), count).optional(),
  damagedObjects: count.optional(),
});
export type StatusAnswer = z.output<typeof statusSchema>;

const holderSchema = z.object({
  /** 0…11 */
  index: count,
  node: z.string().optional(),
  /** Of the node, where it is registered. */
  endpoint: z.string().optional(),
  /** The operator's regions that the node is in, by name; absent where it is in none. */
  region: z.string().optional(),
  /**
   * Of the fragment: `assigned`, `sent` (taken), `reported` (on chain), `held`, `missing` (its node was asked and did not
   * give it), or `lost` (to be made anew elsewhere).
   */
  fragment: z.string(),
  /** Of the node: its state on chain, or `unregistered`. */
  state: z.string(),
  /** Until when the node is left alone, because it failed. */
  cooldownUntil: time.optional(),
  lastFailure: z.string().optional(),
  /** Whether it is one of those that the bucket's tags choose; absent where they choose none. */
  wanted: z.boolean().optional(),
  /**
   * When the chain last asked the node to prove that it has what it stores for users: at which block, and how it went. Absent
   * where the chain shows no challenge of it.
   */
  challenge: z.object({ block: count, outcome: z.enum(["passed", "failed", "proven", "unanswered"]) }).optional(),
});

const fileSchema = z.object({
  id: z.string(),
  fid: z.string(),
  state: z.string(),
  layout: z.string(),
  bytes: count,
  /** Of the object in the file's content. */
  offset: count,
  length: count,
  /** When it came to these states last, as far as it was seen; absent from older gateways. */
  times: z
    .object({
      encoded: time.optional(),
      declared: time.optional(),
      placed: time.optional(),
      stored: time.optional(),
    })
    .optional(),
  /** Nodes that have reported their fragments on chain, 0…12. */
  reports: count,
  failure: z.string().optional(),
  /** An order that was signed, and may be included until this block. */
  signed: z.object({ nonce: count, untilBlock: count }).optional(),
  /** Its bytes were restored here, because too few fragments were left: it is on its way to the network again. */
  restored: z.boolean().optional(),
  /** Fragments left of the worst segment. */
  redundancy: count.optional(),
  segments: z.array(z.object({ hash: z.string().optional(), holders: z.array(holderSchema) })),
  /** Of a stored file: whether the chain shows challenges of nodes; `unknown`: it could not be asked. Absent from older gateways. */
  challenges: z.enum(["shown", "none", "unknown"]).optional(),
  job: jobSchema.optional(),
});
export type FileAnswer = z.output<typeof fileSchema>;

export const objectSchema = z.object({
  bucket: z.string(),
  key: z.string(),
  versionId: z.string(),
  size: count,
  etag: z.string(),
  createdAt: time,
  state: z.string(),
  fid: z.string().optional(),
  extent: z.object({ offset: count, length: count }).optional(),
  redundancy: count.optional(),
  /** Bytes of the territory that it is charged, or will be. */
  chargedBytes: count.optional(),
  /**
   * What the bucket's tags choose, and whether all its nodes are of those, once it has some. Absent where they choose none.
   */
  placement: z.object({ wanted: z.string(), kept: z.boolean().optional() }).optional(),
  files: z.array(fileSchema),
  job: jobSchema.optional(),
  /** Why it does not go on at the moment, in words; empty when it is stored. */
  waiting: z.array(z.string()),
});
export type ObjectAnswer = z.output<typeof objectSchema>;

/** Of `GET /events`: what happened in the seconds before `time`, a second. Latencies are absent where nothing was asked. */
export const sampleSchema = z.object({
  time,
  operations: z.record(z.string(), count),
  clientErrors: count,
  serverErrors: count,
  p50Ms: count.optional(),
  p95Ms: count.optional(),
  p99Ms: count.optional(),
  bytesIn: count,
  bytesOut: count,
  stagedBytes: count,
  oldestSeconds: count,
});
export type SampleAnswer = z.output<typeof sampleSchema>;

/** What was known of a storage node at a time. `putMs` and `getMs`: half of its answers came within. `failures`: until then. */
export const nodeSampleSchema = z.object({
  time,
  quality: count,
  putMs: count.optional(),
  getMs: count.optional(),
  failures: count,
});
export type NodeSampleAnswer = z.output<typeof nodeSampleSchema>;

/** How the versions of a bucket are kept: those in one state with as many fragments left together. */
export const bucketDurabilitySchema = z.object({
  bucket: z.string(),
  groups: z.array(z.object({ state: z.string(), redundancy: count.optional(), objects: count, bytes: count })),
  /** There are more than are counted. */
  truncated: z.boolean(),
});
export type BucketDurabilityAnswer = z.output<typeof bucketDurabilitySchema>;

/** What a wallet signs, as polkadot.js writes it (SignerPayloadJSON), with further members. */
export const walletPayloadSchema = z.looseObject({
  address: z.string(),
  method: hex,
  era: hex,
  blockNumber: hex,
  genesisHash: hex,
  version: count,
});

const token = z.object({ symbol: z.string(), decimals: count });

/** What an owner's call costs, such as one for space or time in a territory. Amounts are in the token's smallest units, as decimal digits. */
export const territoryQuoteSchema = z.object({
  /** What is to be done, in words. */
  what: z.string(),
  price: z.string(),
  fee: z.string(),
  /** Of the account. */
  free: z.string(),
  /** Whether that is enough for price, fee and what every account keeps. */
  enough: z.boolean(),
  token,
  /** What must be known before it is signed. */
  warnings: z.array(z.string()).optional(),
  /** For the account's wallet. It can be signed for some minutes. */
  payload: walletPayloadSchema,
});
export type TerritoryQuoteAnswer = z.output<typeof territoryQuoteSchema>;

/** `refused`: why calls of a batch were refused; the others were done. */
export const territoryPaidSchema = z.object({ paid: z.string(), refused: z.array(z.string()).optional() });
export type TerritoryPaidAnswer = z.output<typeof territoryPaidSchema>;

const territoryView = z.object({
  name: z.string(),
  state: z.string(),
  totalBytes: count,
  usedBytes: count,
  lockedBytes: count,
  leftBytes: count,
  endBlock: count,
  /** By the runtime's block time. */
  ends: time,
  daysLeft: count,
});
export type TerritoryView = z.output<typeof territoryView>;

/** An account as the chain has it now. Amounts are in the token's smallest units, as decimal digits. */
export const territoryAccountSchema = z.object({
  account: z.string(),
  free: z.string(),
  reserved: z.string(),
  frozen: z.string(),
  token,
  territories: z.array(territoryView),
  /** Accounts of gateways that may store and delete files for it. */
  operators: z.array(z.string()),
  /** The account of this gateway. */
  gateway: z.string(),
});
export type TerritoryAccountAnswer = z.output<typeof territoryAccountSchema>;

/** The same for owners themselves. `charged`: the territory that their objects are charged to. */
export type OwnTerritoryAnswer = TerritoryAccountAnswer & { readonly charged: string };

/** What buckets' tags may say about storage nodes. Counted are nodes in service that the operator's rules leave. */
export interface OwnPlacementAnswer {
  readonly allowed: boolean;
  readonly nodes: number;
  readonly regions: readonly { readonly name: string; readonly nodes: number }[];
  /** What the tags that were asked about choose; absent where they choose nothing. */
  readonly wish?: { readonly text: string; readonly nodes: number };
  /** Why PutBucketTagging would refuse them. */
  readonly refused?: string;
}

/** This gateway in the chain's list of gateways. */
export const registrationSchema = z.object({
  account: z.string(),
  /** The address that it is registered with. */
  registered: z.string().optional(),
  /** What is to be called for what was asked; absent: nothing. */
  call: z.enum(["register", "update", "destroy"]).optional(),
  feeTokens: count.optional(),
  /** A change is under way. */
  running: z.boolean(),
  /** Why the last change failed. */
  failure: z.string().optional(),
});
export type RegistrationAnswer = Readonly<{
  [Name in keyof z.output<typeof registrationSchema>]: z.output<typeof registrationSchema>[Name] | undefined;
}> & { readonly account: string; readonly running: boolean };
