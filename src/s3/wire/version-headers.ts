/** A write's answer names only a version with an ID of its own, never the null version. */
export function writtenVersionId(versionId: string): string | undefined {
  return versionId === "null" ? undefined : versionId;
}
