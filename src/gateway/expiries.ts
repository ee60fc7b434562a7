import type { Catalog } from "../catalog/catalog.js";
import { expiryOf, type AgingVersion, type Expiry, type LifecycleConfiguration } from "../model/lifecycle.js";

/** When lifecycle rules will end a current version: what reads and writes of it tell. */
export class Expiries {
  /** `dayMs`: the length of a rule's day. */
  constructor(private readonly catalog: Pick<Catalog, "configurations">, private readonly dayMs: number) {}

  async of(version: AgingVersion & { readonly bucket: string }): Promise<{ readonly expiry?: Expiry }> {
    const document = await this.catalog.configurations.get(version.bucket, "lifecycle");
    const expiry = document === undefined ? undefined : expiryOf((JSON.parse(document) as LifecycleConfiguration).rules, version, this.dayMs);
    return expiry ? { expiry } : {};
  }
}
