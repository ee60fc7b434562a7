import { onUpload } from "../access-rules.js";
import type { CopyPartResult } from "@aws-sdk/client-s3";
import { S3Error } from "../../gateway/s3-error.js";
import type { RangeRequest } from "../../model/byte-range.js";
import type { CopyPartRequest, UploadCall } from "../../gateway/gateway.js";
import { DeferredResponse, type Operation } from "../operation.js";
import type { S3Request } from "../request.js";
import { checksumMembers } from "../wire/checksum-headers.js";
import { readConditions } from "../wire/conditions.js";
import { parseCopySource } from "../wire/copy-source.js";
import { copyPartResult } from "../wire/documents.js";
import { encryptionAnswer, onlyCustomerKey, sourceSecret, type EncryptionMembers } from "../wire/encryption-headers.js";
import { quoted } from "../wire/etag.js";
import { wholeSecond } from "../wire/http-date.js";
import type { Headers } from "../wire/headers.js";
import { partNumber } from "../wire/paging.js";
import { parseCopyRange } from "../wire/range-header.js";
import { xmlResponse } from "../xml-response.js";
import { defined } from "../../model/defined.js";

interface Input {
  readonly PartNumber: number;
  readonly Copy: CopyPartRequest;
}

function sourceRange(headers: Headers): RangeRequest | undefined {
  const header = headers.get("x-amz-copy-source-range");
  if (header === undefined) return undefined;
  const range = parseCopyRange(header);
  if (range) return range;
  throw new S3Error("InvalidArgument", {
    message:
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
    fields: { ArgumentName: "x-amz-copy-source-range", ArgumentValue: header.slice(0, 100) },
  });
}

function parseCopy({ headers }: S3Request): CopyPartRequest {
  return defined({
    range: sourceRange(headers),
    customer: onlyCustomerKey(headers),
    ...sourceSecret(headers),
    source: parseCopySource(headers.get("x-amz-copy-source") ?? ""),
    sourcePreconditions: readConditions(headers, "x-amz-copy-source-"),
  });
}

type Output = CopyPartResult & {
  readonly CopySourceVersionId: string | undefined;
  readonly Encryption: EncryptionMembers;
};

export const uploadPartCopy: Operation<Input, Output, UploadCall> = {
  name: "UploadPartCopy",
  match: { method: "PUT", scope: "object", query: ["partNumber", "uploadId"], header: "x-amz-copy-source" },
  access: onUpload("s3:PutObject", "only"),
  parse: (request) => ({
    PartNumber: partNumber(request.query.get("partNumber") ?? ""),
    Copy: parseCopy(request),
  }),
  run({ uploads }, { PartNumber, Copy }, call) {
    const copied = uploads.copyPart(call, PartNumber, Copy);
    return Promise.resolve(
      new DeferredResponse(
        copied.then((part) => ({
          ETag: quoted(part.etag),
          LastModified: wholeSecond(part.createdAt),
          ...checksumMembers(part.checksum),
          CopySourceVersionId: part.sourceVersionId,
          Encryption: { encryption: part.encryption, customer: Copy.customer },
        })),
      ),
    );
  },
  render: ({ Encryption, ...output }) =>
    xmlResponse(copyPartResult, output, {
      "x-amz-copy-source-version-id": output.CopySourceVersionId,
      ...encryptionAnswer(Encryption),
    }),
};
