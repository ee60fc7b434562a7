import { DomainError } from "./errors.js";
import { globOf, matchesGlob } from "./glob.js";
import {
  ARN,
  MAX_POLICY,
  type Condition,
  type Patterns,
  type Policy,
  type Principals,
  type Statement,
} from "./policy.js";
import { parseOperator, invalidValue } from "./policy-condition.js";

const MAX_STATEMENTS = 500;
/** Limit of the values in one list. */
const MAX_VALUES = 1000;

const malformed = (message: string, cause?: unknown) => new DomainError({ kind: "invalidPolicy" }, message, { cause });

type Json = Readonly<Record<string, unknown>>;

function objectOf(value: unknown, what: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw malformed(`${what} must be an object`);
}

function textsOf(value: unknown, what: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || list.length > MAX_VALUES) throw malformed(`${what} has no value, or too many`);
  return list.map((each) => {
    if (typeof each === "string") return each;
    throw malformed(`${what} must be text or a list of texts`);
  });
}

/** The values of a condition. Booleans and numbers need no quotes there. */
function conditionValues(value: unknown, what: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return textsOf(
    list.map((each) => (typeof each === "boolean" || typeof each === "number" ? String(each) : each)),
    what,
  );
}

function onlyKnown(object: Json, known: readonly string[], what: string): void {
  const unknown = Object.keys(object).find((name) => !known.includes(name));
  if (unknown !== undefined) throw malformed(`Unknown field ${unknown.slice(0, 60)} in ${what}`);
}

/** The value of `Action` or `NotAction`, for example. A statement must have exactly one of the two. */
function either(statement: Json, name: string): { readonly not: boolean; readonly value: unknown } {
  const [plain, not] = [statement[name], statement[`Not${name}`]];
  if ((plain === undefined) === (not === undefined))
    throw malformed(`A statement must have either ${name} or Not${name}`);
  return plain === undefined ? { not: true, value: not } : { not: false, value: plain };
}

function principals(statement: Json): Principals {
  const { not, value } = either(statement, "Principal");
  if (typeof value === "string") {
    if (value !== "*") throw malformed("Invalid principal in policy");
    return { not, names: ["*"] };
  }
  const kinds = objectOf(value, "Principal");
  onlyKnown(kinds, ["AWS", "CanonicalUser", "Service", "Federated"], "Principal");
  const names: string[] = [];
  for (const [kind, listed] of Object.entries(kinds)) {
    const texts = textsOf(listed, `Principal ${kind}`);
    // There are no services and identity providers here, so these principals match nobody.
    if (kind === "AWS" || kind === "CanonicalUser") names.push(...texts);
  }
  if (Object.keys(kinds).length === 0 || names.includes("")) throw malformed("Invalid principal in policy");
  return { not, names };
}

function actions(statement: Json, form: RegExp): Patterns {
  const { not, value } = either(statement, "Action");
  const patterns = textsOf(value, "Action");
  for (const action of patterns)
    if (!form.test(action)) throw malformed(`Policy has invalid action: ${action.slice(0, 60)}`);
  return { not, patterns: patterns.map((action) => action.toLowerCase()) };
}

/** The resources of a statement. They must be in the policy's own bucket. */
function resources(statement: Json, bucket: string): Patterns {
  const { not, value } = either(statement, "Resource");
  const patterns = textsOf(value, "Resource");
  for (const resource of patterns) {
    const [name = ""] = resource.startsWith(ARN) ? resource.slice(ARN.length).split("/", 1) : [];
    if (name === "" || !matchesGlob(globOf(name), bucket))
      throw malformed(`Policy has invalid resource: ${resource.slice(0, 200)}`);
  }
  return { not, patterns };
}

/**
 * The `s3:` condition keys that a policy may use. Other keys never have a value, so a Deny with one of them would never
 * deny. They are refused. All `aws:` keys are accepted: on AWS, too, a request may lack some of them.
 */
const s3Keys = new Set([
  "authtype",
  "delimiter",
  "max-keys",
  "prefix",
  "signatureage",
  "signatureversion",
  "tlsversion",
  "versionid",
  "if-match",
  "if-none-match",
  "x-amz-acl",
  "x-amz-content-sha256",
  "x-amz-copy-source",
  "x-amz-grant-full-control",
  "x-amz-grant-read",
  "x-amz-grant-read-acp",
  "x-amz-grant-write",
  "x-amz-grant-write-acp",
  "x-amz-metadata-directive",
  "x-amz-object-ownership",
  "x-amz-server-side-encryption",
  "x-amz-server-side-encryption-aws-kms-key-id",
  "x-amz-server-side-encryption-customer-algorithm",
  "x-amz-storage-class",
  "x-amz-website-redirect-location",
  "object-lock-mode",
  "object-lock-retain-until-date",
  "object-lock-remaining-retention-days",
  "object-lock-legal-hold",
  "locationconstraint",
  "resourceaccount",
  "requestobjecttagkeys",
  "objectcreationoperation",
  // There are no access points here. As on AWS, a request without an access point has no value for these keys.
  "accesspointnetworkorigin",
  "dataaccesspointaccount",
  "dataaccesspointarn",
  "accessgrantsinstancearn",
]);

function conditionKey(text: string): string {
  const [name = "", ...rest] = text.split("/");
  const key = [name.toLowerCase(), ...rest].join("/");
  const tagged = /^(s3:existingobjecttag|s3:requestobjecttag|aws:principaltag|aws:requesttag|aws:resourcetag)\/./s.test(
    key,
  );
  const plain = key.startsWith("s3:") ? s3Keys.has(key.slice(3)) : /^aws:[a-z0-9:-]+$/.test(key);
  if (!tagged && !plain) throw malformed(`Policy has an invalid condition key: ${text.slice(0, 60)}`);
  return key;
}

function conditions(statement: Json): readonly Condition[] {
  if (statement["Condition"] === undefined) return [];
  const found: Condition[] = [];
  for (const [name, block] of Object.entries(objectOf(statement["Condition"], "Condition"))) {
    const operator = parseOperator(name);
    if (!operator) throw malformed(`Invalid Condition type: ${name.slice(0, 60)}`);
    for (const [key, value] of Object.entries(objectOf(block, `Condition ${name}`))) {
      const values = conditionValues(value, `Condition ${name}`);
      const wrong = values.map((each) => invalidValue(operator, each)).find((each) => each !== undefined);
      if (wrong !== undefined) throw malformed(wrong);
      found.push({ operator, key: conditionKey(key), values });
    }
  }
  return found;
}

/** The resources of an identity policy: any ARN. Those of other services match nothing here. */
function anyResources(statement: Json): Patterns {
  const { not, value } = either(statement, "Resource");
  const patterns = textsOf(value, "Resource");
  for (const resource of patterns)
    if (resource !== "*" && !/^arn:[^:]*:[^:]*:[^:]*:[^:]*:./s.test(resource))
      throw malformed(`Policy has invalid resource: ${resource.slice(0, 200)}`);
  return { not, patterns };
}

/** The parts of a statement that differ between bucket policies and identity policies. */
interface StatementParts {
  readonly fields: readonly string[];
  principals(statement: Json): Principals;
  readonly actions: RegExp;
  resources(statement: Json): Patterns;
}

const COMMON_FIELDS = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];

const partsFor = (bucket: string): StatementParts => ({
  fields: [...COMMON_FIELDS, "Principal", "NotPrincipal"],
  principals,
  actions: /^(\*|s3:[a-z*?]+)$/i,
  resources: (statement) => resources(statement, bucket),
});

/** An identity policy may name actions of other services, as catalogs write them for AWS: they match nothing here. */
const identityParts: StatementParts = {
  fields: COMMON_FIELDS,
  principals: () => ({ not: false, names: ["*"] }),
  actions: /^(\*|[a-z0-9-]+:[a-z0-9*?]+)$/i,
  resources: anyResources,
};

function statementOf(value: unknown, parts: StatementParts): Statement {
  const statement = objectOf(value, "A statement");
  onlyKnown(statement, parts.fields, "a statement");
  const { Sid: sid, Effect: effect } = statement;
  if (effect !== "Allow" && effect !== "Deny") throw malformed("Effect must be Allow or Deny");
  if (sid !== undefined && typeof sid !== "string") throw malformed("Sid must be text");
  return {
    // An empty Sid is none: MinIO's clients write one into every statement.
    ...(sid ? { sid } : {}),
    effect,
    principals: parts.principals(statement),
    actions: actions(statement, parts.actions),
    resources: parts.resources(statement),
    conditions: conditions(statement),
  };
}

/**
 * Parses a bucket policy. Throws a DomainError `invalidPolicy` for text that is no policy, for a policy that cannot be
 * enforced, and for more than 20 KiB.
 */
export function parsePolicy(text: string, bucket: string): Policy {
  return parse(text, partsFor(bucket));
}

/**
 * Parses an identity policy, which says what an access key or a session may do: as a bucket policy, but without
 * Principal, and for any bucket. Throws a DomainError `invalidPolicy`.
 */
export function parseIdentityPolicy(text: string): Policy {
  return parse(text, identityParts);
}

function parse(text: string, parts: StatementParts): Policy {
  if (Buffer.byteLength(text) > MAX_POLICY)
    throw malformed(`The policy exceeds the maximum size of ${MAX_POLICY} bytes`);
  if (!text.trimStart().startsWith("{")) throw malformed("Policies must be valid JSON and the first byte must be '{'");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw malformed("This policy contains invalid Json", cause);
  }
  const document = objectOf(json, "The policy");
  onlyKnown(document, ["Version", "Id", "Statement"], "the policy");
  const { Version: version = "2008-10-17", Id: id, Statement: listed } = document;
  if (version !== "2012-10-17" && version !== "2008-10-17")
    throw malformed("The policy must contain a valid version string");
  if (id !== undefined && typeof id !== "string") throw malformed("Id must be text");
  const values: readonly unknown[] = Array.isArray(listed) ? listed : [listed];
  if (listed === undefined || values.length === 0 || values.length > MAX_STATEMENTS)
    throw malformed("Missing required field Statement");
  const statements = values.map((value) => statementOf(value, parts));
  const sids = statements.flatMap(({ sid }) => sid ?? []);
  if (new Set(sids).size < sids.length) throw malformed("Statement IDs (SID) in a single policy must be unique");
  return { variables: version === "2012-10-17", statements };
}
