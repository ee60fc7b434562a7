import type { Checksummed, PieceChecksummer } from "../../streams/piece-checksums.js";

/** A body and the list of its checksums behind it, in parts of one size; the source may use its chunks again. */
export class PartStream {
  private result: (Checksummed & { readonly list: Uint8Array }) | undefined;

  constructor(
    private readonly source: AsyncIterable<Uint8Array>,
    private readonly checksummer: PieceChecksummer,
    private readonly partBytes: number,
  ) {}

  /** What the bytes are checked against. After the last of them was taken. */
  get finished(): Checksummed & { readonly list: Uint8Array } {
    if (!this.result) throw new Error("the body has not ended");
    return this.result;
  }

  async *bytes(): AsyncGenerator<Uint8Array, void> {
    let part = Buffer.allocUnsafeSlow(this.partBytes);
    let filled = 0;
    for await (const chunk of this.withList()) {
      for (let at = 0; at < chunk.length;) {
        const some = chunk.subarray(at, at + this.partBytes - filled);
        part.set(some, filled);
        at += some.length;
        filled += some.length;
        if (filled < this.partBytes) continue;
        yield part;
        // That one is on its way.
        part = Buffer.allocUnsafeSlow(this.partBytes);
        filled = 0;
      }
    }
    if (filled > 0) yield part.subarray(0, filled);
  }

  private async *withList(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of this.source) {
      this.checksummer.update(chunk);
      yield chunk;
    }
    this.result = this.checksummer.finish();
    yield this.result.list;
  }
}
