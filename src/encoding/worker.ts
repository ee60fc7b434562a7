import { createHash } from "node:crypto";
import { setPriority } from "node:os";
import { move, transferableSymbol, valueSymbol } from "piscina";
import type { SegmentFormat, SegmentHashes } from "../model/file.js";
import type { Hash } from "../model/hash.js";
import { createCodec } from "./fastest-codec.js";
import type { FileSlice, NumberedFragment, Reconstruction, WantedFragment } from "./encoder.js";
import { SegmentCoder } from "./segment-coder.js";

const NICENESS = 10;

/** What one thread does; the names of the functions are the names piscina calls them by. */
export interface WorkerTasks {
  hashSegment: { content: readonly FileSlice[]; format: SegmentFormat };
  fragment: { content: readonly FileSlice[]; format: SegmentFormat; index: number };
  reconstruct: { available: NumberedFragment[]; wanted: readonly WantedFragment[] };
  verify: { bytes: Uint8Array; hash: Hash };
}

/**
 * On Linux this is the priority of the calling thread only. With few cores, requests are served before preprocessing.
 */
if (process.platform === "linux") setPriority(NICENESS);

const coder = new SegmentCoder(createCodec());

/** Transfers several buffers to the calling thread without copying them. */
class Moved {
  constructor(private readonly reconstruction: Reconstruction) {}

  get [transferableSymbol](): ArrayBufferLike[] {
    const { available, made } = this.reconstruction;
    return [...available.map(({ bytes }) => bytes.buffer), ...made.flatMap((bytes) => bytes?.buffer ?? [])];
  }

  get [valueSymbol](): Reconstruction {
    return this.reconstruction;
  }
}

export function hashSegment({ content, format }: WorkerTasks["hashSegment"]): SegmentHashes {
  return coder.hashes(content, format);
}

export function fragment({ content, format, index }: WorkerTasks["fragment"]): unknown {
  return move(coder.fragment(content, format, index));
}

export function reconstruct({ available, wanted }: WorkerTasks["reconstruct"]): unknown {
  const made = coder.reconstruct(
    available,
    wanted.map(({ index }) => index),
  );
  return move(
    new Moved({ available, made: made.map((bytes, i) => (hashOf(bytes) === wanted[i]?.hash ? bytes : undefined)) }),
  );
}

export function verify({ bytes, hash }: WorkerTasks["verify"]): unknown {
  return hashOf(bytes) === hash ? move(bytes) : undefined;
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
