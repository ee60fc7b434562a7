export const checksumAlgorithms = [
  "CRC32",
  "CRC32C",
  "CRC64NVME",
  "MD5",
  "SHA1",
  "SHA256",
  "SHA512",
  "XXHASH3",
  "XXHASH64",
  "XXHASH128",
] as const;
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

/** COMPOSITE: a digest over the parts' digests, written `value-N`. FULL_OBJECT: over the bytes. */
export type ChecksumType = "COMPOSITE" | "FULL_OBJECT";

/** As S3 sends it: `value` in base64 (COMPOSITE with `-N` appended). */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  readonly value: string;
}
