import { z } from "zod";

/*
 * What the admin listener answers to the routes that docs/admin.md describes. The routes write these shapes, and the
 * commands read them. Times are ISO 8601.
 */

const count = z.number();
const time = z.string();

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

export const retrySchema = z.object({ retried: count });

const tier = z.object({ bytes: count, hits: count, misses: count, evictions: count });

export const statusSchema = z.object({
  version: z.string(),
  node: z.string(),
  startedAt: time,
  uptimeSeconds: count,
  ready: z.boolean(),
  reasons: z.array(z.object({ check: z.string(), reason: z.string(), since: time })),
  /** What needs attention although the gateway is ready; absent from older gateways. */
  warnings: z.array(z.object({ check: z.string(), reason: z.string(), since: time })).optional(),
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
