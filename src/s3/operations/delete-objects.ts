import type {
  Delete,
  DeletedObject,
  DeleteObjectsOutput,
  DeleteObjectsRequest,
  _Error as DeleteFailure,
  ObjectIdentifier,
} from "@aws-sdk/client-s3";
import type { Call, Deletion, Gateway } from "../../gateway/gateway.js";
import { S3Error, toS3Error } from "../../gateway/s3-error.js";
import type { Preconditions } from "../../model/precondition.js";
import { errorText } from "../error-response.js";
import type { OfBucket, Operation } from "../operation.js";
import { deleteDocument, deleteResult } from "../wire/documents.js";
import { unquoted } from "../wire/etag.js";
import { bypassesGovernance } from "../wire/lock-headers.js";
import { isVersionId } from "../wire/paging.js";
import { readXml } from "../wire/xml-reader.js";
import { xmlResponse } from "../xml-response.js";

const MAX_OBJECTS = 1000;
const MAX_KEY = 1024;

type Input = OfBucket<DeleteObjectsRequest> & {
  readonly Delete: Delete & { readonly Objects: readonly ObjectIdentifier[] };
};

/** One object's failure never hides the others': it becomes an entry of the answer. */
async function deleteOne(
  gateway: Gateway,
  bucket: string,
  object: ObjectIdentifier,
  bypass: boolean,
  call: Call,
): Promise<{ readonly deleted: DeletedObject } | { readonly failure: DeleteFailure }> {
  const { Key: key = "" } = object;
  const versionId = object.VersionId || undefined;
  try {
    if (Buffer.byteLength(key) > MAX_KEY) throw new S3Error("KeyTooLongError");
    if (versionId !== undefined && !isVersionId(versionId)) throw new S3Error("NoSuchVersion");
    const name = { bucket, key, ...(versionId === undefined ? {} : { versionId }) };
    const deletion = await gateway.objects.delete(call, name, conditions(object), bypass);
    return { deleted: deletedObject(object, deletion) };
  } catch (failure) {
    const { kind, details } = toS3Error(failure) ?? new S3Error("InternalError");
    return { failure: { Key: key, VersionId: versionId, Code: kind, Message: details.message ?? errorText(kind) } };
  }
}

function conditions({ ETag, Size, LastModifiedTime }: ObjectIdentifier): Preconditions {
  return {
    ...(ETag === undefined ? {} : { ifMatch: [unquoted(ETag)] }),
    ...(Size === undefined ? {} : { ifMatchSize: Size }),
    ...(LastModifiedTime === undefined
      ? {}
      : { ifMatchModified: Math.floor(LastModifiedTime.getTime() / 1000) * 1000 }),
  };
}

/** S3 names the version that was asked for, and beside it the delete marker that was set or removed. */
function deletedObject({ Key, VersionId }: ObjectIdentifier, { versionId, deleteMarker }: Deletion): DeletedObject {
  return { Key, VersionId, ...(deleteMarker === true ? { DeleteMarker: true, DeleteMarkerVersionId: versionId } : {}) };
}

export const deleteObjects: Operation<Input, DeleteObjectsOutput> = {
  name: "DeleteObjects",
  match: { method: "POST", scope: "bucket", query: ["delete"] },
  access: "write",
  // A thousand keys of 1,024 bytes, should every one of their characters be an escape.
  digested: true,
  document: 8 * 1024 * 1024,
  parse({ bucket, document, headers }) {
    if (document === "") throw new S3Error("MissingRequestBodyError");
    const { Objects, Quiet } = readXml(document, deleteDocument);
    if (!Objects || Objects.length > MAX_OBJECTS || Objects.some(({ Key }) => !Key)) throw new S3Error("MalformedXML");
    return { Bucket: bucket, Delete: { Objects, Quiet }, BypassGovernanceRetention: bypassesGovernance(headers) };
  },
  async run(gateway, { Bucket, Delete: { Objects, Quiet }, BypassGovernanceRetention: bypass = false }, call) {
    await gateway.buckets.get(call, Bucket);
    const deleted: DeletedObject[] = [];
    const failures: DeleteFailure[] = [];
    for (const object of Objects) {
      call.signal.throwIfAborted();
      const outcome = await deleteOne(gateway, Bucket, object, bypass, call);
      if ("failure" in outcome) failures.push(outcome.failure);
      else if (!Quiet) deleted.push(outcome.deleted);
    }
    return { Deleted: deleted, Errors: failures };
  },
  render: (output) => xmlResponse(deleteResult, output),
};
