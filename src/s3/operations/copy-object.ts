import { onObject } from "../access-rules.js";
import type { CopyObjectRequest, CopyObjectResult } from "@aws-sdk/client-s3";
import type { CopyRequest } from "../../gateway/gateway.js";
import { S3Error } from "../../gateway/s3-error.js";
import type { Durability } from "../../model/object.js";
import { DeferredResponse, type Operation, type Served } from "../operation.js";
import type { S3Request } from "../request.js";
import { aclHeaders } from "../wire/acl.js";
import { checksumMembers, parseAlgorithm } from "../wire/checksum-headers.js";
import { readConditions, writeConditions } from "../wire/conditions.js";
import { contentHeaders } from "../wire/content-headers.js";
import { parseCopySource } from "../wire/copy-source.js";
import { copyObjectResult } from "../wire/documents.js";
import { durabilityHeaders } from "../wire/durability-headers.js";
import {
  customerOf,
  encryptionAnswer,
  encryptionRequest,
  sourceSecret,
  type EncryptionMembers,
} from "../wire/encryption-headers.js";
import { quoted } from "../wire/etag.js";
import { expirationText } from "../wire/expiration-header.js";
import { wholeSecond } from "../wire/http-date.js";
import { lockHeaders } from "../wire/lock-headers.js";
import { userMetadata } from "../wire/metadata-headers.js";
import { requireNoPart } from "../wire/paging.js";
import { replacedTags } from "../wire/tagging.js";
import { writtenVersionId } from "../wire/version-headers.js";
import { xmlResponse } from "../xml-response.js";
import { defined } from "../../model/defined.js";

type Input = Pick<Served<CopyObjectRequest>, "Key"> & { readonly Copy: CopyRequest };
type Output = CopyObjectResult & {
  readonly Encryption: EncryptionMembers;
  readonly Durability: Durability;
  readonly VersionId: string | undefined;
  readonly CopySourceVersionId: string | undefined;
  readonly Expiration: string | undefined;
};

function replaces({ headers }: S3Request): boolean {
  const directive = headers.get("x-amz-metadata-directive") ?? "COPY";
  if (directive === "COPY" || directive === "REPLACE") return directive === "REPLACE";
  throw new S3Error("InvalidArgument", {
    message: "Unknown metadata directive.",
    fields: { ArgumentName: "x-amz-metadata-directive", ArgumentValue: directive.slice(0, 100) },
  });
}

function parseCopy(request: S3Request): CopyRequest {
  const { headers } = request;
  requireNoPart(request.query);
  const source = parseCopySource(headers.get("x-amz-copy-source") ?? "");
  const replace = replaces(request);
  const content = contentHeaders(headers);
  const { websiteRedirectLocation } = content;
  const storageClass = headers.get("x-amz-storage-class");
  const algorithm = headers.get("x-amz-checksum-algorithm");
  return defined({
    source,
    replaceTags: replacedTags(headers),
    lock: lockHeaders(headers),
    acl: aclHeaders(headers),
    encryption: encryptionRequest(headers),
    ...sourceSecret(headers),
    preconditions: writeConditions(headers),
    sourcePreconditions: readConditions(headers, "x-amz-copy-source-"),
    own: defined({ storageClass, websiteRedirectLocation }),
    replaceMetadata: replace ? { content, metadata: userMetadata(headers) } : undefined,
    checksumAlgorithm: algorithm === undefined ? undefined : parseAlgorithm(algorithm),
  });
}

export const copyObject: Operation<Input, Output> = {
  name: "CopyObject",
  match: { method: "PUT", scope: "object", header: "x-amz-copy-source" },
  access: onObject("s3:PutObject", { anonymous: false, creates: "object" }),
  parse: (request) => ({ Key: request.key, Copy: parseCopy(request) }),
  run({ objects }, { Key: key, Copy }, call) {
    const copied = objects.copy(call, key, Copy);
    // Bytes that change the territory they are charged to, or their encryption, are read and put anew.
    return Promise.resolve(
      new DeferredResponse(
        copied.then(({ etag, createdAt, checksum, durability, versionId, sourceVersionId, expiry, encryption }) => ({
          ETag: quoted(etag),
          LastModified: wholeSecond(createdAt),
          ...checksumMembers(checksum),
          Durability: durability,
          VersionId: writtenVersionId(versionId),
          CopySourceVersionId: sourceVersionId,
          Expiration: expirationText(expiry),
          Encryption: { encryption, customer: customerOf(Copy.encryption) },
        })),
      ),
    );
  },
  render: ({ Durability, VersionId, CopySourceVersionId, Expiration, Encryption, ...result }) =>
    xmlResponse(copyObjectResult, result, {
      ...durabilityHeaders(Durability),
      "x-amz-version-id": VersionId,
      "x-amz-copy-source-version-id": CopySourceVersionId,
      "x-amz-expiration": Expiration,
      ...encryptionAnswer(Encryption),
    }),
};
