import { z } from "zod";

const UNITS: Readonly<Record<string, number>> = { "": 1, b: 1, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 };
const BYTES = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i;

/** A value as a message shows it: only for settings that hold numbers, sizes and the like, never for text. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (value === undefined || value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a map" : JSON.stringify(value);
}

/** A number of bytes, or text such as `256MiB`. */
export const bytes = z
  .union([z.number(), z.string()], { error: ({ input }) => notSize(input) })
  .transform((value, context) => {
    const match = BYTES.exec(String(value).trim());
    const unit = UNITS[match?.[2]?.toLowerCase() ?? "?"];
    if (!match || unit === undefined) {
      context.addIssue(notSize(value));
      return z.NEVER;
    }
    return Math.floor(Number(match[1]) * unit);
  });

const notSize = (value: unknown) =>
  `not a size: ${shown(value)}; write a number of bytes, or a number with KiB, MiB, GiB or TiB, such as 256MiB`;

export interface NumberRange {
  readonly min: number;
  readonly max?: number;
}

/** A whole number within `range`, or the same as text, as the environment has it. */
export const wholeNumber = (range: NumberRange) => numberIn(range, "a whole number", /^\d+$/);

/** A number within `range`, with decimals or without, or the same as text. */
export const decimalNumber = (range: NumberRange) => numberIn(range, "a number", /^\d+(?:\.\d+)?$/);

function numberIn({ min, max = Number.MAX_SAFE_INTEGER }: NumberRange, what: string, form: RegExp) {
  const wanted = max === Number.MAX_SAFE_INTEGER ? `${what}, ${min} or more` : `${what} from ${min} to ${max}`;
  const fault = (value: unknown) => `must be ${wanted}; it is ${shown(value)}`;
  return z
    .union([z.number(), z.string()], { error: ({ input }) => fault(input) })
    .transform((value, context): number => {
      const text = String(value).trim();
      const number = Number(text);
      if (form.test(text) && number >= min && number <= max) return number;
      context.addIssue(fault(value));
      return z.NEVER;
    });
}

/** `true` or `false`, or the same as text, as the environment has it; `yes`, `no`, `on` and `off` count too. */
export const yesNo = z.union([z.boolean(), z.stringbool()], {
  error: ({ input }) => `must be true or false; it is ${shown(input)}`,
});

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, with an IPv6 address in brackets. */
export const hostAndPort = ({ host, port }: ListenAddress) => `${host.includes(":") ? `[${host}]` : host}:${port}`;

const notAddress = (value: unknown) =>
  `not an address to listen on: ${shown(value)}; write host:port, such as 127.0.0.1:9000`;

/** `host:port`, `[v6]:port`, or a URL with a host and a port; port 0 lets the system choose one. */
export const listenAddress = z
  .string({ error: ({ input }) => notAddress(input) })
  .transform((text, context): ListenAddress => {
    const match = /^(?:https?:\/\/)?(\[[0-9a-f:.]+\]|[^:/\s]+):(\d{1,5})\/?$/i.exec(text.trim());
    const port = Number(match?.[2]);
    if (!match?.[1] || port > 65535) {
      context.addIssue(notAddress(text));
      return z.NEVER;
    }
    return { host: match[1].replace(/^\[|\]$/g, ""), port };
  });
