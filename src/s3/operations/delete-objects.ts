import type { Delete, DeletedObject, DeleteObjectsOutput, DeleteObjectsRequest, _Error as DeleteFailure, ObjectIdentifier } from "@aws-sdk/client-s3";
import type { Call, Gateway } from "../../gateway/gateway.js";
import { S3Error } from "../../model/errors.js";
import { errorText } from "../error-response.js";
import type { OfBucket, Operation } from "../operation.js";
import { deleteDocument, deleteResult } from "../wire/documents.js";
import { unquoted } from "../wire/etag.js";
import { readXml } from "../wire/xml-reader.js";
import { xmlResponse } from "../xml-response.js";

const MAX_OBJECTS = 1000;
const MAX_KEY = 1024;

type Input = OfBucket<DeleteObjectsRequest> & { readonly Delete: Delete & { readonly Objects: readonly ObjectIdentifier[] } };

/** One object's failure never hides the others': it becomes an entry of the answer. */
async function deleteOne(gateway: Gateway, bucket: string, object: ObjectIdentifier, call: Call): Promise<DeleteFailure | undefined> {
  const { Key: key = "", VersionId: versionId, ETag } = object;
  try {
    if (Buffer.byteLength(key) > MAX_KEY) throw new S3Error("KeyTooLongError");
    const name = { bucket, key, ...(versionId === undefined ? {} : { versionId }) };
    await gateway.objects.delete(call, name, ETag === undefined ? undefined : { ifMatch: [unquoted(ETag)] });
    return undefined;
  } catch (failure) {
    const { kind, details } = failure instanceof S3Error ? failure : new S3Error("InternalError");
    return { Key: key, VersionId: versionId, Code: kind, Message: details.message ?? errorText(kind) };
  }
}

export const deleteObjects: Operation<Input, DeleteObjectsOutput> = {
  name: "DeleteObjects",
  match: { method: "POST", scope: "bucket", query: ["delete"] },
  access: "write",
  // A thousand keys of 1,024 bytes, should every one of their characters be an escape.
  document: 8 * 1024 * 1024,
  parse({ bucket, document }) {
    if (document === "") throw new S3Error("MissingRequestBodyError");
    const { Objects, Quiet } = readXml(document, deleteDocument);
    if (!Objects || Objects.length > MAX_OBJECTS || Objects.some(({ Key }) => !Key)) throw new S3Error("MalformedXML");
    return { Bucket: bucket, Delete: { Objects, Quiet } };
  },
  async run(gateway, { Bucket, Delete: { Objects, Quiet } }, call) {
    await gateway.buckets.get(call, Bucket);
    const deleted: DeletedObject[] = [];
    const failures: DeleteFailure[] = [];
    for (const object of Objects) {
      call.signal.throwIfAborted();
      const failure = await deleteOne(gateway, Bucket, object, call);
      if (failure) failures.push(failure);
      else if (!Quiet) deleted.push({ Key: object.Key, VersionId: object.VersionId });
    }
    return { Deleted: deleted, Errors: failures };
  },
  render: (output) => xmlResponse(deleteResult, output),
};
