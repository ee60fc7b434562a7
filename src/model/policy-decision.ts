import { globOf, matchesGlob, MANY, ONE, type Glob } from "./glob.js";
import {
  ARN,
  type Condition,
  type Patterns,
  type Policy,
  type Principal,
  type Principals,
  type Statement,
} from "./policy.js";
import { literal, holds, type ConditionContext, type Expand } from "./policy-condition.js";

/** What a policy is evaluated for. */
export interface PolicyQuestion {
  readonly principal: Principal;
  /** Such as `s3:GetObject`. */
  readonly action: string;
  /** `bucket`, or `bucket/key`. */
  readonly resource: string;
  readonly context: ConditionContext;
}

/** `silent`: no statement applies. */
export type PolicyAnswer = "allow" | "deny" | "silent";

/** Evaluates a policy. An explicit Deny outweighs every Allow. */
export function evaluatePolicy(policy: Policy, question: PolicyQuestion): PolicyAnswer {
  const expand = policy.variables ? withVariables(question.context) : literal;
  const applying = policy.statements.filter((statement) => applies(statement, question, expand));
  if (applying.some(({ effect }) => effect === "Deny")) return "deny";
  return applying.length > 0 ? "allow" : "silent";
}

function applies(
  statement: Statement,
  { principal, action, resource, context }: PolicyQuestion,
  expand: Expand,
): boolean {
  const among = ({ not, patterns }: Patterns, matches: (pattern: string) => boolean) => patterns.some(matches) !== not;
  return (
    among(statement.actions, (pattern) => matchesGlob(globOf(pattern), action.toLowerCase())) &&
    matchesPrincipal(statement.principals, principal) &&
    among(statement.resources, (pattern) => {
      const expanded = expand(pattern);
      return expanded !== undefined && matchesGlob(expanded.glob, ARN + resource);
    }) &&
    statement.conditions.every(({ operator, key, values }) => holds(operator, context(key), values, expand))
  );
}

/** Whether a statement's principals include this one. */
export function matchesPrincipal({ not, names }: Principals, principal: Principal): boolean {
  return names.some((name) => name === "*" || isNamed(name, principal)) !== not;
}

/**
 * Whether a name in a policy means this principal. It may be the canonical ID, the display name, or an ARN with either:
 * `arn:aws:iam::ID:root`, `arn:aws:iam::ID:user/NAME`.
 */
export function isNamed(name: string, { id, displayName, accessKeyId }: Principal): boolean {
  if (id === undefined) return false;
  if (name === id || name === displayName) return true;
  const [, account = "", who = "", user = ""] = /^arn:aws:iam::([^:]*):(root$|user\/(.+)$)/s.exec(name) ?? [];
  if (who === "") return false;
  const sameAccount = account === id || account === displayName;
  if (who === "root") return sameAccount;
  const last = user.slice(user.lastIndexOf("/") + 1);
  return (sameAccount || account === "") && (last === displayName || last === id || last === accessKeyId);
}

/**
 * Replaces `${key}` by the request's value, in which no character is a wildcard, and `${*}`, `${?}` and `${$}` by the
 * character itself.
 */
function withVariables(context: ConditionContext): Expand {
  return (value) => {
    if (!value.includes("${")) return literal(value);
    let text = "";
    const glob: Glob[number][] = [];
    let last = 0;
    for (const match of value.matchAll(/\$\{([^}]*)\}/g)) {
      const [whole, name = ""] = match;
      const found = /^[*?$]$/.test(name) ? name : variable(context, name);
      if (found === undefined) return undefined;
      const before = value.slice(last, match.index);
      text += before + found;
      glob.push(...globOf(before), ...Array.from(found));
      last = match.index + whole.length;
    }
    return { text: text + value.slice(last), glob: [...glob, ...globOf(value.slice(last))] };
  };
}

/** The value of a variable. `${aws:username, 'nobody'}` has a default. A key with several values counts as missing. */
function variable(context: ConditionContext, text: string): string | undefined {
  const [, key = "", fallback] = /^\s*([^,]*?)\s*(?:,\s*'([^']*)'\s*)?$/.exec(text) ?? [];
  const [name = "", ...rest] = key.split("/");
  const values = context([name.toLowerCase(), ...rest].join("/"));
  return values?.length === 1 ? values[0] : fallback;
}

/** Condition keys that restrict a statement to certain requesters or networks, if the condition's values are fixed. */
const restrictingKeys = new Set([
  "aws:principalaccount",
  "aws:principalarn",
  "aws:principalorgid",
  "aws:userid",
  "aws:username",
  "aws:sourceaccount",
  "aws:sourcearn",
  "aws:sourcevpc",
  "aws:sourcevpce",
  "aws:sourceip",
]);

function restricts({ operator: { test, ifExists, quantifier }, key, values }: Condition): boolean {
  if (ifExists || quantifier === "ForAllValues" || !restrictingKeys.has(key)) return false;
  if (test === "IpAddress") return values.every((value) => !/\/[0-7]$|^::\/|^0\.0\.0\.0\//.test(value));
  const fixed = (value: string) =>
    globOf(value).every((token) => token !== MANY && token !== ONE) && !value.includes("${");
  return /^(StringEquals|StringEqualsIgnoreCase|StringLike|ArnEquals|ArnLike)$/.test(test) && values.every(fixed);
}

/** Whether a policy is public by S3's definition: it allows something to anybody from any network. */
export function isPublicPolicy(policy: Policy): boolean {
  return policy.statements.some(
    ({ effect, principals, conditions }) =>
      effect === "Allow" && (principals.not || principals.names.includes("*")) && !conditions.some(restricts),
  );
}
