import type { NumberedFragment } from "../encoding/encoder.js";

/** A restored segment: the wanted data fragment at once, the others a moment later. */
export class RestoredSegment {
  /** `all`: the four data fragments. */
  constructor(
    private readonly first: NumberedFragment,
    readonly all: Promise<readonly NumberedFragment[]>,
  ) {
    all.catch(() => undefined);
  }

  /** Rejects when this fragment cannot be restored, although the wanted one could. */
  async fragment(index: number): Promise<Uint8Array> {
    const found =
      index === this.first.index ? this.first : (await this.all).find((fragment) => fragment.index === index);
    if (!found) throw new RangeError(`a segment has no data fragment ${index}`);
    return found.bytes;
  }
}
