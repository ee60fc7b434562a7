import type { UploadPartOutput } from "@aws-sdk/client-s3";
import type { Body, UploadCall } from "../../gateway/gateway.js";
import type { CustomerKey } from "../../model/encryption.js";
import { onUpload } from "../access-rules.js";
import type { Operation } from "../operation.js";
import { checksumHeaders, checksumMembers } from "../wire/checksum-headers.js";
import { encryptionAnswer, onlyCustomerKey, type EncryptionMembers } from "../wire/encryption-headers.js";
import { quoted } from "../wire/etag.js";
import { partNumber } from "../wire/paging.js";

interface Input {
  readonly PartNumber: number;
  readonly Customer: CustomerKey | undefined;
  readonly Body: Body;
}

export const uploadPart: Operation<Input, UploadPartOutput & { readonly Encryption: EncryptionMembers }, UploadCall> = {
  name: "UploadPart",
  match: { method: "PUT", scope: "object", query: ["partNumber", "uploadId"] },
  access: onUpload("s3:PutObject", "only"),
  parse: (request) => ({
    PartNumber: partNumber(request.query.get("partNumber") ?? ""),
    Customer: onlyCustomerKey(request.headers),
    Body: request.body,
  }),
  async run({ uploads }, { PartNumber, Customer, Body }, call) {
    const { etag, checksum, encryption } = await uploads.putPart(call, PartNumber, Body, Customer);
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
