/** One act of an operator, or of the program on an operator's behalf. */
export interface AuditRecord {
  /** What was done: `start`, `stop`, `reload`, or a method such as `POST`. */
  readonly act: string;
  /** Who did it, such as `token 1f0c35ba from 10.0.0.7` or `user cess-s3 (uid 998)`. Never a secret. */
  readonly by: string;
  /** What it was done to, such as a path or an access key ID. */
  readonly subject: string;
  /** How it ended: an HTTP status, `done`, or `refused: …`. */
  readonly result: string;
  /** The name of what was made, where that is not the subject: of an access key its ID. */
  readonly made?: string;
  /** What else there is to tell; without secrets, as `withoutSecrets` leaves it. */
  readonly details?: unknown;
}

/** Where administrative acts are recorded, one after the other. */
export interface AuditLog {
  /** Resolves when the record is on the disk. Never rejects: what cannot be written is an error in the log. */
  record(record: AuditRecord): Promise<void>;
}

/** What was asked of a route that may change something, and how it ended. */
export interface RouteAct {
  readonly method: string;
  readonly path: string;
  /** As in AuditRecord. */
  readonly by: string;
  readonly body: unknown;
  readonly answer: { readonly status: number; readonly made?: string };
}

/** The record of an act on a route, over the admin listener or by a command that works without one. */
export function routeRecord({ method, path, by, body, answer: { status, made } }: RouteAct): AuditRecord {
  return {
    act: method,
    by,
    subject: path,
    result: String(status),
    ...(made === undefined ? {} : { made }),
    ...(body === undefined ? {} : { details: withoutSecrets(body) }),
  };
}

/** Members whose values are not recorded. `accessKeyId` is, and so are the names of files. */
const SECRET = /secret|token|password|passphrase|mnemonic|phrase|credential|private|^(?:master|key|cipher)$/i;
const FILE = /file$/i;
const HIDDEN = "(not recorded)";
/** Longest text of one value, in UTF-16 units, and most members or entries of one, and levels. */
const LIMITS = { text: 1000, members: 100, levels: 8 };

/** A value of JSON for the audit log: without what may be a secret, and cut where it is long. */
export function withoutSecrets(value: unknown, level = 0): unknown {
  if (typeof value === "string")
    return value.length <= LIMITS.text ? value : `${value.slice(0, LIMITS.text)}… (${value.length} characters)`;
  if (typeof value !== "object" || value === null) return value;
  if (level >= LIMITS.levels) return "…";
  if (Array.isArray(value)) return value.slice(0, LIMITS.members).map((entry) => withoutSecrets(entry, level + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, LIMITS.members)
      .map(([name, member]) => [
        name.slice(0, LIMITS.text),
        SECRET.test(name) && !FILE.test(name) ? HIDDEN : withoutSecrets(member, level + 1),
      ]),
  );
}
