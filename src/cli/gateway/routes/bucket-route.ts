import { LRUCache } from "lru-cache";
import { json, type AdminRoute } from "../../../admin/admin-server.js";
import type { Catalog } from "../../../catalog/catalog.js";
import type { BucketDurabilityAnswer } from "../../admin-answers.js";
import { Remembered } from "../../metrics/remembered.js";

/** Versions that are counted at most: more would keep the catalog busy for whoever only looks. */
const LIMIT = 200_000;
/** Buckets whose numbers are remembered for a moment. */
const REMEMBERED = 200;

/** How the objects of a bucket are kept, in numbers. Asking often costs little. */
export class BucketDurability {
  private readonly buckets = new LRUCache<string, Remembered<BucketDurabilityAnswer>>({ max: REMEMBERED });

  constructor(private readonly catalog: Pick<Catalog, "buckets" | "status">) {}

  /** Undefined: there is no such bucket. */
  async of(bucket: string): Promise<BucketDurabilityAnswer | undefined> {
    if (!(await this.catalog.buckets.get(bucket))) return undefined;
    let known = this.buckets.get(bucket);
    if (!known) this.buckets.set(bucket, (known = new Remembered(() => this.count(bucket))));
    return known.get();
  }

  /** `GET /buckets/NAME/durability`. */
  route(): AdminRoute {
    return {
      method: "GET",
      path: /^\/buckets\/([^/]+)\/durability$/,
      run: async ([bucket = ""]) => {
        const found = await this.of(bucket);
        return found ? json(found) : { status: 404, body: `there is no bucket ${bucket}\n` };
      },
    };
  }

  private async count(bucket: string): Promise<BucketDurabilityAnswer> {
    const groups = await this.catalog.status.bucketDurability(bucket, LIMIT);
    const objects = groups.reduce((sum, group) => sum + group.objects, 0);
    return { bucket, groups: [...groups], truncated: objects >= LIMIT };
  }
}
