import { S3Error } from "../../gateway/s3-error.js";

/** A condition that a form's field must meet. */
interface Condition {
  readonly operator: "eq" | "starts-with";
  /** In lower case, without `$`. */
  readonly field: string;
  readonly value: string;
}

/** What the signer of a form allows: until when, with which fields, and how large the file may be. */
export interface FormPolicy {
  /** Milliseconds since 1970. */
  readonly expiration: number;
  readonly conditions: readonly Condition[];
  /** Size of the file in bytes; `min` and `max` are allowed. */
  readonly size?: { readonly min: number; readonly max: number };
}

const invalid = (why: string) => new S3Error("InvalidPolicyDocument", { message: `Invalid Policy: ${why}` });
const refused = (why: string) => new S3Error("AccessDenied", { message: `Invalid according to Policy: ${why}` });

/** Fields that need no condition. */
const free = /^(x-amz-signature|awsaccesskeyid|signature|policy|file|x-ignore-.*)$/;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads a form's policy from base64. InvalidPolicyDocument. */
export function parseFormPolicy(base64: string): FormPolicy {
  const { expiration, conditions, ...others } = policyObject(base64);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(`Unexpected: '${unknown.slice(0, 60)}'.`);
  if (typeof expiration !== "string") throw invalid("Policy missing expiration.");
  const ends = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/.test(expiration) ? Date.parse(expiration) : NaN;
  if (Number.isNaN(ends)) throw invalid(`Invalid 'expiration' value: '${expiration.slice(0, 60)}'`);
  if (!Array.isArray(conditions)) throw invalid("Policy missing conditions.");
  const found: Condition[] = [];
  let size: FormPolicy["size"];
  for (const condition of conditions as unknown[]) {
    if (Array.isArray(condition) && named(condition[0]) === "content-length-range") size = sizeRange(condition, size);
    else found.push(Array.isArray(condition) ? listed(condition) : simple(condition));
  }
  return { expiration: ends, conditions: found, ...(size ? { size } : {}) };
}

function policyObject(base64: string): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    // AWS's examples escape the dollar sign, which JSON does not allow.
    document = JSON.parse(
      Buffer.from(base64, "base64")
        .toString("utf8")
        .replace(/\\(.)/gs, (whole, char) => (char === "$" ? "$" : whole)),
    );
  } catch {
    throw invalid("Invalid JSON.");
  }
  if (!isObject(document)) throw invalid("Policy must be a JSON object.");
  return document;
}

const named = (value: unknown) => (typeof value === "string" ? value.toLowerCase() : undefined);

function simple(condition: unknown): Condition {
  if (!isObject(condition)) throw invalid("Condition must be an object or a list.");
  const [entry, another] = Object.entries(condition);
  if (!entry || another)
    throw invalid("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.");
  const [field, value] = entry;
  if (typeof value !== "string") throw invalid("Invalid Simple-Condition: value must be a string.");
  return { operator: "eq", field: field.toLowerCase(), value };
}

function listed(condition: readonly unknown[]): Condition {
  const [operator, field, value] = condition;
  const name = named(operator);
  if (name !== "eq" && name !== "starts-with")
    throw invalid(`Invalid Condition: unknown operation '${String(operator).slice(0, 60)}'.`);
  if (condition.length !== 3) throw invalid(`Invalid Condition: wrong number of arguments for ${name}.`);
  if (typeof field !== "string" || typeof value !== "string" || !field.startsWith("$"))
    throw invalid(`Invalid Condition: ${name} takes a field, as $key, and a string.`);
  return { operator: name, field: field.slice(1).toLowerCase(), value };
}

function sizeRange(
  [, min, max, ...more]: readonly unknown[],
  before: FormPolicy["size"],
): { min: number; max: number } {
  const bytes = (value: unknown) =>
    typeof value === "number" || (typeof value === "string" && /^\d{1,15}$/.test(value)) ? Number(value) : NaN;
  const [from, to] = [bytes(min), bytes(max)];
  if (more.length > 0 || !Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to < 0) {
    throw invalid("Invalid Condition: content-length-range takes two numbers of bytes.");
  }
  // With several conditions on the size, all must be met.
  return { min: Math.max(from, before?.min ?? 0), max: Math.min(to, before?.max ?? Infinity) };
}

/**
 * AccessDenied unless the policy is still valid, its conditions are met, and each field has a condition. `now`: ms since
 * 1970.
 */
export function requireFormPolicy(
  policy: FormPolicy,
  fields: ReadonlyMap<string, string>,
  bucket: string,
  now: number,
): void {
  if (now >= policy.expiration) throw refused("Policy expired.");
  const named = new Set<string>();
  for (const condition of policy.conditions) {
    named.add(condition.field);
    const value = condition.field === "bucket" ? bucket : (fields.get(condition.field) ?? "");
    if (holds(condition, value)) continue;
    const { operator, field, value: wanted } = condition;
    throw refused(`Policy Condition failed: ${JSON.stringify([operator, `$${field}`, wanted])}`);
  }
  // The bucket is not a field, but a policy without a condition on it would allow uploads to all buckets of the signer.
  const extra = [...new Set(["bucket", ...fields.keys()])].filter((name) => !free.test(name) && !named.has(name));
  if (extra.length > 0) throw refused(`Extra input fields: ${extra.join(", ").slice(0, 500)}`);
}

function holds({ operator, field, value }: Condition, actual: string): boolean {
  if (operator === "eq") return actual === value;
  // In a list of content types, each must start with the value.
  const actuals = field === "content-type" ? actual.split(",").map((each) => each.trim()) : [actual];
  return actuals.every((each) => each.startsWith(value));
}

/** The file's bytes as they come. EntityTooSmall, EntityTooLarge where the policy does not allow its size. */
export async function* withinSize(file: AsyncIterable<Uint8Array>, { size }: FormPolicy): AsyncGenerator<Uint8Array> {
  let seen = 0;
  for await (const bytes of file) {
    seen += bytes.length;
    if (size && seen > size.max)
      throw new S3Error("EntityTooLarge", { fields: { ProposedSize: String(seen), MaxSizeAllowed: String(size.max) } });
    yield bytes;
  }
  if (size && seen < size.min)
    throw new S3Error("EntityTooSmall", { fields: { ProposedSize: String(seen), MinSizeAllowed: String(size.min) } });
}
