import type { GetObjectRequest, HeadObjectOutput } from "@aws-sdk/client-s3";
import type { ObjectKey, ReadRequest, ReadResult } from "../../gateway/gateway.js";
import { ANONYMOUS } from "../../model/account.js";
import { rangeLength } from "../../model/byte-range.js";
import type { Checksum } from "../../model/checksum.js";
import { S3Error } from "../../gateway/s3-error.js";
import type { NetworkFile } from "../../model/network-file.js";
import { isArchived, type Durability } from "../../model/object.js";
import type { S3Response, Served } from "../operation.js";
import type { S3Request } from "../request.js";
import { checksumHeaders, checksumMembers } from "../wire/checksum-headers.js";
import { rangeConditions } from "../wire/conditions.js";
import { durabilityHeaders } from "../wire/durability-headers.js";
import { encryptionAnswer, onlyReadSecret, type EncryptionMembers } from "../wire/encryption-headers.js";
import { quoted } from "../wire/etag.js";
import { expirationText } from "../wire/expiration-header.js";
import { isHeaderValue } from "../wire/headers.js";
import { formatHttpDate } from "../wire/http-date.js";
import { networkHeaders } from "../wire/network-headers.js";
import { metadataHeaders } from "../wire/metadata-headers.js";
import { partNumber, versionId } from "../wire/paging.js";
import { parseRange } from "../wire/range-header.js";
import { defined } from "../../model/defined.js";

/** What GetObject and HeadObject share: they differ only in the body. */
export type ReadInput = Pick<Served<GetObjectRequest>, "Key" | "VersionId"> & {
  readonly Read: ReadRequest;
  readonly WithChecksum: boolean;
  readonly Overrides: Readonly<Record<string, string>>;
};
export type ReadOutput = Omit<HeadObjectOutput, "Expires"> & {
  readonly Durability: Durability;
  readonly Recoverable: boolean | undefined;
  /** Until when the object's space is paid for. */
  readonly PaidUntil: Date | undefined;
  readonly Encryption: EncryptionMembers;
  readonly Network: NetworkFile | undefined;
  readonly Overrides: Readonly<Record<string, string>>;
};

/** The header that each `response-…` parameter replaces. */
const overrides = Object.entries({
  "response-content-type": "Content-Type",
  "response-content-language": "Content-Language",
  "response-expires": "Expires",
  "response-cache-control": "Cache-Control",
  "response-content-disposition": "Content-Disposition",
  "response-content-encoding": "Content-Encoding",
});

/** Objects in an archive class are shown as restored: otherwise clients would not try to read them. */
const RESTORED = 'ongoing-request="false", expiry-date="Fri, 31 Dec 9999 23:59:59 GMT"';

function readOverrides({ query, account }: S3Request): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [parameter, header] of overrides) {
    const value = query.get(parameter);
    if (value === undefined) continue;
    // A line break would let the URL's author add headers to the answer.
    if (!isHeaderValue(value)) {
      throw new S3Error("InvalidArgument", {
        message: "Header value cannot be represented.",
        fields: { ArgumentName: parameter },
      });
    }
    // Clients read headers as Latin-1. Other names can be sent as RFC 8187's `filename*=UTF-8''…`.
    if (/[^\u0000-\u00ff]/.test(value)) {
      throw new S3Error("InvalidArgument", {
        message: "Header value cannot be represented using ISO-8859-1.",
        fields: { ArgumentName: parameter, ArgumentValue: value },
      });
    }
    // Otherwise anyone could turn a public object into a web page under this host's name.
    if (account === ANONYMOUS)
      throw new S3Error("InvalidRequest", {
        message: "Request specific response headers cannot be used for anonymous GET requests.",
      });
    found[header] = value;
  }
  return found;
}

export function parseRead(request: S3Request): ReadInput {
  const { headers, query } = request;
  const part = query.get("partNumber");
  if (part !== undefined && headers.get("range") !== undefined) {
    throw new S3Error("InvalidRequest", { message: "Cannot specify both Range header and partNumber query parameter" });
  }
  const range = parseRange(headers.get("range"));
  const secret = onlyReadSecret(headers);
  return {
    Key: request.key,
    VersionId: versionId(query),
    Read: defined({
      preconditions: rangeConditions(headers),
      range,
      ...secret,
      partNumber: part === undefined ? undefined : partNumber(part),
    }),
    WithChecksum: headers.get("x-amz-checksum-mode")?.toUpperCase() === "ENABLED",
    Overrides: readOverrides(request),
  };
}

export function objectKey({ Key: key, VersionId }: ReadInput): ObjectKey {
  return defined({ key, versionId: VersionId });
}

/** The checksum of the bytes in the answer: a part has its own, a range has none. */
function checksumOf(
  { parts, checksum, size }: ReadResult["version"],
  length: number,
  part: number | undefined,
): Checksum | undefined {
  if (part === undefined || !parts) return length === size ? checksum : undefined;
  const own = parts.find(({ partNumber: number }) => number === part)?.checksum;
  return own && { ...own, type: checksum?.type ?? own.type };
}

export function readOutput(result: ReadResult, input: ReadInput): ReadOutput {
  const { version, range, partsCount } = result;
  const { content, size } = version;
  const length = range ? rangeLength(range) : size;
  const checksum = input.WithChecksum ? checksumOf(version, length, input.Read.partNumber) : undefined;
  return {
    AcceptRanges: "bytes",
    ContentLength: length,
    ContentRange: range && length > 0 ? `bytes ${range.start}-${range.end - 1}/${size}` : undefined,
    ETag: quoted(version.etag),
    LastModified: new Date(version.createdAt),
    ContentType: content.contentType ?? "binary/octet-stream",
    ContentEncoding: content.contentEncoding,
    ContentDisposition: content.contentDisposition,
    ContentLanguage: content.contentLanguage,
    CacheControl: content.cacheControl,
    ExpiresString: content.expires,
    WebsiteRedirectLocation: content.websiteRedirectLocation,
    StorageClass: content.storageClass as HeadObjectOutput["StorageClass"],
    Restore: isArchived(content) ? RESTORED : undefined,
    VersionId: result.versionId,
    Expiration: expirationText(result.expiry),
    TagCount: version.tags?.length,
    ObjectLockMode: version.lock?.retention?.mode,
    ObjectLockRetainUntilDate: version.lock?.retention && new Date(version.lock.retention.until),
    ObjectLockLegalHoldStatus: version.lock?.legalHold,
    PartsCount: partsCount,
    Metadata: version.metadata,
    ...checksumMembers(checksum),
    Durability: version.durability,
    Encryption: { encryption: version.encryption, customer: input.Read.customer, cipher: input.Read.cipher },
    Network: version.network,
    PaidUntil: result.paidUntil === undefined ? undefined : new Date(result.paidUntil),
    Recoverable: result.recoverable,
    Overrides: input.Overrides,
  };
}

export function renderRead(output: ReadOutput): S3Response {
  return {
    status: output.ContentRange === undefined ? 200 : 206,
    headers: {
      "Accept-Ranges": output.AcceptRanges,
      "Content-Length": output.ContentLength,
      "Content-Range": output.ContentRange,
      ETag: output.ETag,
      "Last-Modified": output.LastModified && formatHttpDate(output.LastModified.getTime()),
      "Content-Type": output.ContentType,
      "Content-Encoding": output.ContentEncoding,
      "Content-Disposition": output.ContentDisposition,
      "Content-Language": output.ContentLanguage,
      "Cache-Control": output.CacheControl,
      Expires: output.ExpiresString,
      "x-amz-website-redirect-location": output.WebsiteRedirectLocation,
      "x-amz-storage-class": output.StorageClass,
      "x-amz-restore": output.Restore,
      "x-amz-version-id": output.VersionId,
      "x-amz-expiration": output.Expiration,
      "x-amz-mp-parts-count": output.PartsCount,
      "x-amz-tagging-count": output.TagCount,
      "x-amz-object-lock-mode": output.ObjectLockMode,
      "x-amz-object-lock-retain-until-date": output.ObjectLockRetainUntilDate?.toISOString(),
      "x-amz-object-lock-legal-hold": output.ObjectLockLegalHoldStatus,
      ...encryptionAnswer(output.Encryption),
      ...metadataHeaders(output.Metadata),
      ...checksumHeaders(output),
      ...durabilityHeaders(output.Durability),
      ...(output.Network && networkHeaders(output.Network)),
      "x-cess-paid-until": output.PaidUntil && formatHttpDate(output.PaidUntil.getTime()),
      "x-cess-recoverable": output.Recoverable === undefined ? undefined : output.Recoverable ? "yes" : "pending",
      ...output.Overrides,
    },
  };
}
