import type { Checksum, ChecksumAlgorithm, ChecksumType } from "../../model/checksum.js";
import { S3Error } from "../s3-error.js";
import type { Part, Upload } from "../../model/object.js";
import { combinedChecksum, digestsBy, type ChecksummedPart } from "../ingest/combined-checksum.js";
import { isCombinable } from "../ingest/crc-combine.js";
import { beginDigest } from "../../digests/digest.js";
import type { CompleteRequest, CreateUploadSettings } from "./uploads.js";

/** The algorithm of uploads that announce none, as on AWS. */
const DEFAULT_ALGORITHM: ChecksumAlgorithm = "CRC64NVME";

/** The algorithm of the checksums of this upload's parts. */
export function uploadAlgorithm(upload: Pick<Upload, "checksumAlgorithm">): ChecksumAlgorithm {
  return upload.checksumAlgorithm ?? DEFAULT_ALGORITHM;
}

/** InvalidRequest for a checksum type that the algorithm does not have, or without an algorithm. */
export function requireChecksumType({ checksumAlgorithm: algorithm, checksumType: type }: CreateUploadSettings): void {
  if (type === undefined) return;
  if (algorithm === undefined) {
    throw new S3Error("InvalidRequest", {
      message: "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
    });
  }
  const allowed = type === "COMPOSITE" ? algorithm !== "CRC64NVME" : isCombinable(algorithm);
  if (allowed) return;
  throw new S3Error("InvalidRequest", {
    message: `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
  });
}

/**
 * The checksum of the whole object from those of its parts; undefined if a part has none by the upload's algorithm.
 * BadDigest if it differs from the request's, InvalidRequest if its type or algorithm does.
 */
export async function wholeChecksum(
  upload: Upload,
  parts: readonly Part[],
  request: CompleteRequest,
): Promise<Checksum | undefined> {
  const algorithm = uploadAlgorithm(upload);
  const type = checksumType(upload, algorithm);
  if (request.checksumType !== undefined && request.checksumType !== type) {
    throw new S3Error("InvalidRequest", {
      message: `The upload was created using the ${type} checksum mode. The complete request must use the same checksum mode.`,
    });
  }
  if (upload.checksumAlgorithm && type === "COMPOSITE") requirePartChecksums(request, algorithm);
  const whole = type === "FULL_OBJECT" ? combinedChecksum(algorithm, parts) : await composite(algorithm, parts);
  if (whole) requireSame(request, whole);
  return whole;
}

/** InvalidRequest unless the request has a checksum for each part, as AWS demands for composite checksums. */
function requirePartChecksums({ parts }: CompleteRequest, algorithm: ChecksumAlgorithm): void {
  const bare = parts.find(({ checksum }) => checksum?.algorithm !== algorithm);
  if (!bare) return;
  throw new S3Error("InvalidRequest", {
    message:
      `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. ` +
      `It was missing for part ${bare.partNumber} in the request.`,
  });
}

function checksumType({ checksumType: type }: Upload, algorithm: ChecksumAlgorithm): ChecksumType {
  return type ?? (algorithm === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE");
}

/** S3's composite checksum: a digest over the parts' raw digests, followed by the number of parts. */
async function composite(
  algorithm: ChecksumAlgorithm,
  parts: readonly ChecksummedPart[],
): Promise<Checksum | undefined> {
  const own = digestsBy(algorithm, parts);
  if (!own) return undefined;
  const digest = await beginDigest(algorithm);
  for (const part of own) digest.update(part);
  return { algorithm, type: "COMPOSITE", value: `${digest.digest().toString("base64")}-${own.length}` };
}

function requireSame(request: CompleteRequest, { algorithm, value }: Checksum): void {
  const expected = request.checksum;
  if (!expected || expected.algorithm !== algorithm) {
    // A checksum by another algorithm than the upload's could only be checked by reading all bytes again.
    if (!expected) return;
    throw new S3Error("InvalidRequest", {
      message: `The upload was created using the ${algorithm} checksum algorithm; the request to complete it carries a ${expected.algorithm} checksum`,
    });
  }
  // Some clients leave the number of parts out of a composite value.
  const same = expected.value === value || expected.value === value.replace(/-\d+$/, "");
  if (!same)
    throw new S3Error("BadDigest", { message: `The ${algorithm} you specified did not match the calculated checksum` });
}
