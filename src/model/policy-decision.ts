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
import { asWritten, holds, type ConditionContext, type Expand } from "./policy-condition.js";

/** One question put to a policy. */
export interface PolicyQuestion {
  readonly principal: Principal;
  /** As `s3:GetObject`. */
  readonly action: string;
  /** `bucket`, or `bucket/key`. */
  readonly resource: string;
  readonly context: ConditionContext;
}

export type PolicyAnswer = "allow" | "deny" | "silent";

/** An explicit Deny outweighs every Allow; where no statement applies the policy says nothing. */
export function askPolicy(policy: Policy, question: PolicyQuestion): PolicyAnswer {
  const expand = policy.variables ? filledIn(question.context) : asWritten;
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
    addresses(statement.principals, principal) &&
    among(statement.resources, (pattern) => {
      const expanded = expand(pattern);
      return expanded !== undefined && matchesGlob(expanded.glob, ARN + resource);
    }) &&
    statement.conditions.every(({ operator, key, values }) => holds(operator, context(key), values, expand))
  );
}

export function addresses({ not, names }: Principals, principal: Principal): boolean {
  return names.some((name) => name === "*" || isNamed(name, principal)) !== not;
}

/** By canonical ID, display name, or an ARN over either: `arn:aws:iam::ID:root`, `arn:aws:iam::ID:user/NAME`. */
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

/** `${key}` becomes the request's value, in which no character is a wildcard; `${*}`, `${?}` and `${$}` themselves. */
function filledIn(context: ConditionContext): Expand {
  return (value) => {
    if (!value.includes("${")) return asWritten(value);
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

/** `${aws:username, 'nobody'}` has a default; a key of several values fills nothing in. */
function variable(context: ConditionContext, text: string): string | undefined {
  const [, key = "", fallback] = /^\s*([^,]*?)\s*(?:,\s*'([^']*)'\s*)?$/.exec(text) ?? [];
  const [name = "", ...rest] = key.split("/");
  const values = context([name.toLowerCase(), ...rest].join("/"));
  return values?.length === 1 ? values[0] : fallback;
}

/** Keys that tie a statement to somebody or somewhere, when they are compared with what has no wildcard. */
const tyingKeys = new Set([
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

function ties({ operator: { test, ifExists, quantifier }, key, values }: Condition): boolean {
  if (ifExists || quantifier === "ForAllValues" || !tyingKeys.has(key)) return false;
  if (test === "IpAddress") return values.every((value) => !/\/[0-7]$|^::\/|^0\.0\.0\.0\//.test(value));
  const fixed = (value: string) =>
    globOf(value).every((token) => token !== MANY && token !== ONE) && !value.includes("${");
  return /^(StringEquals|StringEqualsIgnoreCase|StringLike|ArnEquals|ArnLike)$/.test(test) && values.every(fixed);
}

/** S3's notion of a public policy: it lets anybody in, wherever they are. */
export function isPublicPolicy(policy: Policy): boolean {
  return policy.statements.some(
    ({ effect, principals, conditions }) =>
      effect === "Allow" && (principals.not || principals.names.includes("*")) && !conditions.some(ties),
  );
}
