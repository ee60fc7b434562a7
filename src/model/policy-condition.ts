import { BlockList, isIP } from "node:net";
import { globOf, matchesGlob, type Glob } from "./glob.js";

/**
 * The values of a request's condition keys. Keys are in lower case. Undefined if the request has no value for the key.
 */
export type ConditionContext = (key: string) => readonly string[] | undefined;

export interface ConditionOperator {
  readonly quantifier?: "ForAllValues" | "ForAnyValue";
  readonly test: string;
  /** The condition also holds if the request does not have the key. */
  readonly ifExists: boolean;
}

/**
 * Whether a value of the request matches a value of the policy. `wanted` is the policy's value with its variables
 * replaced, and `glob` is the same as a pattern.
 */
type Test = (value: string, wanted: string, glob: Glob) => boolean;

const numbers =
  (compare: (a: number, b: number) => boolean): Test =>
  (value, wanted) => {
    const [a, b] = [numberOf(value), numberOf(wanted)];
    return a !== undefined && b !== undefined && compare(a, b);
  };

const dates =
  (compare: (a: number, b: number) => boolean): Test =>
  (value, wanted) => {
    const [a, b] = [dateOf(value), dateOf(wanted)];
    return a !== undefined && b !== undefined && compare(a, b);
  };

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  Equals: (a, b) => a === b,
  LessThan: (a, b) => a < b,
  LessThanEquals: (a, b) => a <= b,
  GreaterThan: (a, b) => a > b,
  GreaterThanEquals: (a, b) => a >= b,
};

const compared = (kind: string, make: (compare: (a: number, b: number) => boolean) => Test) =>
  Object.entries(comparisons).map(([name, compare]) => [kind + name, make(compare)] as const);

const like: Test = (value, _wanted, glob) => matchesGlob(glob, value);

const tests = new Map<string, Test>([
  ["StringEquals", (value, wanted) => value === wanted],
  ["StringEqualsIgnoreCase", (value, wanted) => value.toLowerCase() === wanted.toLowerCase()],
  ["StringLike", like],
  ["ArnEquals", like],
  ["ArnLike", like],
  ["BinaryEquals", (value, wanted) => value === wanted],
  ["Bool", (value, wanted) => value.toLowerCase() === wanted.toLowerCase()],
  ["IpAddress", (value, wanted) => inNetwork(value, wanted)],
  ...compared("Numeric", numbers),
  ...compared("Date", dates),
]);

/** Negated tests, and the tests that they negate. */
const negations: Readonly<Record<string, string>> = {
  StringNotEquals: "StringEquals",
  StringNotEqualsIgnoreCase: "StringEqualsIgnoreCase",
  StringNotLike: "StringLike",
  ArnNotEquals: "ArnEquals",
  ArnNotLike: "ArnLike",
  NotIpAddress: "IpAddress",
  NumericNotEquals: "NumericEquals",
  DateNotEquals: "DateEquals",
};

/** Parses a condition operator, such as `ForAllValues:StringLikeIfExists`. Undefined if there is no such operator. */
export function parseOperator(text: string): ConditionOperator | undefined {
  const match = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(text);
  const [, quantifier, test = "", ifExists] = match ?? [];
  if (!tests.has(test) && !Object.hasOwn(negations, test) && !(test === "Null" && ifExists === undefined))
    return undefined;
  return {
    test,
    ifExists: ifExists !== undefined,
    ...(quantifier === undefined ? {} : { quantifier: quantifier as "ForAllValues" | "ForAnyValue" }),
  };
}

/** What is wrong with a policy's value for this operator, as text; undefined if nothing is. */
export function invalidValue({ test }: ConditionOperator, value: string): string | undefined {
  const positive = negations[test] ?? test;
  if (positive === "IpAddress" && !networkOf(value)) return `Invalid IP address or CIDR block: ${value.slice(0, 60)}`;
  if (positive.startsWith("Numeric") && numberOf(value) === undefined) return `Not a number: ${value.slice(0, 60)}`;
  if (positive.startsWith("Date") && dateOf(value) === undefined) return `Not a date: ${value.slice(0, 60)}`;
  if ((positive === "Bool" || positive === "Null") && !/^(true|false)$/i.test(value))
    return `Not true or false: ${value.slice(0, 60)}`;
  return undefined;
}

/**
 * Replaces the variables in a policy's value. Undefined if the request does not have a variable; the value then matches
 * nothing.
 */
export type Expand = (value: string) => { readonly text: string; readonly glob: Glob } | undefined;

/** Replaces nothing: for policies of the version without variables. */
export const literal: Expand = (text) => ({ text, glob: globOf(text) });

/** Whether a condition holds for the request's values of its key. */
export function holds(
  operator: ConditionOperator,
  values: readonly string[] | undefined,
  wanted: readonly string[],
  expand: Expand,
): boolean {
  const { test, ifExists, quantifier } = operator;
  const absent = values === undefined || values.length === 0;
  if (test === "Null") return wanted.some((value) => (value.toLowerCase() === "true") === absent);
  const negated = negations[test];
  // A missing value differs from every value, and ForAllValues holds for no values.
  if (absent) return ifExists || quantifier === "ForAllValues" || (negated !== undefined && quantifier === undefined);
  const matches = tests.get(negated ?? test) ?? (() => false);
  const expanded = wanted.flatMap((value) => expand(value) ?? []);
  const one = (value: string) => {
    const found = expanded.some(({ text, glob }) => matches(value, text, glob));
    return negated === undefined ? found : !found;
  };
  if (quantifier === "ForAllValues") return values.every(one);
  return negated !== undefined && quantifier === undefined ? values.every(one) : values.some(one);
}

function numberOf(text: string): number | undefined {
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** ISO 8601, or seconds since 1970. */
function dateOf(text: string): number | undefined {
  if (/^\d{1,12}$/.test(text) && text.length > 4) return Number(text) * 1000;
  const ms = /^\d{4}(-\d{2}){0,2}(T[\d:.]+(Z|[+-]\d{2}:?\d{2})?)?$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly type: "ipv4" | "ipv6";
}

function networkOf(text: string): Network | undefined {
  const [address = "", length, ...more] = text.split("/");
  const family = isIP(address);
  if (family === 0 || more.length > 0 || address.includes("%")) return undefined;
  const longest = family === 4 ? 32 : 128;
  const prefix = length === undefined ? longest : /^\d{1,3}$/.test(length) ? Number(length) : longest + 1;
  return prefix > longest ? undefined : { address, prefix, type: family === 4 ? "ipv4" : "ipv6" };
}

function inNetwork(value: string, wanted: string): boolean {
  const network = networkOf(wanted);
  const family = isIP(value);
  if (!network || family === 0) return false;
  const list = new BlockList();
  list.addSubnet(network.address, network.prefix, network.type);
  return list.check(value, family === 4 ? "ipv4" : "ipv6");
}
