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
  readonly catalog: Pick<Catalog, "buckets" | "identities" | "usage" | "keyUses">;
  readonly keys: Pick<KeyRing, "seal" | "masterId">;
  readonly clock: Clock;
}

type Run = (groups: readonly string[], body: unknown) => Promise<unknown>;

/** Routes about accounts, access keys and quotas: of the admin listener, and of the commands that work without one. */
export function identityRoutes(components: IdentityComponents): AdminRoute[] {
  const accounts = new AccountAdmin(components);
  const keys = new KeyAdmin(components);
  const quotas = new BucketQuotas(components.catalog);
  const route = (method: string, path: RegExp, run: Run, status?: number): AdminRoute => ({
    method,
    path,
    run: async (groups, body) => {
      await components.accounts.current();
      return json(await run(groups, body), status);
    },
  });
  return [
    route("GET", /^\/accounts$/, () => accounts.list()),
    route("POST", /^\/accounts$/, (_, body) => accounts.add(body), 201),
    route("DELETE", /^\/accounts\/([^/]+)$/, ([name = ""]) => accounts.remove(name)),
    route("POST", /^\/accounts\/([^/]+)\/disable$/, ([name = ""]) => accounts.disable(name)),
    route("POST", /^\/accounts\/([^/]+)\/enable$/, ([name = ""]) => accounts.enable(name)),
    route("POST", /^\/accounts\/([^/]+)\/quota$/, ([name = ""], body) => accounts.setQuota(name, body)),
    route("GET", /^\/keys$/, () => keys.list()),
    {
      method: "POST",
      path: /^\/keys$/,
      run: async (_, body) => {
        await components.accounts.current();
        const created = await keys.create(body);
        return { ...json(created, 201), made: created.accessKeyId };
      },
    },
    route("DELETE", /^\/keys\/([^/]+)$/, ([id = ""]) => keys.revoke(id)),
    route("GET", /^\/buckets\/([^/]+)\/quota$/, ([bucket = ""]) => quotas.show(bucket)),
    route("POST", /^\/buckets\/([^/]+)\/quota$/, ([bucket = ""], body) => quotas.set(bucket, body)),
  ];
}

/** The operator's quotas on buckets. Reject with AdminRefusal. */
class BucketQuotas {
  constructor(private readonly catalog: Pick<Catalog, "buckets" | "usage">) {}

  async show(bucket: string): Promise<BucketQuotaView> {
    if (!(await this.catalog.buckets.get(bucket))) throw noBucket(bucket);
    return { bucket, ...(await this.catalog.usage.bucket(bucket)) };
  }

  async set(bucket: string, body: unknown): Promise<BucketQuotaView> {
    const quota = parseBody(quotaSchema, body);
    try {
      await this.catalog.usage.setQuota(bucket, quota);
    } catch (cause) {
      throw isProblem(cause, "noBucket") ? noBucket(bucket) : cause;
    }
    return this.show(bucket);
  }
}

function noBucket(bucket: string): AdminRefusal {
  return new AdminRefusal(404, `there is no bucket ${bucket}`);
}
