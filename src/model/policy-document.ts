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
import { parseOperator, refusedValue } from "./policy-condition.js";

const MAX_STATEMENTS = 500;
/** Deeper than any policy: JSON.parse takes more, but nothing else here needs to. */
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

/** Conditions may say `true` and `5` without quotes. */
function conditionValues(value: unknown, what: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return textsOf(
    list.map((each) => (typeof each === "boolean" || typeof each === "number" ? String(each) : each)),
    what,
  );
}

function onlyKnown(object: Json, known: readonly string[], what: string): void {
  const strange = Object.keys(object).find((name) => !known.includes(name));
  if (strange !== undefined) throw malformed(`Unknown field ${strange.slice(0, 60)} in ${what}`);
}

/** Exactly one of `Action` and `NotAction`, and so on. */
function either(statement: Json, name: string): { readonly not: boolean; readonly value: unknown } {
  const [plain, not] = [statement[name], statement[`Not${name}`]];
  if ((plain === undefined) === (not === undefined)) throw malformed(`A statement has either ${name} or Not${name}`);
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
    // Services and identity providers do not exist here: they never ask, so they match nobody.
    if (kind === "AWS" || kind === "CanonicalUser") names.push(...texts);
  }
  if (Object.keys(kinds).length === 0 || names.includes("")) throw malformed("Invalid principal in policy");
  return { not, names };
}

function actions(statement: Json): Patterns {
  const { not, value } = either(statement, "Action");
  const patterns = textsOf(value, "Action");
  for (const action of patterns)
    if (!/^(\*|s3:[a-z*?]+)$/i.test(action)) throw malformed(`Policy has invalid action: ${action.slice(0, 60)}`);
  return { not, patterns: patterns.map((action) => action.toLowerCase()) };
}

/** Every resource lies in the policy's own bucket: it can grant nothing outside. */
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
 * Keys a policy may ask for. Another one would never be there, and a Deny that waits for it would never deny: so it is
 * refused. Of `aws:` keys all are taken: which of them a request has is AWS's matter of circumstance, too.
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
  // There are no access points: that a request came through none is true of all.
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
      const wrong = values.map((each) => refusedValue(operator, each)).find((each) => each !== undefined);
      if (wrong !== undefined) throw malformed(wrong);
      found.push({ operator, key: conditionKey(key), values });
    }
  }
  return found;
}

function statementOf(value: unknown, bucket: string): Statement {
  const statement = objectOf(value, "A statement");
  onlyKnown(
    statement,
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"],
    "a statement",
  );
  const { Sid: sid, Effect: effect } = statement;
  if (effect !== "Allow" && effect !== "Deny") throw malformed("Effect must be Allow or Deny");
  if (sid !== undefined && typeof sid !== "string") throw malformed("Sid must be text");
  return {
    // An empty Sid is none: MinIO's clients write one into every statement.
    ...(sid ? { sid } : {}),
    effect,
    principals: principals(statement),
    actions: actions(statement),
    resources: resources(statement, bucket),
    conditions: conditions(statement),
  };
}

/**
 * Parses a bucket policy. Throws a DomainError `invalidPolicy` for text that is no policy, for what could not be
 * enforced, and above 20 KiB.
 */
export function parsePolicy(text: string, bucket: string): Policy {
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
  const statements = values.map((value) => statementOf(value, bucket));
  const sids = statements.flatMap(({ sid }) => sid ?? []);
  if (new Set(sids).size < sids.length) throw malformed("Statement IDs (SID) in a single policy must be unique");
  return { variables: version === "2012-10-17", statements };
}
