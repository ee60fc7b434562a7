import { randomFillSync } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Codec } from "../../src/encoding/codec.js";
import { STRIP_SIZE } from "../../src/encoding/codec.js";
import { ReferenceCodec } from "../../src/encoding/reference-codec.js";
import { SimdCodec } from "../../src/encoding/simd-codec.js";
import { MIB } from "../../src/model/sizes.js";
import type { Figure } from "./figure.js";

const DATA = [0, 1, 2, 3];
const PARITY = [4, 5, 6, 7, 8, 9, 10, 11];

/** MiB of segment per second, the best of three runs. */
function speed(codec: Codec, from: number[], to: number[], columns: number): number {
  for (const input of codec.inputs) randomFillSync(input);
  codec.transform(from, to, STRIP_SIZE);
  const runs = [1, 2, 3].map(() => {
    const began = performance.now();
    for (let i = 0; i < columns; i++) codec.transform(from, to, STRIP_SIZE);
    return (columns * 4 * STRIP_SIZE * 1000) / (performance.now() - began) / MIB;
  });
  return Math.max(...runs);
}

/**
 * Encoding and reconstruction by our kernel against the reference library, on one thread. About 3 s. The reference's
 * reconstruction includes a fresh instance for each call, without which it is not reliable (reference-codec.ts).
 */
export function benchCodec(): Promise<Figure[]> {
  const simd = new SimdCodec(readFileSync(new URL("../../src/encoding/codec.wasm", import.meta.url)), STRIP_SIZE);
  const reference = new ReferenceCodec(STRIP_SIZE);
  const tasks = [
    ["encode 4+8", DATA, PARITY],
    ["reconstruct from 4 parity", PARITY.slice(0, 4), DATA],
    ["reconstruct from 2+2", [0, 2, 5, 9], DATA],
  ] as const;
  return Promise.resolve(
    tasks.map(([what, from, to]) => ({
      what,
      ours: { value: speed(simd, [...from], [...to], 1024), unit: "MiB/s" },
      reference: { what: "reference codec", value: speed(reference, [...from], [...to], 64), unit: "MiB/s" },
      wanted: { atLeast: 8 },
    })),
  );
}
