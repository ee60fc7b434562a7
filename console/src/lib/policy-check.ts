import { t } from "../texts.js";

/** What is wrong with a bucket policy, before the gateway is asked: it checks all of it again. */
export interface PolicyFault {
  readonly text: string;
  /** From 1; undefined where no line is to blame. */
  readonly line?: number;
}

const MEMBERS = new Set([
  "Sid",
  "Effect",
  "Principal",
  "NotPrincipal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
]);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isTexts = (value: unknown): boolean =>
  typeof value === "string" ||
  (Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "string"));

/** Empty: nothing was found. */
export function checkPolicy(text: string, bucket: string): PolicyFault[] {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch (error) {
    return [{ text: (error as Error).message, line: lineOfFault(text) }];
  }
  if (!isObject(policy)) return [{ text: t.policyFaults.object }];
  const faults: string[] = [];
  if (policy.Version !== "2012-10-17" && policy.Version !== "2008-10-17") faults.push(t.policyFaults.version);
  const statements = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement];
  for (const [at, statement] of (statements as unknown[]).entries()) {
    const where = t.policyFaults.statement(at + 1);
    if (!isObject(statement)) {
      faults.push(t.policyFaults.missing(where));
      continue;
    }
    for (const name of Object.keys(statement)) if (!MEMBERS.has(name)) faults.push(t.policyFaults.unknown(where, name));
    if (statement.Effect !== "Allow" && statement.Effect !== "Deny") faults.push(t.policyFaults.effect(where));
    if (!("Principal" in statement) && !("NotPrincipal" in statement)) faults.push(t.policyFaults.principal(where));
    for (const member of ["Action", "Resource"] as const) {
      const value = statement[member] ?? statement[`Not${member}`];
      if (!isTexts(value)) faults.push(t.policyFaults.texts(where, member));
      else
        for (const each of [value].flat() as string[]) {
          if (member === "Action" && each !== "*" && !/^s3:/i.test(each))
            faults.push(t.policyFaults.action(where, each));
          if (member === "Resource" && !resourceOf(each, bucket))
            faults.push(t.policyFaults.resource(where, each, bucket));
        }
    }
  }
  return faults.map((fault) => ({ text: fault }));
}

/**
 * The line where a text ceases to be the beginning of JSON. Engines do not agree on telling it, but all of them tell what
 * ends too early from what is wrong.
 */
function lineOfFault(text: string): number {
  const isBeginning = (length: number) => {
    try {
      JSON.parse(text.slice(0, length));
      return true;
    } catch (error) {
      return /end of|unterminated|EOF/i.test((error as Error).message);
    }
  };
  let [good, bad] = [0, text.length + 1];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isBeginning(middle)) good = middle;
    else bad = middle;
  }
  return text.slice(0, good).split("\n").length;
}

const resourceOf = (resource: string, bucket: string) =>
  resource === `arn:aws:s3:::${bucket}` || resource.startsWith(`arn:aws:s3:::${bucket}/`);
