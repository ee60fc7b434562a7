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

/** When lifecycle rules will end a current version or an upload: what reads and writes of them tell. */
export class Expiries {
  /** `dayMs`: the length of a rule's day. */
  constructor(
    private readonly catalog: Pick<Catalog, "documents">,
    private readonly dayMs: number,
  ) {}

  async of(version: AgingVersion & { readonly bucket: string }): Promise<{ readonly expiry?: Expiry }> {
    const expiry = expiryOf(await this.rules(version.bucket), version, this.dayMs);
    return expiry ? { expiry } : {};
  }

  async ofUpload(upload: Pick<Upload, "bucket" | "key" | "createdAt">): Promise<AbortSchedule> {
    const ends = uploadAbort(await this.rules(upload.bucket), upload, this.dayMs);
    return ends ? { ends } : {};
  }

  private async rules(bucket: string): Promise<readonly LifecycleRule[]> {
    return (await this.catalog.documents.get(bucket, "lifecycle"))?.rules ?? [];
  }
}
