import { inspect } from "node:util";
import { ConfigError } from "../config/config-error.js";

/**
 * What a person needs to know of a failure: mistakes and refusals by the system in their own words, bugs with a trace.
 */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === "string" ? error : inspect(error);
  if (error instanceof ConfigError) return error.message;
  if ((error as NodeJS.ErrnoException).code !== undefined) return error.message;
  return error.stack ?? error.message;
}
