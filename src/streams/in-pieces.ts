/**
 * The source's bytes in pieces of one size; the last one may be shorter. All pieces are in one buffer, so each is valid
 * until the next is requested. `piece`: memory of that size.
 */
export async function* inPieces(
  source: AsyncIterable<Uint8Array>,
  pieceBytes: number,
  piece: Buffer = Buffer.allocUnsafeSlow(pieceBytes),
): AsyncGenerator<Buffer, void> {
  let filled = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + pieceBytes - filled);
      piece.set(part, filled);
      at += part.length;
      filled += part.length;
      if (filled < pieceBytes) continue;
      yield piece;
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
