import { DATA_FRAGMENTS, PARITY_FRAGMENTS } from "../model/sizes.js";
import type { Codec } from "./codec.js";
import { codingRows } from "./coding-matrix.js";
import { inverse, multiply } from "./galois-field.js";

/** The part of WebAssembly that is used here. Node 20's types do not declare it. */
interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  combine(tables: number, sources: number, stride: number, target: number, length: number): void;
  parity(tables: number, sources: number, stride: number, length: number): void;
}

const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi };

const PAGE = 64 * 1024;
/** The kernel works in steps of 32 bytes. Strips are whole steps, so a length can be rounded up. */
const STEP = 32;
/** Two tables of 16 bytes for a constant. */
const TABLES = 32;
const ROW_TABLES = DATA_FRAGMENTS * TABLES;
/** Those of `parity` lie behind the rows of `combine`. */
const PARITY_TABLES = PARITY_FRAGMENTS * ROW_TABLES;

/** codec.wat's X: 0 at 0 and 1, 1 at 2 and 3. */
const x = (at: number): number => multiply(multiply(at, at) ^ at, inverse(6));
const PARITY_CONSTANTS = [2, x(4), x(8), 4, 6, 8, 10];
/** The fragments that `parity` computes. */
const ALL_PARITY = Array.from({ length: PARITY_FRAGMENTS }, (_, i) => DATA_FRAGMENTS + i).join();
const ALL_DATA = Array.from({ length: DATA_FRAGMENTS }, (_, i) => i).join();

/** Our WebAssembly SIMD kernel (codec.wat). Its memory: the tables in the first page, then 4 + 8 strips. */
export class SimdCodec implements Codec {
  readonly inputs: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
  private readonly kernel: Kernel;
  private rows = "";

  static supported(kernel: Uint8Array): boolean {
    return WebAssembly.validate(kernel);
  }

  /** `stripSize`: bytes, a multiple of 32. */
  constructor(
    kernel: Uint8Array,
    private readonly stripSize: number,
  ) {
    if (stripSize % STEP !== 0) throw new RangeError(`strips must be multiples of ${STEP} bytes`);
    this.kernel = new WebAssembly.Instance(new WebAssembly.Module(kernel)).exports as Kernel;
    const strips = DATA_FRAGMENTS + PARITY_FRAGMENTS;
    this.kernel.memory.grow(Math.ceil((strips * stripSize) / PAGE));
    const views = Array.from(
      { length: strips },
      (_, i) => new Uint8Array(this.kernel.memory.buffer, PAGE + i * stripSize, stripSize),
    );
    this.inputs = views.slice(0, DATA_FRAGMENTS);
    this.outputs = views.slice(DATA_FRAGMENTS);
    this.writeTables(PARITY_TABLES, PARITY_CONSTANTS);
  }

  transform(from: readonly number[], to: readonly number[], length: number): void {
    if (length > this.stripSize || to.length > PARITY_FRAGMENTS) throw new RangeError("more than the strips hold");
    const whole = Math.ceil(length / STEP) * STEP;
    if (from.join() === ALL_DATA && to.join() === ALL_PARITY) {
      this.kernel.parity(PARITY_TABLES, PAGE, this.stripSize, whole);
      return;
    }
    this.prepareRows(from, to);
    for (let row = 0; row < to.length; row++) {
      const target = PAGE + (DATA_FRAGMENTS + row) * this.stripSize;
      this.kernel.combine(row * ROW_TABLES, PAGE, this.stripSize, target, whole);
    }
  }

  /** All 128 columns of a segment use the same tables, so they are kept. */
  private prepareRows(from: readonly number[], to: readonly number[]): void {
    const key = `${from.join()}>${to.join()}`;
    if (key === this.rows) return;
    this.writeTables(0, codingRows(from, to).flat());
    this.rows = key;
  }

  private writeTables(position: number, factors: readonly number[]): void {
    const tables = new Uint8Array(this.kernel.memory.buffer, position, factors.length * TABLES);
    for (const [i, factor] of factors.entries()) {
      for (let nibble = 0; nibble < 16; nibble++) {
        tables[i * TABLES + nibble] = multiply(factor, nibble);
        tables[i * TABLES + 16 + nibble] = multiply(factor, nibble << 4);
      }
    }
  }
}
