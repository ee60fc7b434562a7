import { globOf, matchesGlob } from "./glob.js";

export const corsMethods = ["GET", "PUT", "POST", "DELETE", "HEAD"] as const;
export type CorsMethod = (typeof corsMethods)[number];

/** What web pages of other origins may do with a bucket. */
export interface CorsRule {
  readonly id?: string;
  /** With at most one `*` each. */
  readonly origins: readonly string[];
  readonly methods: readonly CorsMethod[];
  /** Request headers, with at most one `*` each. */
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  /** Seconds a browser may remember the answer. */
  readonly maxAge?: number;
}

/** AWS's limit. */
export const MAX_CORS_RULES = 100;

export interface CorsRequest {
  readonly origin: string;
  readonly method: string;
  /** Header names, of a preflight. */
  readonly headers: readonly string[];
}

const matches = (pattern: string, text: string) => matchesGlob(globOf(pattern.replaceAll("?", "\u0000")), text);

/** The first rule that fits, as in S3. */
export function corsRuleFor(
  rules: readonly CorsRule[],
  { origin, method, headers }: CorsRequest,
): CorsRule | undefined {
  return rules.find(
    (rule) =>
      rule.origins.some((pattern) => matches(pattern, origin)) &&
      rule.methods.some((allowed) => allowed === method) &&
      headers.every((name) => rule.headers.some((pattern) => matches(pattern.toLowerCase(), name.toLowerCase()))),
  );
}
