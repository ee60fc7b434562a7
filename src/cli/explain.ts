import { ConfigError } from "../config/load.js";

/**
 * What a person needs to know of a failure: mistakes and refusals by the system in their own words, bugs with a trace.
 */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof ConfigError) return error.message;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "EADDRINUSE") return `${error.message}: another program listens there; choose another address or end it`;
  if (code !== undefined) return error.message;
  return error.stack ?? error.message;
}
