import { readFileSync } from "node:fs";
import { STRIP_SIZE, type Codec } from "./codec.js";
import { ReferenceCodec } from "./reference-codec.js";
import { SimdCodec } from "./simd-codec.js";

/** The fastest codec this machine runs: our SIMD kernel, or the reference library where WebAssembly has no SIMD. */
export function createCodec(): Codec {
  const kernel = readFileSync(new URL("./codec.wasm", import.meta.url));
  return SimdCodec.supported(kernel) ? new SimdCodec(kernel, STRIP_SIZE) : new ReferenceCodec(STRIP_SIZE);
}
