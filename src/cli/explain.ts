import { inspect } from "node:util";
import { ConfigError } from "../config/config-error.js";
import { CatalogUnusable } from "../catalog/catalog-unusable.js";
import { AdminError } from "./admin-error.js";
import { CommandError } from "./command-error.js";

/** Errors whose messages were written for the person at the terminal. */
const WORDED = [ConfigError, AdminError, CatalogUnusable, CommandError];

/**
 * What a command prints of a failure: the message of a mistake or of an error of the operating system; with a stack
 * trace for anything else, which is a bug.
 */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === "string" ? error : inspect(error);
  if (WORDED.some((kind) => error instanceof kind)) return error.message;
  if ((error as NodeJS.ErrnoException).code !== undefined) return error.message;
  return error.stack ?? error.message;
}
