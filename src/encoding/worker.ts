import { setPriority } from "node:os";
import { workerData } from "node:worker_threads";
import type { SegmentFormat, SegmentHashes } from "../model/file.js";
import type { Hash } from "../model/hash.js";
import { createCodec } from "./fastest-codec.js";
import { serveCalls, Transfer } from "../threads/thread-calls.js";
import type { FileSlice, NumberedFragment, Reconstruction, WantedFragment } from "./encoder.js";
import { SegmentCoder } from "./segment-coder.js";
import { hasHash, indexesOf, verified } from "./wanted-fragments.js";

const NICENESS = 15;

/** `workerData` of an encoding thread. */
export interface EncodingThread {
  /** With few cores, requests are served before its work. */
  readonly yields: boolean;
}

// On Linux this is the priority of the calling thread only.
if (process.platform === "linux" && (workerData as EncodingThread).yields) setPriority(NICENESS);

const coder = new SegmentCoder(createCodec());

interface SegmentTask {
  readonly content: readonly FileSlice[];
  readonly format: SegmentFormat;
}

interface FragmentsCall extends SegmentTask {
  readonly wanted: readonly WantedFragment[];
  readonly into: readonly Uint8Array[] | undefined;
}

const calls = {
  hashSegment: ({ content, format }: SegmentTask): SegmentHashes => coder.hashes(content, format),

  segmentHash: ({ content, format }: SegmentTask): Hash => coder.segmentHash(content, format),

  fragments: ({ content, format, wanted, into }: FragmentsCall) => {
    const made = verified(coder.fragments(content, format, indexesOf(wanted), into), wanted);
    return new Transfer(made, into ? [] : buffersOf(made));
  },

  check: (content: readonly FileSlice[]): void => coder.check(content),

  reconstruct: ({
    available,
    wanted,
  }: {
    readonly available: NumberedFragment[];
    readonly wanted: readonly WantedFragment[];
  }) => {
    const made = verified(coder.reconstruct(available, indexesOf(wanted)), wanted);
    const buffers = [...available.map(({ bytes }) => bytes.buffer), ...buffersOf(made)];
    return new Transfer<Reconstruction>({ available, made }, buffers);
  },

  verify: ({ bytes, hash }: { readonly bytes: Uint8Array; readonly hash: Hash }) =>
    hasHash(bytes, hash) ? given(bytes) : undefined,
};

/** What an encoding thread does. */
export type EncodingCalls = typeof calls;

serveCalls(calls);

function given(bytes: Uint8Array): Transfer<Uint8Array> {
  return new Transfer(bytes, [bytes.buffer]);
}

function buffersOf(made: readonly (Uint8Array | undefined)[]): ArrayBufferLike[] {
  return made.flatMap((bytes) => bytes?.buffer ?? []);
}
