import type { CopyPartResult, UploadPartCopyRequest } from "@aws-sdk/client-s3";
import { S3Error } from "../../model/errors.js";
import type { RangeRequest } from "../../model/byte-range.js";
import type { Preconditions } from "../../model/precondition.js";
import { Late, type Operation, type Served } from "../operation.js";
import { checksumMembers } from "../wire/checksum-headers.js";
import { readConditions } from "../wire/conditions.js";
import { parseCopySource, type CopySource } from "../wire/copy-source.js";
import { copyPartResult } from "../wire/documents.js";
import { quoted } from "../wire/etag.js";
import type { Headers } from "../wire/headers.js";
import { partNumber } from "../wire/paging.js";
import { parseCopyRange } from "../wire/range-header.js";
import { xmlResponse } from "../xml-response.js";

type Input = Pick<Served<UploadPartCopyRequest>, "Bucket" | "Key"> & {
  readonly UploadId: string;
  readonly PartNumber: number;
  readonly Source: CopySource;
  readonly Range: RangeRequest | undefined;
  readonly Conditions: Preconditions;
};

function sourceRange(headers: Headers): RangeRequest | undefined {
  const header = headers.get("x-amz-copy-source-range");
  if (header === undefined) return undefined;
  const range = parseCopyRange(header);
  if (range) return range;
  throw new S3Error("InvalidArgument", {
    message: "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
    fields: { ArgumentName: "x-amz-copy-source-range", ArgumentValue: header.slice(0, 100) },
  });
}

export const uploadPartCopy: Operation<Input, CopyPartResult & { readonly CopySourceVersionId: string | undefined }> = {
  name: "UploadPartCopy",
  match: { method: "PUT", scope: "object", query: ["partNumber", "uploadId"], header: "x-amz-copy-source" },
  access: "write",
  parse: ({ bucket, key, query, headers }) => ({
    Bucket: bucket, Key: key, UploadId: query.get("uploadId") ?? "", PartNumber: partNumber(query.get("partNumber") ?? ""),
    Source: parseCopySource(headers.get("x-amz-copy-source") ?? ""), Range: sourceRange(headers),
    Conditions: readConditions(headers, "x-amz-copy-source-"),
  }),
  run({ uploads }, { Bucket: bucket, Key: key, UploadId, PartNumber, Source, Range, Conditions }, call) {
    const copied = uploads.copyPart(call, { bucket, key }, UploadId, PartNumber, Source, Range, Conditions);
    return Promise.resolve(new Late(copied.then((part) => ({
      ETag: quoted(part.etag), LastModified: new Date(part.createdAt), ...checksumMembers(part.checksum), CopySourceVersionId: part.sourceVersionId,
    }))));
  },
  render: (output) => xmlResponse(copyPartResult, output, { "x-amz-copy-source-version-id": output.CopySourceVersionId }),
};
