import { readFileSync } from "node:fs";

/** The part of WebAssembly that is used here. Node 20's types do not declare it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  update(crc: bigint, at: number, end: number): bigint;
}

const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi };

/** The kernel takes so many bytes at once, with a table for each of them. */
const SLICES = 16;
/** Where the tables end, in the kernel's memory, and the bytes begin. */
const BYTES_AT = SLICES * 256 * 8;
/** Bytes that are copied to the kernel and digested in one call: they stay in the processor's cache meanwhile. */
const BLOCK = 64 * 1024;
const MASK = (1n << 64n) - 1n;

/** Computes CRCs of 64 bits, which are reflected, in WebAssembly (crc.wat): one instance for all bodies of a thread. */
export class ReflectedCrc {
  private readonly kernel: Kernel;
  private readonly bytes: Uint8Array;

  /** `polynomial`: least significant bit first. */
  constructor(polynomial: bigint) {
    const module = new WebAssembly.Module(readFileSync(new URL("./crc.wasm", import.meta.url)));
    this.kernel = new WebAssembly.Instance(module).exports as Kernel;
    const { buffer } = this.kernel.memory;
    fillTables(new BigUint64Array(buffer, 0, SLICES * 256), polynomial);
    this.bytes = new Uint8Array(buffer, BYTES_AT, BLOCK);
  }

  /** The CRC of some bytes, `crc`, with `chunk` behind them. The CRC of no bytes is 0. */
  extend(crc: bigint, chunk: Uint8Array): bigint {
    let state = crc ^ MASK;
    for (let at = 0; at < chunk.length; at += BLOCK) {
      const block = chunk.subarray(at, at + BLOCK);
      this.bytes.set(block);
      state = this.kernel.update(state, BYTES_AT, BYTES_AT + block.length);
    }
    // The kernel's numbers have a sign.
    return (state ^ MASK) & MASK;
  }
}

/** At 256 × k + b: the CRC of byte b and k zero bytes behind it. */
function fillTables(tables: BigUint64Array, polynomial: bigint): void {
  for (let byte = 0; byte < 256; byte++) {
    let crc = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1n) === 1n ? (crc >> 1n) ^ polynomial : crc >> 1n;
    tables[byte] = crc;
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256] ?? 0n;
    tables[at] = (before >> 8n) ^ (tables[Number(before & 255n)] ?? 0n);
  }
}
