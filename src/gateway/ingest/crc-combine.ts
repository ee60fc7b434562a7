import { CRC_POLYNOMIALS } from "../../digests/digest.js";

/** Algorithms whose value for the whole can be computed from the values and lengths of its pieces. */
export type CombinableAlgorithm = keyof typeof CRC_POLYNOMIALS;

export function isCombinable(algorithm: string): algorithm is CombinableAlgorithm {
  return algorithm in CRC_POLYNOMIALS;
}

/** The CRC of a piece, and the piece's length in bytes. */
export interface CrcPiece {
  /** In network byte order. */
  readonly crc: Uint8Array;
  readonly length: number;
}

/**
 * The CRC of the concatenated pieces. Appending n bytes multiplies the CRC so far by x^8n modulo the polynomial, over
 * GF(2). The initial value and the final inversion are the same in all three algorithms, so they cancel out. The checksum
 * of a 5 TiB object can so be computed from those of its parts without reading a byte.
 */
export function combineCrcs(algorithm: CombinableAlgorithm, pieces: readonly CrcPiece[]): Buffer {
  const field = new CrcField(CRC_POLYNOMIALS[algorithm], algorithm === "CRC64NVME" ? 64 : 32);
  let combined = 0n;
  for (const { crc, length } of pieces) {
    combined = field.multiply(field.shift(length), combined) ^ BigInt(`0x${Buffer.from(crc).toString("hex")}`);
  }
  return Buffer.from(combined.toString(16).padStart(field.width / 4, "0"), "hex");
}

/** Polynomials modulo the generator; bit `width - 1` is the coefficient of x^0, as CRCs with reflected bits have it. */
class CrcField {
  private readonly one: bigint;
  /** x^(2^n) at place n. */
  private readonly powers: bigint[];
  /** x^(8·length) by length: nearly all parts of an upload have one size. */
  private readonly shifts = new Map<number, bigint>();

  constructor(
    private readonly polynomial: bigint,
    readonly width: number,
  ) {
    this.one = 1n << BigInt(width - 1);
    this.powers = [this.one >> 1n];
  }

  multiply(left: bigint, right: bigint): bigint {
    let product = 0n;
    let shifted = right;
    for (let bit = this.one; bit !== 0n; bit >>= 1n) {
      if (left & bit) product ^= shifted;
      shifted = shifted & 1n ? (shifted >> 1n) ^ this.polynomial : shifted >> 1n;
    }
    return product;
  }

  shift(length: number): bigint {
    const known = this.shifts.get(length);
    if (known !== undefined) return known;
    let result = this.one;
    // A byte has eight bits, so the exponent's lowest set bit is three places above the length's.
    for (let rest = BigInt(length), place = 3; rest > 0n; rest >>= 1n, place++) {
      if (rest & 1n) result = this.multiply(this.power(place), result);
    }
    this.shifts.set(length, result);
    return result;
  }

  private power(place: number): bigint {
    for (let last = this.powers.length; last <= place; last++) {
      const previous = this.powers[last - 1] ?? this.one;
      this.powers.push(this.multiply(previous, previous));
    }
    return this.powers[place] ?? this.one;
  }
}
