import { DomainError } from "../model/errors.js";
import { parseIdentityPolicy } from "../model/policy-document.js";
import { StsError } from "./sts-error.js";

/** How long a session lasts, in seconds. */
export const DURATION = { min: 900, default: 3_600, max: 43_200 };
/** Characters of a session policy. */
const MAX_POLICY = 2_048;
/** Bytes of all policies of a session together: they stand in its token, which stands in headers and URLs. */
const MAX_PACKED_BYTES = 4_096;

const invalid = (value: string, member: string, constraint: string) =>
  new StsError(
    "ValidationError",
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: ${constraint}`,
  );

/** Seconds of a session, by default or as asked for. `max` is the requester's own limit. ValidationError. */
export function requireDuration(asked: number | undefined, max = DURATION.max): number {
  if (asked === undefined) return Math.min(DURATION.default, max);
  if (!Number.isInteger(asked) || asked < DURATION.min)
    throw invalid(String(asked), "durationSeconds", `Member must have value greater than or equal to ${DURATION.min}`);
  if (asked > Math.min(max, DURATION.max))
    throw invalid(
      String(asked),
      "durationSeconds",
      `Member must have value less than or equal to ${Math.min(max, DURATION.max)}`,
    );
  return asked;
}

/** ValidationError. */
export function requireSessionName(name: string): void {
  if (/^[\w+=,.@-]{2,64}$/.test(name)) return;
  throw invalid(
    name.slice(0, 100),
    "roleSessionName",
    "Member must have 2 to 64 characters, each a letter, a digit or one of _+=,.@-",
  );
}

/** The text of a session policy. ValidationError when it is too long, MalformedPolicyDocument when it is none. */
export function sessionPolicy(text: string): string {
  if (text.length > MAX_POLICY)
    throw invalid("…", "policy", `Member must have length less than or equal to ${MAX_POLICY}`);
  try {
    parseIdentityPolicy(text);
  } catch (cause) {
    if (cause instanceof DomainError) throw new StsError("MalformedPolicyDocument", cause.message, { cause });
    throw cause;
  }
  return text;
}

/** The policies' size in percent of what a token takes. PackedPolicyTooLarge. */
export function packedSize(policies: readonly string[]): number {
  const bytes = policies.reduce((total, policy) => total + Buffer.byteLength(policy), 0);
  const percent = Math.ceil((bytes / MAX_PACKED_BYTES) * 100);
  if (bytes <= MAX_PACKED_BYTES) return percent;
  throw new StsError(
    "PackedPolicyTooLarge",
    `Packed policy consumes ${percent}% of allotted space: the policies of a session have at most ${MAX_PACKED_BYTES} bytes together.`,
  );
}
