import type { Catalog } from "../../catalog/catalog.js";
import {
  expiryOf,
  uploadAbort,
  type AgingVersion,
  type AbortSchedule,
  type Expiry,
  type LifecycleRule,
} from "../../model/lifecycle.js";
import type { Upload } from "../../model/object.js";
import { defined } from "../../model/defined.js";

/** Tells when lifecycle rules will expire a current version or abort an upload, for the headers of answers. */
export class Expiries {
  /** `dayMs`: the length of a rule's day. */
  constructor(
    private readonly catalog: Pick<Catalog, "documents">,
    private readonly dayMs: number,
  ) {}

  async versionExpiry(version: AgingVersion & { readonly bucket: string }): Promise<{ readonly expiry?: Expiry }> {
    return defined({ expiry: expiryOf(await this.rules(version.bucket), version, this.dayMs) });
  }

  async abortSchedule(upload: Pick<Upload, "bucket" | "key" | "createdAt">): Promise<AbortSchedule> {
    return defined({ ends: uploadAbort(await this.rules(upload.bucket), upload, this.dayMs) });
  }

  private async rules(bucket: string): Promise<readonly LifecycleRule[]> {
    return (await this.catalog.documents.get(bucket, "lifecycle"))?.rules ?? [];
  }
}
