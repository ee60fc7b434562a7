import type { Encoder, NumberedFragment, WantedFragment } from "../encoding/encoder.js";
import { DomainError } from "../model/errors.js";
import type { CessFile, SegmentHashes } from "../model/file.js";
import { DATA_FRAGMENTS } from "../model/sizes.js";
import type { NodeAddress } from "../network/nodes/nodes.js";
import { type NodeFetcher, WrongBytes } from "./node-fetcher.js";
import { RestoredSegment } from "./restored-segment.js";

/** A fragment that is used for reconstruction. */
export interface Input extends NumberedFragment {
  /** The node that sent the bytes; undefined when they are verified. */
  readonly unverified?: NodeAddress | undefined;
}

export interface RestorerComponents {
  readonly encoder: Encoder;
  readonly fetcher: NodeFetcher;
}

/**
 * Makes a segment's data fragments of any four. What comes out is hashed, so what goes in need not be: four good ones
 * and only they make a good one, unless several nodes give corrupt bytes that fit each other. They are hashed only when
 * the result is wrong.
 */
export class SegmentRestorer {
  constructor(
    private readonly components: RestorerComponents,
    private readonly segment: { readonly file: CessFile; readonly hashes: SegmentHashes },
  ) {}

  /**
   * Resolves with the segment as soon as data fragment `first` is reconstructed, or else with those of the four inputs
   * that are good. Rejects with DomainError `objectUnavailable` when four good inputs make something else. Transfers
   * the inputs.
   */
  async restore(
    inputs: readonly Input[],
    first: number,
    signal: AbortSignal,
  ): Promise<RestoredSegment | readonly Input[]> {
    const direct = inputs.find(({ index }) => index === first);
    if (direct) return this.restoreBeside(inputs, direct, signal);
    const { back, made } = await this.make(inputs, [first], signal);
    const [wanted] = made;
    // From here on aborts are ignored: the caller leaves with its fragment, and the rest takes only some 20 ms.
    if (wanted) return new RestoredSegment(wanted, this.all(back, [wanted]));
    return this.goodInputs(back, signal);
  }

  /** The wanted fragment itself has arrived. */
  private async restoreBeside(
    inputs: readonly Input[],
    direct: Input,
    signal: AbortSignal,
  ): Promise<RestoredSegment | readonly Input[]> {
    const good = await this.verified(inputs, signal);
    if (good.length < inputs.length) return good;
    const all = await this.all(good, [], signal);
    return new RestoredSegment(all.find(({ index }) => index === direct.index) ?? direct, Promise.resolve(all));
  }

  /** All data fragments from four inputs and those already `known`, each verified. */
  private async all(
    inputs: readonly Input[],
    known: readonly NumberedFragment[],
    signal?: AbortSignal,
  ): Promise<readonly NumberedFragment[]> {
    const has = (fragments: readonly NumberedFragment[], index: number) =>
      fragments.some((fragment) => fragment.index === index);
    const missing = Array.from({ length: DATA_FRAGMENTS }, (_, index) => index).filter(
      (index) => !has(inputs, index) && !has(known, index),
    );
    const { back, made } = missing.length === 0 ? { back: inputs, made: [] } : await this.make(inputs, missing, signal);
    const data = back.filter(({ index }) => index < DATA_FRAGMENTS);
    const good = await this.verified(data, signal);
    if (made.some((fragment) => fragment === undefined) || good.length < data.length) {
      await this.verified(
        back.filter(({ index }) => index >= DATA_FRAGMENTS),
        signal,
      );
      throw this.wrong(missing);
    }
    return [...known, ...good, ...made.flatMap((fragment) => fragment ?? [])];
  }

  private async make(inputs: readonly Input[], indexes: readonly number[], signal?: AbortSignal) {
    const wanted = indexes.map((index): WantedFragment => {
      const hash = this.segment.hashes.fragments[index];
      if (hash === undefined) throw new RangeError(`segment ${this.segment.hashes.hash} has no fragment ${index}`);
      return { index, hash };
    });
    const given = inputs.map(({ index, bytes }) => ({ index, bytes }));
    const { available, made } = await this.components.encoder.reconstruct(given, wanted, signal && { signal });
    return {
      back: available.map(({ index, bytes }): Input => ({
        index,
        bytes,
        unverified: inputs.find((input) => input.index === index)?.unverified,
      })),
      made: wanted.map(({ index }, i) => {
        const bytes = made[i];
        return bytes && { index, bytes };
      }),
    };
  }

  private async goodInputs(inputs: readonly Input[], signal: AbortSignal): Promise<readonly Input[]> {
    const good = await this.verified(inputs, signal);
    if (good.length === inputs.length) throw this.wrong([]);
    return good;
  }

  /** Those that hash right; the registry is told of the others. */
  private async verified(inputs: readonly Input[], signal?: AbortSignal): Promise<Input[]> {
    const { file, hashes } = this.segment;
    const verified = await Promise.all(
      inputs.map(async ({ index, bytes, unverified }): Promise<Input[]> => {
        const hash = hashes.fragments[index];
        if (!unverified || hash === undefined) return [{ index, bytes }];
        try {
          return [
            { index, bytes: await this.components.fetcher.verify(unverified, { fid: file.fid, hash }, bytes, signal) },
          ];
        } catch (error) {
          if (error instanceof WrongBytes) return [];
          throw error;
        }
      }),
    );
    return verified.flat();
  }

  private wrong(indexes: readonly number[]): DomainError {
    const which = indexes.length === 0 ? "a fragment" : `fragment ${indexes.join(", ")}`;
    return new DomainError(
      { kind: "objectUnavailable" },
      `${which} of segment ${this.segment.hashes.hash}, made of four good ones, has not its hash`,
    );
  }
}
