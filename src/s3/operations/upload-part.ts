import type { UploadPartOutput, UploadPartRequest } from "@aws-sdk/client-s3";
import type { Body } from "../../gateway/gateway.js";
import type { Operation, Served } from "../operation.js";
import { checksumHeaders, checksumMembers } from "../wire/checksum-headers.js";
import { quoted } from "../wire/etag.js";
import { partNumber } from "../wire/paging.js";

type Input = Pick<Served<UploadPartRequest>, "Bucket" | "Key"> & {
  readonly UploadId: string;
  readonly PartNumber: number;
  readonly Body: Body;
};

export const uploadPart: Operation<Input, UploadPartOutput> = {
  name: "UploadPart",
  match: { method: "PUT", scope: "object", query: ["partNumber", "uploadId"] },
  access: "write",
  parse: (request) => ({
    Bucket: request.bucket, Key: request.key, UploadId: request.query.get("uploadId") ?? "",
    PartNumber: partNumber(request.query.get("partNumber") ?? ""), Body: request.body,
  }),
  async run({ uploads }, { Bucket: bucket, Key: key, UploadId, PartNumber, Body }, call) {
    const { etag, checksum } = await uploads.putPart(call, { bucket, key }, UploadId, PartNumber, Body);
    return { ETag: quoted(etag), ...checksumMembers(checksum) };
  },
  // A part's checksum has no type of its own: that is said when the upload is completed.
  render: (output) => ({ status: 200, headers: { ETag: output.ETag, ...checksumHeaders(output), "x-amz-checksum-type": undefined } }),
};
