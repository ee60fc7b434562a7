import { hexToU8a, u8aToHex } from "@polkadot/util";

/** Bytes that do not follow the SCALE rules of the type they should be: too short, too long, an unknown variant. */
export class ScaleError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ScaleError";
  }
}

/** A growing buffer that SCALE values are written to. */
export class Writer {
  private buffer = Buffer.allocUnsafe(256);
  private length = 0;

  bytes(value: Uint8Array): this {
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
    return this;
  }

  /** Little-endian unsigned integer of `size` bytes. */
  uint(value: bigint | number, size: number): this {
    let rest = BigInt(value);
    if (rest < 0n || rest >> BigInt(8 * size) !== 0n)
      throw new ScaleError(`${String(value)} does not fit ${size} bytes`);
    this.reserve(size);
    for (let i = 0; i < size; i += 1) {
      this.buffer[this.length + i] = Number(rest & 0xffn);
      rest >>= 8n;
    }
    this.length += size;
    return this;
  }

  /** SCALE's compact form: 1, 2 or 4 bytes for numbers below 2^6, 2^14, 2^30, else a length byte and the number. */
  compact(value: bigint | number): this {
    const number = BigInt(value);
    if (number < 1n << 6n) return this.uint(number << 2n, 1);
    if (number < 1n << 14n) return this.uint((number << 2n) | 1n, 2);
    if (number < 1n << 30n) return this.uint((number << 2n) | 2n, 4);
    let size = 4;
    while (number >> BigInt(8 * size) !== 0n) size += 1;
    return this.uint(((size - 4) << 2) | 3, 1).uint(number, size);
  }

  take(): Uint8Array {
    return Uint8Array.from(this.buffer.subarray(0, this.length));
  }

  private reserve(size: number): void {
    if (this.length + size <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + size));
    larger.set(this.buffer.subarray(0, this.length));
    this.buffer = larger;
  }
}

/** A position in bytes that SCALE values are read from. */
export class Reader {
  private at = 0;

  constructor(readonly source: Uint8Array) {}

  get position(): number {
    return this.at;
  }

  get left(): number {
    return this.source.length - this.at;
  }

  bytes(length: number): Uint8Array {
    if (length > this.left) throw new ScaleError(`${length} bytes wanted, ${this.left} left`);
    const part = this.source.subarray(this.at, this.at + length);
    this.at += length;
    return part;
  }

  byte(): number {
    return this.bytes(1)[0] ?? 0;
  }

  uint(size: number): bigint {
    let value = 0n;
    for (const byte of Uint8Array.from(this.bytes(size)).reverse()) value = (value << 8n) | BigInt(byte);
    return value;
  }

  compact(): bigint {
    const first = this.byte();
    const mode = first & 3;
    if (mode === 0) return BigInt(first >> 2);
    if (mode === 3) return this.uint((first >> 2) + 4);
    const rest = this.uint(mode === 1 ? 1 : 3);
    return (rest << 6n) | BigInt(first >> 2);
  }

  /** The length of a sequence; a length beyond the bytes left is refused before anything is allocated for it. */
  count(): number {
    const count = this.compact();
    if (count > BigInt(this.left)) throw new ScaleError(`a sequence of ${count} items in ${this.left} bytes`);
    return Number(count);
  }

  end(): void {
    if (this.left !== 0) throw new ScaleError(`${this.left} bytes too many`);
  }
}

/** Lower-case hex without prefix: how accounts and hashes are held in memory. */
export function toHex(bytes: Uint8Array): string {
  return u8aToHex(bytes, -1, false);
}

export function fromHex(hex: string): Uint8Array {
  return hexToU8a(hex.startsWith("0x") ? hex : `0x${hex}`);
}
