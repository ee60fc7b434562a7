import type { UploadPartOutput, UploadPartRequest } from "@aws-sdk/client-s3";
import type { Body } from "../../gateway/gateway.js";
import type { CustomerKey } from "../../model/encryption.js";
import type { Operation, Served } from "../operation.js";
import { checksumHeaders, checksumMembers } from "../wire/checksum-headers.js";
import { encryptionAnswer, onlyCustomerKey, type EncryptionMembers } from "../wire/encryption-headers.js";
import { quoted } from "../wire/etag.js";
import { partNumber } from "../wire/paging.js";

type Input = Pick<Served<UploadPartRequest>, "Bucket" | "Key"> & {
  readonly UploadId: string;
  readonly PartNumber: number;
  readonly Customer: CustomerKey | undefined;
  readonly Body: Body;
};

export const uploadPart: Operation<Input, UploadPartOutput & { readonly Encryption: EncryptionMembers }> = {
  name: "UploadPart",
  match: { method: "PUT", scope: "object", query: ["partNumber", "uploadId"] },
  access: "write",
  parse: (request) => ({
    Bucket: request.bucket,
    Key: request.key,
    UploadId: request.query.get("uploadId") ?? "",
    PartNumber: partNumber(request.query.get("partNumber") ?? ""),
    Customer: onlyCustomerKey(request.headers),
    Body: request.body,
  }),
  async run({ uploads }, { Bucket: bucket, Key: key, UploadId, PartNumber, Customer, Body }, call) {
    const { etag, checksum, encryption } = await uploads.putPart(
      call,
      { bucket, key },
      UploadId,
      PartNumber,
      Body,
      Customer,
    );
    return { ETag: quoted(etag), ...checksumMembers(checksum), Encryption: { encryption, customer: Customer } };
  },
  // The type of a checksum is answered when the upload is completed, not for a part.
  render: (output) => ({
    status: 200,
    headers: {
      ETag: output.ETag,
      ...encryptionAnswer(output.Encryption),
      ...checksumHeaders(output),
      "x-amz-checksum-type": undefined,
    },
  }),
};
