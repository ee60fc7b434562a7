import { onUpload } from "../access-rules.js";
import type {
  CompletedPart as WirePart,
  CompleteMultipartUploadOutput,
  CompleteMultipartUploadRequest,
} from "@aws-sdk/client-s3";
import type { CompletedPart, CompleteRequest, UploadCall } from "../../gateway/gateway.js";
import type { CustomerKey } from "../../model/encryption.js";
import { S3Error } from "../../gateway/s3-error.js";
import { DeferredResponse, type Operation, type Served } from "../operation.js";
import type { S3Request } from "../request.js";
import { announcedChecksum, checksumMembers, memberChecksum, parseChecksumType } from "../wire/checksum-headers.js";
import { writeConditions } from "../wire/conditions.js";
import { completedMultipartUpload, completeResult } from "../wire/documents.js";
import { customerKey, encryptionAnswer, type EncryptionMembers } from "../wire/encryption-headers.js";
import { quoted, unquoted } from "../wire/etag.js";
import { expirationText } from "../wire/expiration-header.js";
import { objectLocation } from "../wire/location.js";
import { writtenVersionId } from "../wire/version-headers.js";
import { readXml } from "../wire/xml-reader.js";
import { xmlResponse } from "../xml-response.js";
import { defined } from "../../model/defined.js";

const MAX_PARTS = 10_000;

type Input = Pick<Served<CompleteMultipartUploadRequest>, "Bucket" | "Key"> & {
  readonly Location: string;
  readonly Request: CompleteRequest;
  readonly Customer: CustomerKey | undefined;
};

function parsePart(part: WirePart): CompletedPart {
  const { PartNumber: partNumber = 0, ETag = "" } = part;
  if (partNumber < 1 || partNumber > MAX_PARTS) {
    throw new S3Error("InvalidArgument", {
      message: "PartNumber must be >= 1 and <= 10000",
      fields: { ArgumentName: "partNumber", ArgumentValue: String(partNumber) },
    });
  }
  return defined({ partNumber, etag: unquoted(ETag), checksum: memberChecksum({ ...part }) });
}

function objectSize({ headers }: S3Request): number | undefined {
  const text = headers.get("x-amz-mp-object-size");
  if (text === undefined || /^\d{1,15}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new S3Error("InvalidRequest", { message: "Value for x-amz-mp-object-size header is invalid." });
}

function parseComplete(request: S3Request): CompleteRequest {
  if (request.document === "") throw new S3Error("InvalidRequest", { message: "You must specify at least one part" });
  const { Parts = [] } = readXml(request.document, completedMultipartUpload);
  if (Parts.length > MAX_PARTS) throw new S3Error("MalformedXML");
  return defined({
    preconditions: writeConditions(request.headers),
    checksum: announcedChecksum(request.headers, true),
    checksumType: parseChecksumType(request.headers.get("x-amz-checksum-type")),
    size: objectSize(request),
    parts: Parts.map(parsePart),
  });
}

export const completeMultipartUpload: Operation<
  Input,
  CompleteMultipartUploadOutput & { readonly Encryption: EncryptionMembers; readonly Charged: number | undefined },
  UploadCall
> = {
  name: "CompleteMultipartUpload",
  match: { method: "POST", scope: "object", query: ["uploadId"] },
  access: onUpload("s3:PutObject", "only"),
  // Room for ten thousand parts, each with its ETag and a checksum, with much white space.
  document: 4 * 1024 * 1024,
  objectChecksum: true,
  parse: (request) => ({
    Bucket: request.bucket,
    Key: request.key,
    Location: objectLocation(request),
    // Other encryption headers, which minio-go sends, are ignored: the upload already says how it is encrypted.
    Request: parseComplete(request),
    Customer: customerKey(request.headers),
  }),
  async run({ uploads }, { Bucket: bucket, Key: key, Location, Request, Customer }, call) {
    const { result } = await uploads.complete(call, Request, Customer);
    return new DeferredResponse(
      result.then(({ etag, checksum, versionId, expiry, encryption, chargedBytes }) => ({
        Location,
        Bucket: bucket,
        Key: key,
        ETag: quoted(etag),
        ...checksumMembers(checksum),
        VersionId: writtenVersionId(versionId),
        Expiration: expirationText(expiry),
        Encryption: { encryption: encryption?.algorithm === "customer" ? undefined : encryption },
        Charged: chargedBytes,
      })),
    );
  },
  render: ({ Encryption, Charged, ...output }) =>
    xmlResponse(completeResult, output, {
      "x-amz-version-id": output.VersionId,
      "x-amz-expiration": output.Expiration,
      "x-cess-charged-bytes": Charged,
      ...encryptionAnswer(Encryption),
    }),
};
