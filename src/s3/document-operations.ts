import { S3Error } from "../gateway/s3-error.js";
import type { SetOptions } from "../gateway/gateway.js";
import type { BucketDocument, DocumentName } from "../model/bucket-documents.js";
import { onBucket } from "./access-rules.js";
import type { AnyOperation, Operation, S3Response } from "./operation.js";
import type { S3Request } from "./request.js";

/** A bucket document on the wire: the operations that read, set and remove it, and its form in requests and answers. */
export interface WireDocument<Name extends DocumentName> {
  readonly document: Name;
  /** The query parameter of the sub-resource. */
  readonly query: string;
  readonly get: { readonly name: string; readonly action: string };
  readonly put: {
    readonly name: string;
    readonly action: string;
    /** Limit of the request's document, in bytes. */
    readonly maxBytes: number;
    /** See Operation.digested. */
    readonly digested?: true;
    readonly status?: 204;
  };
  /** Absent: S3 has no such operation. */
  readonly delete?: { readonly name: string; readonly action: string };
  /** Parses the request's document. Undefined removes the bucket document. `text` is not empty. */
  read(text: string, request: S3Request): BucketDocument<Name> | undefined;
  write(document: BucketDocument<Name>): S3Response;
  /** The answer if the document was never set. Absent: S3 has an error for that. */
  empty?(): S3Response;
  options?(request: S3Request): SetOptions;
  /** Headers of the answer to a write. */
  written?(document: BucketDocument<Name> | undefined): S3Response["headers"];
}

interface Change<Name extends DocumentName> {
  readonly document: BucketDocument<Name> | undefined;
  readonly options: SetOptions;
}

function getOperation<Name extends DocumentName>(wire: WireDocument<Name>): Operation<undefined, S3Response> {
  return {
    name: wire.get.name,
    match: { method: "GET", scope: "bucket", query: [wire.query] },
    access: onBucket(wire.get.action),
    parse: () => undefined,
    async run({ documents }, _input, call) {
      if (!wire.empty) return wire.write(await documents.get(call, wire.document));
      const document = await documents.find(call, wire.document);
      return document === undefined ? wire.empty() : wire.write(document);
    },
    render: (response) => response,
  };
}

function putOperation<Name extends DocumentName>(wire: WireDocument<Name>): Operation<Change<Name>, S3Response> {
  const { name, action, maxBytes, digested, status = 200 } = wire.put;
  return {
    name,
    match: { method: "PUT", scope: "bucket", query: [wire.query] },
    access: onBucket(action),
    document: maxBytes,
    ...(digested ? { digested } : {}),
    parse(request) {
      if (request.document === "") throw new S3Error("MissingRequestBodyError");
      return { document: wire.read(request.document, request), options: wire.options?.(request) ?? {} };
    },
    async run({ documents }, { document, options }, call) {
      if (document === undefined) await documents.delete(call, wire.document);
      else await documents.set(call, wire.document, document, options);
      return { status, headers: wire.written?.(document) ?? {} };
    },
    render: (response) => response,
  };
}

function deleteOperation(
  document: DocumentName,
  query: string,
  { name, action }: { readonly name: string; readonly action: string },
): Operation<undefined, void> {
  return {
    name,
    match: { method: "DELETE", scope: "bucket", query: [query] },
    access: onBucket(action),
    parse: () => undefined,
    run: ({ documents }, _input, call) => documents.delete(call, document),
    render: () => ({ status: 204, headers: {} }),
  };
}

/** The operations of a bucket document, as rows for the table of operations. */
export function documentOperations<Name extends DocumentName>(wire: WireDocument<Name>): AnyOperation[] {
  return [
    getOperation(wire),
    putOperation(wire),
    ...(wire.delete ? [deleteOperation(wire.document, wire.query, wire.delete)] : []),
  ];
}
