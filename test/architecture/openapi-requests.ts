import { z } from "zod";
import {
  bucketDurabilitySchema,
  gatewaySchema,
  jobsSchema,
  journalSchema,
  newShareSchema,
  shareSchema,
  sharesSchema,
  nodeSampleSchema,
  objectSchema,
  registrationSchema,
  retrySchema,
  sampleSchema,
  statusSchema,
  territoryAccountSchema,
  territoryPaidSchema,
  territoryQuoteSchema,
} from "../../src/cli/admin-answers.js";
import {
  accountView,
  bucketQuotaView,
  createdKeyView,
  keyView,
  newAccountSchema,
  newKeySchema,
} from "../../src/cli/gateway/identity-requests.js";
import { signedCallRequest } from "../../src/cli/territory-request.js";
import { registrationRequest } from "../../src/cli/registration-request.js";
import { deletionSchema, receiptSchema } from "../../src/receipts/document.js";
import { quotaSchema } from "../../src/config/account.js";

/** One request of the admin listener: what is sent, and what comes back. */
interface Described {
  readonly method: string;
  /** As OpenAPI has it: `/keys/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: z.ZodType;
  /** By status. Text where there is no schema. */
  readonly answers: Readonly<Record<number, z.ZodType | string>>;
  /** Answered without the token, too, where the listener has one. */
  readonly open?: true;
  /** Only on the dev network. */
  readonly dev?: true;
  readonly type?: string;
}

const count = z.number();
const finding = z.object({ check: z.string(), reason: z.string(), since: z.string() });
const readiness = z.object({
  status: z.enum(["ready", "not ready"]),
  reasons: z.array(finding).optional(),
  warnings: z.array(finding).optional(),
  unjournaledSeconds: z.number().optional(),
});
const experience = z.object({
  count,
  bytesPerSecond: count.optional(),
  p50Ms: count.optional(),
  p95Ms: count.optional(),
});
const node = z.object({
  account: z.string(),
  registered: z.boolean(),
  endpoint: z.string().optional(),
  state: z.string().optional(),
  operator: z.string().optional(),
  idleBytes: count.optional(),
  region: z.string().optional(),
  fragments: count,
  quality: count,
  reports: count,
  lastFailure: z.string().optional(),
  successRate: count,
  reportRate: count,
  recentFailures: count,
  lagging: z.boolean(),
  failures: count,
  corrupt: count,
  missedReports: count,
  put: experience,
  get: experience,
  openUntil: count.optional(),
  halfOpen: z.boolean(),
});
const packs = z.object({
  queues: z.array(z.object({ owner: z.string(), format: z.string(), objects: count, bytes: count, oldest: count })),
  packs: z.record(z.string(), count),
  accounts: z.array(z.object({ owner: z.string(), objectBytes: count, chargedBytes: count, deadBytes: count })),
  merging: z.object({ runs: count, sentBytes: count }),
});
const hold = z.object({ hold: z.string(), seconds: count });
const devNode = z.looseObject({ n: count, account: z.string(), endpoint: z.string(), fault: z.string() });

export const described: readonly Described[] = [
  { method: "get", path: "/health/live", summary: "Whether the process answers", answers: { 200: "live" }, open: true },
  {
    method: "get",
    path: "/health/ready",
    summary: "Whether the gateway takes requests, and if not, why; reasons only with the token",
    answers: { 200: readiness, 503: readiness },
    open: true,
  },
  {
    method: "get",
    path: "/metrics",
    summary: "Metrics for Prometheus",
    answers: { 200: "metrics" },
    type: "text/plain",
  },
  { method: "delete", path: "/cache", summary: "Empties the cache", answers: { 200: "done" } },
  { method: "get", path: "/status", summary: "How the gateway is", answers: { 200: statusSchema } },
  {
    method: "get",
    path: "/events",
    summary:
      "How the gateway is, as server-sent events: `status`, `history` with the samples of the last hour, then each `sample`",
    answers: { 200: sampleSchema, 503: "too many streams" },
    type: "text/event-stream",
  },
  {
    method: "get",
    path: "/gateways",
    summary: "All gateways that use the catalog",
    answers: { 200: z.array(gatewaySchema) },
  },
  {
    method: "get",
    path: "/objects/{bucket}/{key}",
    summary: "How far an object is on its way, who holds it, and why it waits",
    query: { versionId: "a version; by default the newest" },
    answers: { 200: objectSchema, 404: "no such object" },
  },
  {
    method: "get",
    path: "/receipts/{bucket}/{key}",
    summary: "What the chain lists of a stored object, signed by the gateway's account",
    query: { versionId: "a version; by default the newest" },
    answers: {
      200: receiptSchema,
      400: "it can have no receipt",
      404: "no such object",
      409: "not stored yet",
      503: "the chain cannot be read, or does not list it at the moment",
    },
  },
  {
    method: "get",
    path: "/deletions/{fid}",
    summary:
      "That the chain does not list a file any more for owners for whom the gateway deleted it, one document each",
    answers: { 200: z.array(deletionSchema), 400: "no FID", 404: "none was deleted", 503: "the chain cannot be read" },
  },
  {
    method: "get",
    path: "/buckets/{bucket}/durability",
    summary: "How the objects of a bucket are kept, in numbers",
    answers: { 200: bucketDurabilitySchema, 404: "no such bucket" },
  },
  {
    method: "get",
    path: "/jobs",
    summary: "Jobs that fail or are older than an hour",
    query: { all: "the others, too" },
    answers: { 200: jobsSchema },
  },
  {
    method: "post",
    path: "/jobs/{id}/retry",
    summary: "Makes a job due now; `file:N` is a file that the network refused, `all` everything that fails",
    answers: { 200: retrySchema, 409: "none waits" },
  },
  { method: "get", path: "/nodes", summary: "What is known of each storage node", answers: { 200: z.array(node) } },
  {
    method: "get",
    path: "/nodes/{account}/history",
    summary: "A storage node's last hour, a sample a minute, the oldest first",
    answers: { 200: z.array(nodeSampleSchema) },
  },
  {
    method: "get",
    path: "/territory/account",
    summary: "An account's tokens, its territories, and the gateways that may store for it",
    query: { account: "its address" },
    answers: { 200: territoryAccountSchema, 400: "it is no address", 503: "the chain is away" },
  },
  {
    method: "get",
    path: "/territory/quote",
    summary: "What an owner's call costs, such as one for space in a territory, and what its wallet is to sign for it",
    query: {
      account: "the owner's address",
      kind: "`buy`, `expand`, `renew`, `reactivate`, `move`, `authorize` or `revoke`",
      territory: "its name; of `move`: where the files are",
      gib: "of `buy` and `expand`: whole GiB",
      days: "of `buy`, `renew` and `reactivate`: whole days",
      to: "of `move`: the territory that they go to",
      fids: "of `move`: which files, separated by spaces; without it all",
      operator: "of `authorize` and `revoke`: the gateway's account",
    },
    answers: { 200: territoryQuoteSchema, 400: "what is asked cannot be, with the reason", 503: "the chain is away" },
  },
  {
    method: "post",
    path: "/territory/calls",
    summary: "Sends what a wallet has signed, and waits until it is final",
    body: signedCallRequest,
    answers: {
      200: territoryPaidSchema,
      400: "it is no such call",
      409: "the chain refused it",
      503: "the chain is away",
    },
  },
  {
    method: "get",
    path: "/peers",
    summary: "Other gateways, and how they did",
    answers: { 200: z.array(z.looseObject({})) },
  },
  {
    method: "get",
    path: "/registration",
    summary: "This gateway on the network's list, and what a change would cost",
    query: { endpoint: "the URL that is to be there" },
    answers: { 200: registrationSchema },
  },
  {
    method: "post",
    path: "/registration",
    summary: "Changes it",
    body: registrationRequest,
    answers: { 200: registrationSchema, 202: registrationSchema, 400: "the URL is wrong", 409: "another change runs" },
  },
  { method: "get", path: "/packs", summary: "Packs, what waits, bytes by account", answers: { 200: packs } },
  {
    method: "post",
    path: "/packs/flush",
    summary: "Closes packs with what waits",
    answers: { 202: z.object({ closing: z.unknown() }) },
  },
  {
    method: "get",
    path: "/journal",
    summary: "Which journals there are, and what of the catalog is in none",
    answers: { 200: journalSchema },
  },
  {
    method: "post",
    path: "/journal/flush",
    summary: "Writes what has changed into a journal",
    answers: { 202: journalSchema, 409: "no journal is kept" },
  },
  { method: "get", path: "/shares", summary: "Buckets that others may read", answers: { 200: sharesSchema } },
  {
    method: "post",
    path: "/shares",
    summary: "Lets another gateway read a bucket",
    body: newShareSchema,
    answers: { 200: shareSchema, 201: shareSchema, 400: "no public key", 404: "no such bucket" },
  },
  {
    method: "delete",
    path: "/shares/{bucket}/{to}",
    summary: "Ends that",
    answers: { 200: z.object({ revoked: z.string() }), 400: "no public key", 404: "it is not shared" },
  },
  { method: "get", path: "/accounts", summary: "All accounts", answers: { 200: z.array(accountView) } },
  {
    method: "post",
    path: "/accounts",
    summary: "Adds one",
    body: newAccountSchema,
    answers: { 201: accountView, 400: "wrong", 409: "there already" },
  },
  {
    method: "delete",
    path: "/accounts/{name}",
    summary: "Removes one with its keys",
    answers: { 200: accountView, 404: "none", 409: "of the configuration" },
  },
  {
    method: "post",
    path: "/accounts/{name}/disable",
    summary: "Refuses all its keys",
    answers: { 200: accountView, 404: "none" },
  },
  {
    method: "post",
    path: "/accounts/{name}/enable",
    summary: "Takes its keys again",
    answers: { 200: accountView, 404: "none" },
  },
  {
    method: "post",
    path: "/accounts/{name}/quota",
    summary: "Sets its quota",
    body: quotaSchema,
    answers: { 200: accountView, 404: "none" },
  },
  { method: "get", path: "/keys", summary: "All access keys, without secrets", answers: { 200: z.array(keyView) } },
  {
    method: "post",
    path: "/keys",
    summary: "Makes one; its secret is in this answer alone",
    body: newKeySchema,
    answers: { 201: createdKeyView, 400: "wrong", 404: "no such account" },
  },
  {
    method: "delete",
    path: "/keys/{id}",
    summary: "Ends one and its sessions",
    answers: { 200: z.object({ revoked: z.string() }), 404: "none" },
  },
  {
    method: "get",
    path: "/buckets/{bucket}/quota",
    summary: "A bucket's quota and what it holds",
    answers: { 200: bucketQuotaView, 404: "no such bucket" },
  },
  {
    method: "post",
    path: "/buckets/{bucket}/quota",
    summary: "Sets it",
    body: quotaSchema,
    answers: { 200: bucketQuotaView, 404: "no such bucket" },
  },
  {
    method: "post",
    path: "/catalog/accept",
    summary: "Takes a catalog that went back as it is",
    answers: { 200: z.object({ accepted: z.boolean(), fault: z.string().optional() }) },
  },
  {
    method: "post",
    path: "/blob-holds",
    summary: "Keeps staged blobs on the disk for a while",
    answers: { 201: hold, 409: "the catalog went back", 429: "too many" },
  },
  { method: "post", path: "/blob-holds/{id}", summary: "Extends that", answers: { 200: hold, 404: "it has ended" } },
  {
    method: "post",
    path: "/blob-holds/{id}/release",
    summary: "Ends it",
    answers: { 200: z.object({ released: z.boolean() }) },
  },
  {
    method: "get",
    path: "/dev/nodes",
    summary: "The storage nodes of the dev network",
    answers: { 200: z.array(devNode) },
    dev: true,
  },
  {
    method: "put",
    path: "/dev/nodes/{n}",
    summary: "Makes one of them fail",
    body: z.object({ fault: z.enum(["none", "down", "slow", "corrupt", "silent"]) }),
    answers: { 200: devNode, 400: "no such fault", 404: "no such node" },
    dev: true,
  },
];
