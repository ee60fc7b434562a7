import type {
  Delete,
  DeletedObject,
  DeleteObjectsOutput,
  DeleteObjectsRequest,
  _Error as DeleteFailure,
  ObjectIdentifier,
} from "@aws-sdk/client-s3";
import type { BucketCall, Deletion, Gateway } from "../../gateway/gateway.js";
import { S3Error, toS3Error } from "../../gateway/s3-error.js";
import { requireKeyLength } from "../../gateway/limits.js";
import type { Preconditions } from "../../model/precondition.js";
import { errorText } from "../error-response.js";
import type { Operation } from "../operation.js";
import { deleteDocument, deleteResult } from "../wire/documents.js";
import { parseEtags } from "../wire/etag.js";
import { bypassesGovernance } from "../wire/lock-headers.js";
import { isVersionId } from "../wire/paging.js";
import { readXml } from "../wire/xml-reader.js";
import { xmlResponse } from "../xml-response.js";
import { defined } from "../../model/defined.js";

const MAX_OBJECTS = 1000;

type Input = Omit<DeleteObjectsRequest, "Bucket"> & {
  readonly Delete: Delete & { readonly Objects: readonly ObjectIdentifier[] };
};

/** Deletes one object. Its failure becomes an entry of the answer, beside those of the other objects. */
async function deleteOne(
  gateway: Gateway,
  object: ObjectIdentifier,
  bypass: boolean,
  call: BucketCall,
): Promise<{ readonly deleted: DeletedObject } | { readonly failure: DeleteFailure }> {
  const { Key: key = "" } = object;
  const versionId = object.VersionId || undefined;
  try {
    requireKeyLength(key);
    if (versionId !== undefined && !isVersionId(versionId)) throw new S3Error("NoSuchVersion");
    const deletion = await gateway.objects.delete(call, defined({ key, versionId }), conditions(object), bypass);
    return { deleted: deletedObject(object, deletion) };
  } catch (failure) {
    const { kind, details } = toS3Error(failure) ?? new S3Error("InternalError");
    return { failure: { Key: key, VersionId: versionId, Code: kind, Message: details.message ?? errorText(kind) } };
  }
}

function conditions({ ETag, Size, LastModifiedTime }: ObjectIdentifier): Preconditions {
  return defined({
    ifMatch: ETag === undefined ? undefined : parseEtags(ETag, "strong"),
    ifMatchSize: Size,
    ifMatchModified: LastModifiedTime && Math.floor(LastModifiedTime.getTime() / 1000) * 1000,
  });
}

/** The version that the request named, and the delete marker that was set or removed. */
function deletedObject({ Key, VersionId }: ObjectIdentifier, { versionId, deleteMarker }: Deletion): DeletedObject {
  return { Key, VersionId, ...(deleteMarker === true ? { DeleteMarker: true, DeleteMarkerVersionId: versionId } : {}) };
}

export const deleteObjects: Operation<Input, DeleteObjectsOutput> = {
  name: "DeleteObjects",
  match: { method: "POST", scope: "bucket", query: ["delete"] },
  access: { resource: "objects", action: "s3:DeleteObject", anonymous: true },
  // Room for a thousand keys of 1,024 bytes, even if every character is escaped.
  digested: true,
  document: 8 * 1024 * 1024,
  parse({ document, headers }) {
    if (document === "") throw new S3Error("MissingRequestBodyError");
    const { Objects, Quiet } = readXml(document, deleteDocument);
    if (!Objects || Objects.length > MAX_OBJECTS || Objects.some(({ Key }) => !Key)) throw new S3Error("MalformedXML");
    return { Delete: { Objects, Quiet }, BypassGovernanceRetention: bypassesGovernance(headers) };
  },
  async run(gateway, { Delete: { Objects, Quiet }, BypassGovernanceRetention: bypass = false }, call) {
    if (bypass) await gateway.locks.requireBypassable(call);
    const deleted: DeletedObject[] = [];
    const failures: DeleteFailure[] = [];
    for (const object of Objects) {
      call.client.signal.throwIfAborted();
      const outcome = await deleteOne(gateway, object, bypass, call);
      if ("failure" in outcome) failures.push(outcome.failure);
      else if (!Quiet) deleted.push(outcome.deleted);
    }
    return { Deleted: deleted, Errors: failures };
  },
  render: (output) => xmlResponse(deleteResult, output),
};
