import type { Tag } from "./tag.js";

/** The bucket tag that lets everyone read the bucket's files by their FIDs, on the public listener: `yes` or `no`. */
export const PUBLIC_TAG = "cess-public";

export const publicValues = ["yes", "no"] as const;

export function isPublicBucket(tags: readonly Tag[] | undefined): boolean {
  return tags?.some(({ key, value }) => key === PUBLIC_TAG && value === "yes") === true;
}
