import type { Checksum, ChecksumAlgorithm } from "../../model/checksum.js";
import type { Part } from "../../model/object.js";
import { combineCrcs, isCombinable } from "./crc-combine.js";

/** A part as far as its bytes' checksum goes. */
export type Summed = Pick<Part, "size" | "checksum">;

/** The CRC of the whole from those of its parts; undefined where it cannot be told without their bytes. */
export function combinedChecksum(algorithm: ChecksumAlgorithm, parts: readonly Summed[]): Checksum | undefined {
  const own = digestsBy(algorithm, parts);
  if (!own || own.length === 0 || !isCombinable(algorithm)) return undefined;
  const value = combineCrcs(
    algorithm,
    own.map((crc, place) => ({ crc, length: parts[place]?.size ?? 0 })),
  );
  return { algorithm, type: "FULL_OBJECT", value: value.toString("base64") };
}

/** The parts' own digests by this algorithm; undefined when one has none. */
export function digestsBy(algorithm: ChecksumAlgorithm, parts: readonly Summed[]): Buffer[] | undefined {
  const own = parts.flatMap(({ checksum }) =>
    checksum?.algorithm === algorithm ? [Buffer.from(checksum.value, "base64")] : [],
  );
  return own.length === parts.length ? own : undefined;
}
