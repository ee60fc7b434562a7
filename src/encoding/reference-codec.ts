import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ReedSolomonErasure } from "@subspace/reed-solomon-erasure.wasm";
import { DATA_FRAGMENTS, FRAGMENTS, PARITY_FRAGMENTS } from "../model/sizes.js";
import type { Codec } from "./codec.js";

/** The Rust crate reed-solomon-erasure as plain WebAssembly: the oracle of our tests, and the codec without SIMD. */
export class ReferenceCodec implements Codec {
  readonly inputs: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
  private readonly binary: Buffer;
  private readonly library: ReedSolomonErasure;
  private readonly shards: Uint8Array;

  constructor(private readonly stripSize: number) {
    const folder = dirname(createRequire(import.meta.url).resolve("@subspace/reed-solomon-erasure.wasm"));
    this.binary = readFileSync(join(folder, "reed_solomon_erasure_bg.wasm"));
    this.library = ReedSolomonErasure.fromBytes(this.binary);
    this.shards = new Uint8Array(FRAGMENTS * stripSize);
    this.inputs = Array.from({ length: DATA_FRAGMENTS }, () => new Uint8Array(stripSize));
    this.outputs = Array.from({ length: PARITY_FRAGMENTS }, () => new Uint8Array(stripSize));
  }

  transform(from: readonly number[], to: readonly number[], length: number): void {
    if (length > this.stripSize) throw new RangeError("more than the strips hold");
    if (length === 0) return;
    const shards = this.shards.subarray(0, FRAGMENTS * length);
    for (const [i, index] of from.entries())
      shards.set((this.inputs[i] ?? new Uint8Array()).subarray(0, length), index * length);
    const isData = (index: number) => index < DATA_FRAGMENTS;
    if (!from.every(isData)) {
      const available = Array.from({ length: FRAGMENTS }, (_, index) => from.includes(index));
      // Reconstructing twice in one instance fails at times in 0.2.5 (TOO_FEW_SHARDS_PRESENT with four present): its
      // wrapper leaves the instance's heap in disorder. A fresh instance for each call never does.
      const library = ReedSolomonErasure.fromBytes(this.binary);
      this.check(library.reconstruct(shards, DATA_FRAGMENTS, PARITY_FRAGMENTS, available));
    }
    if (!to.every(isData)) this.check(this.library.encode(shards, DATA_FRAGMENTS, PARITY_FRAGMENTS));
    for (const [i, index] of to.entries()) this.outputs[i]?.set(shards.subarray(index * length, (index + 1) * length));
  }

  private check(result: number): void {
    if (result !== ReedSolomonErasure.RESULT_OK) throw new Error(`reed-solomon-erasure failed with code ${result}`);
  }
}
