import type { Encoder, FileSlice } from "../../src/encoding/encoder.js";
import type { SegmentFormat } from "../../src/model/file.js";

/** One fragment of a segment, which has the hash that the encoder announces for it. */
export async function madeFragment(
  encoder: Pick<Encoder, "hashSegment" | "fragments">,
  content: readonly FileSlice[],
  format: SegmentFormat,
  index: number,
): Promise<Uint8Array> {
  const { fragments } = await encoder.hashSegment(content, format);
  const [bytes] = await encoder.fragments(content, format, [{ index, hash: fragments[index]! }]);
  if (!bytes) throw new Error(`fragment ${index} has not the hash that was announced`);
  return bytes;
}
