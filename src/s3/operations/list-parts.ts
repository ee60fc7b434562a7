import type { ListPartsOutput, ListPartsRequest } from "@aws-sdk/client-s3";
import type { UploadCall } from "../../gateway/gateway.js";
import type { AbortSchedule } from "../../model/lifecycle.js";
import { onUpload } from "../access-rules.js";
import type { Operation, Served } from "../operation.js";
import { checksumMembers } from "../wire/checksum-headers.js";
import { listPartsResult } from "../wire/documents.js";
import { quoted } from "../wire/etag.js";
import { abortHeaders } from "../wire/expiration-header.js";
import { wholeSecond } from "../wire/http-date.js";
import { pageLimit } from "../wire/paging.js";
import { xmlResponse } from "../xml-response.js";
import { ownerOf } from "./listed-object.js";

export const listParts: Operation<
  Served<ListPartsRequest>,
  ListPartsOutput & { readonly Ending: AbortSchedule },
  UploadCall
> = {
  name: "ListParts",
  match: { method: "GET", scope: "object", query: ["uploadId"] },
  access: onUpload("s3:ListMultipartUploadParts", "also"),
  parse: ({ bucket, key, query }) => ({
    Bucket: bucket,
    Key: key,
    UploadId: query.get("uploadId"),
    MaxParts: pageLimit(query, "max-parts"),
    PartNumberMarker: query.has("part-number-marker")
      ? String(pageLimit(query, "part-number-marker", 2_147_483_647))
      : "0",
  }),
  async run({ uploads }, input, call) {
    const { Bucket, Key, UploadId, MaxParts = 1000, PartNumberMarker = "0" } = input;
    const page = await uploads.parts(call, Number(PartNumberMarker), MaxParts);
    const { upload, parts } = page;
    const owner = ownerOf(upload.acl?.owner ?? upload.owner, call.account);
    return {
      Bucket,
      Key,
      UploadId,
      Ending: upload,
      Initiator: owner,
      Owner: owner,
      PartNumberMarker,
      MaxParts,
      IsTruncated: page.truncated && MaxParts > 0,
      StorageClass: (upload.content.storageClass ?? "STANDARD") as NonNullable<ListPartsOutput["StorageClass"]>,
      NextPartNumberMarker: String(parts.at(-1)?.partNumber ?? 0),
      ChecksumAlgorithm: upload.checksumAlgorithm,
      ChecksumType: upload.checksumType,
      Parts: parts.map((part) => ({
        PartNumber: part.partNumber,
        LastModified: wholeSecond(part.createdAt),
        ETag: quoted(part.etag),
        Size: part.size,
        ...checksumMembers(part.checksum),
      })),
    };
  },
  render: ({ Ending, ...output }) => xmlResponse(listPartsResult, output, abortHeaders(Ending)),
};
