import { inspect } from "node:util";
import { ConfigError } from "../config/config-error.js";
import { CatalogUnusable } from "../catalog/catalog-unusable.js";
import { AdminError } from "./admin-error.js";

/**
 * What a command prints of a failure: the message of a mistake or of an error of the operating system; with a stack
 * trace for anything else, which is a bug.
 */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === "string" ? error : inspect(error);
  if (error instanceof ConfigError || error instanceof AdminError || error instanceof CatalogUnusable)
    return error.message;
  if ((error as NodeJS.ErrnoException).code !== undefined) return error.message;
  return error.stack ?? error.message;
}
