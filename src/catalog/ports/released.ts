import type { BlobId } from "../../model/object.js";

export interface Released {
  readonly orphans: readonly BlobId[];
}
