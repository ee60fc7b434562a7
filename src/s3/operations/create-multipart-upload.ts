import type { CreateMultipartUploadOutput, CreateMultipartUploadRequest } from "@aws-sdk/client-s3";
import type { CreateUploadSettings } from "../../gateway/gateway.js";
import type { AbortSchedule } from "../../model/lifecycle.js";
import { onObject } from "../access-rules.js";
import type { Operation, Served } from "../operation.js";
import type { S3Request } from "../request.js";
import { aclHeaders } from "../wire/acl.js";
import { parseAlgorithm, parseChecksumType } from "../wire/checksum-headers.js";
import { contentHeaders } from "../wire/content-headers.js";
import { initiateResult } from "../wire/documents.js";
import { customerOf, encryptionAnswer, encryptionRequest, type EncryptionMembers } from "../wire/encryption-headers.js";
import { abortHeaders } from "../wire/expiration-header.js";
import { lockHeaders } from "../wire/lock-headers.js";
import { userMetadata } from "../wire/metadata-headers.js";
import { taggingHeader } from "../wire/tagging.js";
import { xmlResponse } from "../xml-response.js";
import { defined } from "../../model/defined.js";

type Input = Pick<Served<CreateMultipartUploadRequest>, "Bucket" | "Key"> & { readonly Settings: CreateUploadSettings };

/** The checksum that the upload's headers ask for. Which types an algorithm allows is checked by the gateway. */
function checksumSettings({ headers }: S3Request): Pick<CreateUploadSettings, "checksumAlgorithm" | "checksumType"> {
  const name = headers.get("x-amz-checksum-algorithm");
  const type = parseChecksumType(headers.get("x-amz-checksum-type"));
  if (name === undefined) return type === undefined ? {} : { checksumType: type };
  const algorithm = parseAlgorithm(name);
  return {
    checksumAlgorithm: algorithm,
    checksumType: type ?? (algorithm === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE"),
  };
}

export const createMultipartUpload: Operation<
  Input,
  CreateMultipartUploadOutput & { readonly Encryption: EncryptionMembers; readonly Ending: AbortSchedule }
> = {
  name: "CreateMultipartUpload",
  match: { method: "POST", scope: "object", query: ["uploads"] },
  access: onObject("s3:PutObject", { anonymous: false, creates: "upload" }),
  parse(request) {
    const { bucket, key, headers } = request;
    return {
      Bucket: bucket,
      Key: key,
      Settings: defined({
        tags: taggingHeader(headers),
        lock: lockHeaders(headers),
        acl: aclHeaders(headers),
        encryption: encryptionRequest(headers),
        content: contentHeaders(headers),
        metadata: userMetadata(headers),
        ...checksumSettings(request),
      }),
    };
  },
  async run({ uploads }, { Bucket: bucket, Key: key, Settings }, call) {
    const { id, checksumAlgorithm, checksumType, encryption, ...rest } = await uploads.create(call, key, Settings);
    return {
      Bucket: bucket,
      Key: key,
      UploadId: id,
      ChecksumAlgorithm: checksumAlgorithm,
      ChecksumType: checksumType,
      Ending: rest,
      Encryption: { encryption, customer: customerOf(Settings.encryption) },
    };
  },
  render: (output) =>
    xmlResponse(initiateResult, output, {
      "x-amz-checksum-algorithm": output.ChecksumAlgorithm,
      "x-amz-checksum-type": output.ChecksumType,
      ...abortHeaders(output.Ending),
      ...encryptionAnswer(output.Encryption),
    }),
};
