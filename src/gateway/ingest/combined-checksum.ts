import type { Checksum, ChecksumAlgorithm } from "../../model/checksum.js";
import type { Part } from "../../model/object.js";
import { combineCrcs, isCombinable } from "./crc-combine.js";

/** The members of a part that checksums of the whole object depend on. */
export type ChecksummedPart = Pick<Part, "size" | "checksum">;

/** The CRC of the whole object from those of its parts; undefined if it cannot be computed without the parts' bytes. */
export function combinedChecksum(
  algorithm: ChecksumAlgorithm,
  parts: readonly ChecksummedPart[],
): Checksum | undefined {
  const digests = digestsBy(algorithm, parts);
  if (!digests || digests.length === 0 || !isCombinable(algorithm)) return undefined;
  const value = combineCrcs(
    algorithm,
    digests.map((crc, place) => ({ crc, length: parts[place]?.size ?? 0 })),
  );
  return { algorithm, type: "FULL_OBJECT", value: value.toString("base64") };
}

/** The parts' digests by this algorithm; undefined if a part has none. */
export function digestsBy(algorithm: ChecksumAlgorithm, parts: readonly ChecksummedPart[]): Buffer[] | undefined {
  const digests = parts.flatMap(({ checksum }) =>
    checksum?.algorithm === algorithm ? [Buffer.from(checksum.value, "base64")] : [],
  );
  return digests.length === parts.length ? digests : undefined;
}
