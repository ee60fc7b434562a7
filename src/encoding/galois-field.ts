/** GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11d), in which 2 generates all elements but 0. */
const POLYNOMIAL = 0x11d;

const exponentials = new Uint8Array(510);
const logarithms = new Uint8Array(256);
for (let power = 0, value = 1; power < 255; power++) {
  exponentials[power] = exponentials[power + 255] = value;
  logarithms[value] = power;
  value <<= 1;
  if (value & 0x100) value ^= POLYNOMIAL;
}

const at = (table: Uint8Array, index: number): number => table[index] ?? 0;

export function multiply(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  return at(exponentials, at(logarithms, a) + at(logarithms, b));
}

/** The element that makes 1 with `a`. Throws for 0, which has none. */
export function inverse(a: number): number {
  if (a === 0) throw new RangeError("0 has no inverse");
  return at(exponentials, 255 - at(logarithms, a));
}

/** `base` to the power `exponent` >= 0, where 0^0 is 1. */
export function power(base: number, exponent: number): number {
  if (exponent === 0) return 1;
  if (base === 0) return 0;
  return at(exponentials, (at(logarithms, base) * exponent) % 255);
}
