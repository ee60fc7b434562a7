/** `*` matches any text, `?` one character. Any other character matches itself. */
export const MANY = Symbol("*");
export const ONE = Symbol("?");

/** A pattern by its characters. */
export type Glob = readonly (string | typeof MANY | typeof ONE)[];

export function globOf(pattern: string): Glob {
  return Array.from(pattern, (char) => (char === "*" ? MANY : char === "?" ? ONE : char));
}

/** Takes at most (length of pattern × length of text) steps, because it backtracks only to the last `*`. */
export function matchesGlob(glob: Glob, text: string): boolean {
  const chars = Array.from(text);
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let place = 0; place < chars.length;) {
    const token = glob[at];
    if (token === MANY) {
      star = at++;
      resume = place;
    } else if (at < glob.length && (token === ONE || token === chars[place])) {
      at++;
      place++;
    } else if (star >= 0) {
      at = star + 1;
      place = ++resume;
    } else return false;
  }
  return glob.slice(at).every((token) => token === MANY);
}
