import { readFileSync } from "node:fs";
import { ConfigError, reasonOf } from "./config-error.js";

/** Characters of a secret access key, wherever it comes from. AWS's own have 40. */
export const SECRET_LENGTH = { min: 8, max: 128 };

/** `${NAME}`, `$(command)`, `{{ name }}` anywhere, or `$NAME` alone: what a shell or a template would have replaced. */
const PLACEHOLDER = /\$\{\s*[A-Za-z_][^}]*\}|\$\([^)]+\)|\{\{.+\}\}|^\$[A-Z_][A-Z0-9_]*$/;

export const PLACEHOLDER_FAULT =
  "holds a placeholder such as ${NAME}, which nothing replaces here: write the value itself, or set the environment variable that this setting has";

/** Whether a value still has a placeholder in it that a shell or a template should have replaced. */
export function hasPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text);
}

/**
 * What keeps a text from being a secret access key, without repeating it; undefined when nothing does. The same rules
 * hold for secrets in the configuration, in files, and sealed.
 */
export function secretFault(text: string): string | undefined {
  const { min, max } = SECRET_LENGTH;
  if (text.length < min || text.length > max)
    return `must have ${min} to ${max} characters, and ${text === "" ? "is empty" : `has ${text.length}`}; \`openssl rand -hex 20\` makes a good one`;
  if (/\p{Cc}/u.test(text)) return "must be one line of text, without control characters";
  if (text.trim() !== text) return "must not begin or end with a space";
  return hasPlaceholder(text) ? PLACEHOLDER_FAULT : undefined;
}

/**
 * The text of a secret's file, without the space and line ends around it. `label` begins the
 * message; `key` is the setting that names the file, where the label is no key.
 * Throws ConfigError, which never repeats the text, when the file cannot be read, is empty, or holds a placeholder.
 */
export function readSecret(path: string, label: string, key = label): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw new ConfigError(`${label}: cannot read the file ${path}: ${reasonOf(cause)}`, { cause, key });
  }
  if (text === "") throw new ConfigError(`${label}: the file ${path} is empty: it must hold the secret`, { key });
  if (hasPlaceholder(text)) throw new ConfigError(`${label}: the file ${path} ${PLACEHOLDER_FAULT}`, { key });
  return text;
}
