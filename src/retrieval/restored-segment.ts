import type { Encoder, NumberedFragment, WantedFragment } from "../encoding/encoder.js";
import { S3Error } from "../model/errors.js";
import type { SegmentHashes } from "../model/file.js";
import { DATA_FRAGMENTS } from "../model/sizes.js";

type Fragments = readonly NumberedFragment[];

/** A segment's data fragments, those that are missing made of four good ones: first the one that is waited for. */
export class RestoredSegment {
  private constructor(
    private readonly known: Fragments,
    /** The four data fragments; settles after those that are known from the start. */
    readonly all: Promise<Fragments>,
  ) {}

  /**
   * Resolves when data fragment `first` is there. `good`: four verified fragments, which are given away. Rejects with
   * S3Error ObjectUnavailable when what they make has another hash, or with the signal's reason.
   */
  static async of(good: Fragments, first: number, encoder: Encoder, hashes: SegmentHashes, signal: AbortSignal): Promise<RestoredSegment> {
    const missing = Array.from({ length: DATA_FRAGMENTS }, (_, index) => index).filter((index) => !good.some((one) => one.index === index));
    // When it is among the good ones it cannot be handed out before they are back from the encoder for good.
    const now = missing.includes(first) ? [first] : missing;
    const later = missing.filter((index) => !now.includes(index));
    const { available, made } = await make(encoder, hashes, good, now, signal);
    if (later.length === 0) return new RestoredSegment([...available, ...made], Promise.resolve([...available, ...made].filter(isData)));
    // Some hundredths of a second, which nobody's leaving ends: who wanted the first one leaves now.
    const all = make(encoder, hashes, available, later).then((rest) => [...rest.available, ...made, ...rest.made].filter(isData));
    all.catch(() => undefined);
    return new RestoredSegment(made, all);
  }

  async fragment(index: number): Promise<Uint8Array> {
    const of = (fragments: Fragments) => fragments.find((fragment) => fragment.index === index)?.bytes;
    const bytes = of(this.known) ?? of(await this.all);
    if (!bytes) throw new RangeError(`a segment has no data fragment ${index}`);
    return bytes;
  }
}

function isData({ index }: NumberedFragment): boolean {
  return index < DATA_FRAGMENTS;
}

async function make(
  encoder: Encoder, { hash, fragments }: SegmentHashes, good: Fragments, indexes: readonly number[], signal?: AbortSignal,
): Promise<{ readonly available: Fragments; readonly made: Fragments }> {
  if (indexes.length === 0) return { available: good, made: [] };
  const wanted = indexes.map((index): WantedFragment => {
    const expected = fragments[index];
    if (expected === undefined) throw new RangeError(`segment ${hash} has no fragment ${index}`);
    return { index, hash: expected };
  });
  const { available, made } = await encoder.reconstruct(good, wanted, signal && { signal });
  return {
    available,
    made: wanted.map(({ index }, i) => {
      const bytes = made[i];
      if (bytes) return { index, bytes };
      throw new S3Error("ObjectUnavailable", { message: `fragment ${index} of segment ${hash}, made of four good ones, has not its hash` });
    }),
  };
}
