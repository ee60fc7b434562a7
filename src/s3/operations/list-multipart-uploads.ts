import type { ListMultipartUploadsOutput, ListMultipartUploadsRequest, MultipartUpload } from "@aws-sdk/client-s3";
import type { Account } from "../../model/account.js";
import { S3Error } from "../../gateway/s3-error.js";
import type { Upload } from "../../model/object.js";
import { onBucket } from "../access-rules.js";
import type { OfBucket, Operation } from "../operation.js";
import { listUploadsResult } from "../wire/documents.js";
import { wholeSecond } from "../wire/http-date.js";
import { encodingType, listedText, pageLimit } from "../wire/paging.js";
import type { Query } from "../wire/query.js";
import { xmlResponse } from "../xml-response.js";
import { ownerOf } from "./listed-object.js";

function listedUpload(upload: Upload, text: (key: string) => string, caller: Account): MultipartUpload {
  const owner = ownerOf(upload.acl?.owner ?? upload.owner, caller);
  return {
    Key: text(upload.key),
    UploadId: upload.id,
    Initiator: owner,
    Owner: owner,
    Initiated: wholeSecond(upload.createdAt),
    StorageClass: (upload.content.storageClass ?? "STANDARD") as NonNullable<MultipartUpload["StorageClass"]>,
    ChecksumAlgorithm: upload.checksumAlgorithm,
    ChecksumType: upload.checksumType,
  };
}

function uploadIdMarker(query: Query): string {
  const marker = query.get("upload-id-marker") ?? "";
  if (marker === "" || /^[A-Za-z0-9_-]{32}$/.test(marker)) return marker;
  throw new S3Error("InvalidArgument", {
    message: "Invalid uploadId marker",
    fields: { ArgumentName: "upload-id-marker", ArgumentValue: marker.slice(0, 200) },
  });
}

export const listMultipartUploads: Operation<OfBucket<ListMultipartUploadsRequest>, ListMultipartUploadsOutput> = {
  name: "ListMultipartUploads",
  match: { method: "GET", scope: "bucket", query: ["uploads"] },
  access: onBucket("s3:ListBucketMultipartUploads"),
  parse({ bucket, query }) {
    const keyMarker = query.get("key-marker") ?? "";
    return {
      Bucket: bucket,
      Prefix: query.get("prefix") ?? "",
      Delimiter: query.get("delimiter"),
      KeyMarker: keyMarker,
      UploadIdMarker: keyMarker === "" ? "" : uploadIdMarker(query),
      MaxUploads: pageLimit(query, "max-uploads"),
      EncodingType: encodingType(query),
    };
  },
  async run({ uploads }, input, call) {
    const {
      Bucket,
      Prefix = "",
      Delimiter = "",
      KeyMarker = "",
      UploadIdMarker = "",
      MaxUploads = 1000,
      EncodingType,
    } = input;
    const page = await uploads.list(call, {
      prefix: Prefix,
      delimiter: Delimiter,
      keyMarker: KeyMarker,
      uploadIdMarker: UploadIdMarker,
      limit: MaxUploads,
    });
    const text = listedText(EncodingType);
    return {
      Bucket,
      Prefix: text(Prefix),
      KeyMarker: text(KeyMarker),
      UploadIdMarker,
      MaxUploads,
      EncodingType,
      Delimiter: Delimiter === "" ? undefined : text(Delimiter),
      IsTruncated: page.truncated && MaxUploads > 0,
      NextKeyMarker: page.nextKeyMarker === undefined ? undefined : text(page.nextKeyMarker),
      NextUploadIdMarker: page.nextUploadIdMarker,
      Uploads: page.uploads.map((upload) => listedUpload(upload, text, call.account)),
      CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: text(prefix) })),
    };
  },
  render: (output) => xmlResponse(listUploadsResult, output),
};
