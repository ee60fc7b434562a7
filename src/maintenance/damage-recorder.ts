import type { Logger } from "pino";
import type { Catalog } from "../catalog/catalog.js";
import type { Damage } from "../model/damage.js";
import type { BlobId } from "../model/object.js";

export interface DamageRecorderComponents {
  readonly catalog: Pick<Catalog, "damages">;
  readonly log: Pick<Logger, "error">;
}

/** Marks the objects whose staged bytes are damaged, and logs each once. */
export class DamageRecorder {
  constructor(private readonly components: DamageRecorderComponents) {}

  /** Resolves whether anything needs these bytes. */
  readonly record = async ({ path, slices, why }: Damage): Promise<boolean> => {
    const { catalog, log } = this.components;
    const blobs = slices.map(({ blob, ...slice }) => ({ blob: blob as BlobId, ...slice }));
    const { needed, objects, parts } = await catalog.damages.record(blobs, why);
    for (const { bucket, key, versionId } of objects)
      log.error({ bucket, key, versionId, path, why }, "an object's staged bytes are damaged: put it again");
    for (const { bucket, key, uploadId, partNumber } of parts)
      log.error({ bucket, key, uploadId, partNumber, path, why }, "a part's staged bytes are damaged: upload it again");
    return needed;
  };
}
