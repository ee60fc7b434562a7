/** A write names its version only where it got an id of its own. */
export function writtenVersionId(versionId: string): string | undefined {
  return versionId === "null" ? undefined : versionId;
}
