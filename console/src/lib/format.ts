const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** 1536 is `1.5 KiB`. */
export function bytes(count: number): string {
  let [value, unit] = [count, 0];
  while (value >= 1024 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${Number(value.toFixed(digits))} ${UNITS[unit]}`;
}

const numbers = new Intl.NumberFormat("en");
export const number = (value: number): string => numbers.format(value);

const compacts = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
/** As `number`, but short where it is large: 999.9M. */
export const compact = (value: number): string =>
  Math.abs(value) < 100_000 ? number(Math.round(value * 100) / 100) : compacts.format(value);

/** An amount in a token's smallest units: `12.5 TCESS`; what is left of six decimals is rounded up. */
export function tokens(amount: string, { symbol, decimals }: { symbol: string; decimals: number }): string {
  const shown = Math.min(6, decimals);
  const unit = 10n ** BigInt(decimals - shown);
  const rounded = (BigInt(amount) + unit - 1n) / unit;
  const scale = 10n ** BigInt(shown);
  const fraction = (rounded % scale).toString().padStart(shown, "0").replace(/0+$/, "");
  return `${numbers.format(rounded / scale)}${fraction === "" ? "" : `.${fraction}`} ${symbol}`;
}

const moments = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
/** Of ISO 8601, in the browser's time zone; as it is where it is none. */
export function moment(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : moments.format(date);
}

const clocks = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
export const clock = (at: Date): string => clocks.format(at);

const SPANS: readonly (readonly [string, number])[] = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
];

/** The largest unit, and the next one where that says more: `3 h 12 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const at = SPANS.findIndex(([, size]) => whole >= size);
  const [name = "s", size = 1] = SPANS[at] ?? [];
  const count = Math.floor(whole / size);
  const next = SPANS[at + 1];
  const rest = next ? Math.floor((whole - count * size) / next[1]) : 0;
  return rest > 0 && next && count < 10 ? `${count} ${name} ${rest} ${next[0]}` : `${count} ${name}`;
}

export function ago(iso: string, now: number): string {
  return duration((now - Date.parse(iso)) / 1000);
}

/** Marks that turn text around or join what is apart: shown as what they are, so that no name looks like another. */
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A name of strangers, as it may stand on the page. */
export const visible = (name: string): string =>
  name.replace(HIDDEN, (c) => `\u2039U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}\u203a`);

/** The beginning and end of a long name, such as an account. */
export const short = (text: string, head = 6, tail = 4): string =>
  text.length <= head + tail + 1 ? text : `${text.slice(0, head)}\u2026${text.slice(-tail)}`;

/** What a field for several has: separated by spaces, lines or commas. */
export const listOf = (text: string): string[] => text.split(/[\s,]+/).filter((each) => each !== "");
