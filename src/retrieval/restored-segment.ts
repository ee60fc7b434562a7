import type { NumberedFragment } from "../encoding/encoder.js";

/** A segment's data fragments: at first the one that was waited for, the others a moment later. */
export class RestoredSegment {
  /** `all`: the four data fragments. */
  constructor(
    private readonly first: NumberedFragment,
    readonly all: Promise<readonly NumberedFragment[]>,
  ) {
    all.catch(() => undefined);
  }

  /** Rejects when that one cannot be had, though the first could. */
  async fragment(index: number): Promise<Uint8Array> {
    const found =
      index === this.first.index ? this.first : (await this.all).find((fragment) => fragment.index === index);
    if (!found) throw new RangeError(`a segment has no data fragment ${index}`);
    return found.bytes;
  }
}
