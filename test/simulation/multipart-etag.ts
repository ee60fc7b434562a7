import type { MultipartEtag } from "../../src/gateway/uploads/upload-completion.js";
import { seededRandom } from "../support/seeded-random.js";

/** What a run's completed uploads have as ETag. By dice of its own, as for what is encrypted. */
export function drawEtag(seed: number): MultipartEtag {
  const dice = seededRandom(seed ^ 4_127_801)();
  return dice < 0.5 ? "fid" : dice < 0.75 ? "fid-parts" : "md5-parts";
}
