import { z } from "zod";

const UNITS: Readonly<Record<string, number>> = { "": 1, b: 1, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 };
const BYTES = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i;

/** A number of bytes, or text such as `256MiB`. */
export const bytes = z
  .union([z.number(), z.string()])
  .transform((value, context) => {
    if (typeof value === "number") return value;
    const match = BYTES.exec(value.trim());
    const unit = UNITS[match?.[2]?.toLowerCase() ?? "?"];
    if (!match || unit === undefined) {
      context.addIssue(`not a size: "${value}"; write a number of bytes, or a number with KiB, MiB, GiB or TiB`);
      return z.NEVER;
    }
    return Math.floor(Number(match[1]) * unit);
  })
  .pipe(z.number().int().nonnegative());

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `[v6]:port`, or a URL with a host and a port; port 0 lets the system choose one. */
export const listenAddress = z.string().transform((text, context): ListenAddress => {
  const match = /^(?:https?:\/\/)?(\[[0-9a-f:.]+\]|[^:/\s]+):(\d{1,5})\/?$/i.exec(text.trim());
  const port = Number(match?.[2]);
  if (!match?.[1] || port > 65535) {
    context.addIssue(`not an address to listen on: "${text}"; write host:port, for example 127.0.0.1:9000`);
    return z.NEVER;
  }
  return { host: match[1].replace(/^\[|\]$/g, ""), port };
});
