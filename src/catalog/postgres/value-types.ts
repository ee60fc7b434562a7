import pg from "pg";

function toNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`the catalog has a number beyond 2^53: ${text}`);
  return value;
}

/** pg's own types, but for counts, which are int8, and sums of int8, which are numeric: these are text in pg. */
export const valueTypes = new pg.TypeOverrides();
for (const type of [pg.types.builtins.INT8, pg.types.builtins.NUMERIC]) valueTypes.setTypeParser(type, toNumber);

/**
 * A value as it is bound. PostgreSQL's text cannot hold U+0000, and what holds it is no name of anything: keys have it
 * escaped (key-text.ts), other names come from us. Times that were computed may be fractions of a millisecond.
 */
export function toBound(value: unknown): unknown {
  if (typeof value === "string") return value.includes("\u0000") ? value.replaceAll("\u0000", "\ufffd") : value;
  if (typeof value === "number") return Number.isInteger(value) ? value : Math.ceil(value);
  return Array.isArray(value) ? value.map(toBound) : value;
}
