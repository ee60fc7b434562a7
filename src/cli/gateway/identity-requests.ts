import { z } from "zod";
import { AdminRefusal } from "../../admin/admin-server.js";
import { accountFields, limitFields, quotaSchema } from "../../config/account.js";
import { faultOf } from "../../config/issues.js";
import { placeText } from "../../config/place.js";
import { DomainError } from "../../model/errors.js";
import { parseIdentityPolicy } from "../../model/policy-document.js";

/** What a command asks about accounts, keys or quotas: a request of the admin listener. */
export interface IdentityRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
}

/** The bodies of the admin listener's routes about accounts, keys and quotas. */
export const newAccountSchema = z.strictObject({
  name: accountFields.name.regex(/^[^\p{Cc}/]+$/u, "must have no slashes and no control characters"),
  cessAccount: accountFields.cessAccount,
  territory: accountFields.territory,
  readsNetwork: accountFields.readsNetwork,
  quota: quotaSchema.prefault({}),
});
export const newKeySchema = z.strictObject({
  account: z.string().min(1),
  ...limitFields,
  /** An identity policy: the document, or its text. */
  policy: z.union([z.string().min(1), z.record(z.string(), z.unknown())]).optional(),
});

/** What the routes answer. Times are ISO 8601. */
export const quotaView = z.object({ bytes: z.number().optional(), objects: z.number().optional() });
export const usageView = z.object({ bytes: z.number(), uploadBytes: z.number(), objects: z.number() });
const origin = z.enum(["configuration", "catalog"]);
export const accountView = z.object({
  name: z.string(),
  id: z.string(),
  cessAccount: z.string(),
  territory: z.string(),
  readsNetwork: z.boolean(),
  disabled: z.boolean(),
  from: origin,
  quota: quotaView,
  usage: usageView,
});
export const keyView = z.object({
  accessKeyId: z.string(),
  /** Name, or the canonical ID of one that is gone. */
  account: z.string(),
  from: origin,
  buckets: z.array(z.string()).optional(),
  prefixes: z.array(z.string()).optional(),
  permission: z.enum(["read", "write", "read-write"]),
  expires: z.string().optional(),
  /** Whether an identity policy limits it. */
  policy: z.boolean(),
  createdAt: z.string().optional(),
});
export const createdKeyView = keyView.extend({ secretAccessKey: z.string() });
export const bucketQuotaView = z.object({ bucket: z.string(), quota: quotaView, usage: usageView });

export type AccountView = z.output<typeof accountView>;
export type CreatedKeyView = z.output<typeof createdKeyView>;
export type KeyView = z.output<typeof keyView>;
export type BucketQuotaView = z.output<typeof bucketQuotaView>;

/** Throws AdminRefusal that says what is wrong with which member. */
export function parseBody<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const result = schema.safeParse(body ?? {}, { error: faultOf });
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) =>
    issue.code === "unrecognized_keys"
      ? `there is no ${issue.keys.map((key) => JSON.stringify(key.slice(0, 40))).join(", ")}`
      : `${issue.path.length === 0 ? "the body" : placeText(issue.path)}: ${issue.message}`,
  );
  throw new AdminRefusal(400, faults.join("; "));
}

/** The text of a policy that is valid. AdminRefusal. */
export function policyText(policy: string | Readonly<Record<string, unknown>>): string {
  const text = typeof policy === "string" ? policy : JSON.stringify(policy);
  try {
    parseIdentityPolicy(text);
  } catch (cause) {
    if (cause instanceof DomainError) throw new AdminRefusal(400, `policy: ${cause.message}`, { cause });
    throw cause;
  }
  return text;
}
