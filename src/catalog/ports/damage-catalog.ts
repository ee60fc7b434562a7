import type { BlobSlice } from "../../model/object.js";

export interface DamagedObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
}

export interface DamagedPart {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  readonly partNumber: number;
}

export interface RecordedDamage {
  /** Something links one of the blobs. */
  readonly needed: boolean;
  /** Versions that were not known to be damaged before. */
  readonly objects: readonly DamagedObject[];
  /** Parts of open uploads. They are not marked: they can be uploaded again. */
  readonly parts: readonly DamagedPart[];
}

/** What is known of staged bytes that are not what was written. */
export interface DamageCatalog {
  /**
   * Marks the versions whose content has some of these bytes, in staging of their own or in a pack's, and removes what
   * would only fail on them: `encode` jobs, places in the pack queue. `why`: shown to users. The mark goes when the
   * network has the bytes.
   */
  record(slices: readonly BlobSlice[], why: string): Promise<RecordedDamage>;
  /** Damaged versions. */
  count(): Promise<number>;
}
