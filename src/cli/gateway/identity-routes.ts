import { AdminRefusal, json, type AdminRoute } from "../../admin/admin-server.js";
import type { Catalog } from "../../catalog/catalog.js";
import { quotaSchema } from "../../config/account.js";
import type { KeyRing } from "../../keys/key-ring.js";
import type { Clock } from "../../model/clock.js";
import { isProblem } from "../../model/errors.js";
import { AccountAdmin } from "./account-admin.js";
import type { Accounts } from "./accounts.js";
import { parseBody, type BucketQuotaView } from "./identity-requests.js";
import { KeyAdmin } from "./key-admin.js";

export interface IdentityComponents {
  readonly accounts: Accounts;
  readonly catalog: Pick<Catalog, "identities" | "usage" | "keyUses">;
  readonly keys: Pick<KeyRing, "seal" | "masterId">;
  readonly clock: Clock;
}

type Run = (groups: readonly string[], body: unknown) => Promise<unknown>;

/** Routes about accounts, access keys and quotas: of the admin listener, and of the commands that work without one. */
export function identityRoutes(components: IdentityComponents): AdminRoute[] {
  const accounts = new AccountAdmin(components);
  const keys = new KeyAdmin(components);
  const { usage } = components.catalog;
  const route = (method: string, path: RegExp, run: Run, status?: number): AdminRoute => ({
    method,
    path,
    run: async (groups, body) => json(await run(groups, body), status),
  });
  return [
    route("GET", /^\/accounts$/, () => accounts.list()),
    route("POST", /^\/accounts$/, (_, body) => accounts.add(body), 201),
    route("DELETE", /^\/accounts\/([^/]+)$/, ([name = ""]) => accounts.remove(name)),
    route("POST", /^\/accounts\/([^/]+)\/disable$/, ([name = ""]) => accounts.disable(name)),
    route("POST", /^\/accounts\/([^/]+)\/enable$/, ([name = ""]) => accounts.enable(name)),
    route("POST", /^\/accounts\/([^/]+)\/quota$/, ([name = ""], body) => accounts.setQuota(name, body)),
    route("GET", /^\/keys$/, () => keys.list()),
    route("POST", /^\/keys$/, (_, body) => keys.create(body), 201),
    route("DELETE", /^\/keys\/([^/]+)$/, ([id = ""]) => keys.revoke(id)),
    route("GET", /^\/buckets\/([^/]+)\/quota$/, ([bucket = ""]) => bucketQuota(usage, bucket)),
    route("POST", /^\/buckets\/([^/]+)\/quota$/, ([bucket = ""], body) => setBucketQuota(usage, bucket, body)),
  ];
}

async function bucketQuota(usage: Catalog["usage"], bucket: string): Promise<BucketQuotaView> {
  return { bucket, ...(await usage.bucket(bucket)) };
}

async function setBucketQuota(usage: Catalog["usage"], bucket: string, body: unknown): Promise<BucketQuotaView> {
  const quota = parseBody(quotaSchema, body);
  try {
    await usage.setQuota(bucket, quota);
  } catch (cause) {
    if (isProblem(cause, "noBucket")) throw new AdminRefusal(404, `there is no bucket ${bucket}`, { cause });
    throw cause;
  }
  return bucketQuota(usage, bucket);
}
