/**
 * Object keys as the database stores them. Drivers and PostgreSQL cannot carry U+0000 in text, but S3 keys may contain
 * it. So U+0000 is written as U+0001 U+0001, and U+0001 as U+0001 U+0002: order and prefixes stay the same.
 */
export function toKeyText(key: string): string {
  return /[\u0000\u0001]/.test(key)
    ? key.replace(/[\u0000\u0001]/g, (low) => (low === "\u0000" ? "\u0001\u0001" : "\u0001\u0002"))
    : key;
}

export function fromKeyText(text: string): string {
  return text.includes("\u0001")
    ? text.replace(/\u0001([\u0001\u0002])/g, (_, low) => (low === "\u0001" ? "\u0000" : "\u0001"))
    : text;
}

/** The next greater key text. Key text has no character below U+0001. */
export function justAfter(text: string): string {
  return `${text}\u0001`;
}

/** The least text that is greater than all texts with this prefix; undefined when there is none. */
export function beyondPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const point = last.codePointAt(0) ?? 0;
    // Skips the surrogates: U+E000 follows U+D7FF.
    if (point < 0x10ffff) return points.join("") + String.fromCodePoint(point === 0xd7ff ? 0xe000 : point + 1);
  }
  return undefined;
}

/** Unsigned UTF-8 order, which JavaScript's own string order is not beyond U+FFFF. */
export function compareKeyText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
