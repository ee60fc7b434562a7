import { checksumAlgorithms, type Checksum, type ChecksumAlgorithm, type ChecksumType } from "../../model/checksum.js";
import { DIGEST_BYTES } from "../../digests/digest.js";
import { S3Error } from "../../gateway/s3-error.js";
import type { Headers } from "./headers.js";

export interface ChecksumValue {
  readonly algorithm: ChecksumAlgorithm;
  readonly value: string;
}

/** `x-amz-checksum-` headers that carry no value. */
const notValues = new Set(["algorithm", "type", "mode"]);
const supported = `Please try again with any of the valid types: [${checksumAlgorithms.join(", ")}]`;

export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** The SDK's member and the XML element of an algorithm: `ChecksumCRC32` and so on. */
export function checksumMember(algorithm: ChecksumAlgorithm): `Checksum${ChecksumAlgorithm}` {
  return `Checksum${algorithm}`;
}

/** The checksum fields of XML documents, in AWS's order. */
export const checksumFields = (
  ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128"] as const
).map((algorithm) => ({ element: checksumMember(algorithm), type: "string" }) as const);

export function parseAlgorithm(name: string): ChecksumAlgorithm {
  const found = checksumAlgorithms.find((algorithm) => algorithm === name.toUpperCase());
  if (!found)
    throw new S3Error("InvalidRequest", { message: `Checksum algorithm provided is unsupported. ${supported}` });
  return found;
}

export function parseChecksumType(text: string | undefined): ChecksumType | undefined {
  if (text === undefined || text === "COMPOSITE" || text === "FULL_OBJECT") return text;
  throw new S3Error("InvalidRequest", { message: "Value for x-amz-checksum-type header is invalid." });
}

/** Checks the form of a checksum. The composite checksum of a multipart object ends in `-N`. InvalidRequest. */
export function checkValue(
  algorithm: ChecksumAlgorithm,
  value: string,
  { composite = false, place = "header" } = {},
): ChecksumValue {
  const base64 = composite ? value.replace(/-\d{1,5}$/, "") : value;
  if (!isBase64(base64, DIGEST_BYTES[algorithm])) {
    throw new S3Error("InvalidRequest", { message: `Value for ${checksumHeader(algorithm)} ${place} is invalid.` });
  }
  return { algorithm, value };
}

export function isBase64(text: string, bytes: number): boolean {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0 && Buffer.from(text, "base64").length === bytes;
}

/** The one `x-amz-checksum-*` value of a request. InvalidRequest for two, an unknown algorithm or a malformed value. */
export function announcedChecksum(headers: Headers, composite = false): ChecksumValue | undefined {
  const values = headers.withPrefix("x-amz-checksum-").filter(([name]) => !notValues.has(name));
  if (values.length > 1) {
    throw new S3Error("InvalidRequest", {
      message: "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    });
  }
  const [first] = values;
  return first && checkValue(parseAlgorithm(first[0]), first[1], { composite });
}

/** InvalidRequest where `x-amz-sdk-checksum-algorithm` names another algorithm than that of the checksum sent. */
export function requirePromised(headers: Headers, algorithm: ChecksumAlgorithm | undefined): void {
  const promised = headers.get("x-amz-sdk-checksum-algorithm");
  if (!promised || promised.toUpperCase() === algorithm) return;
  const message = algorithm
    ? "Value for x-amz-sdk-checksum-algorithm header is invalid."
    : "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.";
  throw new S3Error("InvalidRequest", { message });
}

/** The algorithm that `x-amz-trailer` announces; undefined where there is no trailer. */
export function trailerAlgorithm(headers: Headers): ChecksumAlgorithm | undefined {
  const trailer = headers.get("x-amz-trailer")?.trim().toLowerCase();
  if (!trailer) return undefined;
  if (!trailer.startsWith("x-amz-checksum-") || trailer.includes(",")) {
    throw new S3Error("InvalidRequest", {
      message: "The value specified in the x-amz-trailer header is not supported",
    });
  }
  return parseAlgorithm(trailer.slice("x-amz-checksum-".length));
}

/** Members of S3's outputs that carry a checksum. */
export type ChecksumMembers = { [A in `Checksum${ChecksumAlgorithm}`]?: string } & { ChecksumType?: ChecksumType };

export function checksumMembers(checksum: Checksum | undefined): ChecksumMembers {
  return checksum ? { [checksumMember(checksum.algorithm)]: checksum.value, ChecksumType: checksum.type } : {};
}

/** The checksum among an input's members: the reverse of `checksumMembers`. */
export function memberChecksum(members: Readonly<Record<string, unknown>>): ChecksumValue | undefined {
  for (const algorithm of checksumAlgorithms) {
    const value = members[checksumMember(algorithm)];
    if (typeof value === "string") return checkValue(algorithm, value);
  }
  return undefined;
}

type Members = { readonly [K in keyof ChecksumMembers]?: ChecksumMembers[K] | undefined };

const pairs = checksumAlgorithms.map((algorithm) => [checksumHeader(algorithm), checksumMember(algorithm)] as const);

/** The headers of the checksums present: mostly one, or none. */
export function checksumHeaders(members: Members): Record<string, string | undefined> {
  const headers: Record<string, string | undefined> = { "x-amz-checksum-type": members.ChecksumType };
  for (const [header, member] of pairs) {
    if (members[member] !== undefined) headers[header] = members[member];
  }
  return headers;
}
