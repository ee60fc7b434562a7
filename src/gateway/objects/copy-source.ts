import type { ObjectVersion } from "../../model/object.js";
import { checkRead } from "../../model/precondition.js";
import { forVersion } from "../access/actions.js";
import type { Authorizer } from "../access/authorizer.js";
import type { BucketCall } from "../call.js";
import { S3Error } from "../s3-error.js";
import { failedRead } from "./object-read.js";
import type { CopyRequest } from "./objects.js";
import { visibleVersionId } from "./visible-version-id.js";
import type { VersionLookup } from "./version-lookup.js";

export interface SourceComponents {
  readonly authorizer: Authorizer;
  readonly lookup: VersionLookup;
}

/** The version that a copy reads. Failed preconditions are PreconditionFailed, never NotModified. */
export async function readableSource(
  { authorizer, lookup }: SourceComponents,
  call: BucketCall,
  {
    source,
    sourcePreconditions,
    sourceCipher: cipher,
  }: Pick<CopyRequest, "source" | "sourcePreconditions" | "sourceCipher">,
): Promise<{ readonly version: ObjectVersion; readonly sourceVersionId: string | undefined }> {
  const { versionId } = source;
  const action = forVersion("s3:GetObject", versionId);
  const bucket = await authorizer.require(call, { ...source, action, source: true });
  const version = await lookup
    .find(bucket, source, { client: call.client, ...(call.waits && { waits: call.waits }), cipher, recent: true })
    .catch((error: unknown) => {
      throw error instanceof S3Error && error.kind === "MethodNotAllowed" ? copiesDeleteMarker() : error;
    });
  const outcome = checkRead(sourcePreconditions, version);
  if (outcome === "failed") throw failedRead(sourcePreconditions);
  if (outcome === "not-modified") {
    const condition = sourcePreconditions.ifNoneMatch ? "If-None-Match" : "If-Modified-Since";
    throw new S3Error("PreconditionFailed", { fields: { Condition: condition } });
  }
  const { versionId: sourceVersionId } = visibleVersionId(bucket, version.versionId);
  return { version, sourceVersionId };
}

function copiesDeleteMarker(): S3Error {
  return new S3Error("InvalidRequest", {
    message: "The source of a copy request may not specifically refer to a delete marker by version id.",
  });
}
