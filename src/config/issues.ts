import type { z } from "zod";

/** The end of a message about text that YAML takes for something else. */
export const QUOTES = ": put it in quotes";

/**
 * What is wrong with a value, for all kinds of mistakes that the schema has no words of its own for. The value itself is
 * never repeated: it may be a secret.
 */
export function faultOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "is missing" : wrongKind(issue.expected, issue.input);
    case "too_small":
      return `must have at least ${count(issue.minimum, issue.origin)}`;
    case "too_big":
      return `must have at most ${count(issue.maximum, issue.origin)}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "invalid_format":
      return issue.format === "url" ? "must be a URL, such as http://10.0.0.5:15001" : "does not have the right form";
    default:
      return "is not right";
  }
}

function wrongKind(expected: string, input: unknown): string {
  const found = kindOf(input);
  switch (expected) {
    case "string":
      return `must be text, and is ${found}${typeof input === "object" ? "" : QUOTES}`;
    case "array":
      return `must be a list, with a line that begins with "- " for each entry or as [one, two]; it is ${found}`;
    case "object":
      return `must hold keys and values, each on a line of its own below it; it is ${found}`;
    default:
      return `must be ${expected}; it is ${found}`;
  }
}

function kindOf(value: unknown): string {
  if (value === null || value === "") return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map of keys and values";
  return typeof value === "string" ? "text" : typeof value === "boolean" ? "true or false" : "a number";
}

function count(limit: number | bigint, origin: string): string {
  const one = Number(limit) === 1;
  if (origin === "string") return one ? "one character" : `${limit} characters`;
  return one ? "one entry" : `${limit} entries`;
}

/** A key's name where it looks like one; a line of the file that is no key may hold a secret. */
export function keyName(key: string): string {
  return /^[A-Za-z][A-Za-z0-9_-]{0,31}$/.test(key)
    ? `"${key}"`
    : '"…" (its text does not look like a key, and is not shown)';
}
