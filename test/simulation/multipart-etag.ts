import { createHash } from "node:crypto";
import type { MultipartEtag } from "../../src/gateway/uploads/uploads.js";
import { seededRandom } from "../support/seeded-random.js";
import type { Content } from "./contents.js";

/** What a run's completed uploads have as ETag. By dice of its own, as for what is encrypted. */
export function drawEtag(seed: number): MultipartEtag {
  const dice = seededRandom(seed ^ 4_127_801)();
  return dice < 0.5 ? "fid" : dice < 0.75 ? "fid-parts" : "md5-parts";
}

/** The ETag of an upload that is not encrypted. */
export function uploadEtag(form: MultipartEtag, { fid }: Content, parts: readonly { readonly etag: string }[]): string {
  if (form === "fid") return fid!;
  const md5 = createHash("md5");
  for (const { etag } of parts) md5.update(etag, "hex");
  return `${form === "fid-parts" ? fid! : md5.digest("hex")}-${parts.length}`;
}
