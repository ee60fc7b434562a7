import { z } from "zod";
import { DomainError } from "../model/errors.js";
import type { Sealer } from "../model/sealer.js";

/** What a session token holds, sealed under the master key: sessions are kept nowhere else. */
const sessionSchema = z.strictObject({
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  /** Account.id. */
  account: z.string(),
  name: z.string(),
  /** Milliseconds since 1970. */
  issuedAt: z.number(),
  expiresAt: z.number(),
  /** Exactly one of both: the permanent access key, or the identity provider, that the session came from. */
  parent: z.string().exactOptional(),
  issuer: z.string().exactOptional(),
  /** Texts of the session's policies: all of them apply. */
  policies: z.array(z.string()),
});

export type SessionDocument = Readonly<z.output<typeof sessionSchema>>;

/** What else the master key seals cannot pass for a token. */
const PURPOSE = "session token";
/** Characters of a token; longer ones are none of ours. */
const MAX_TOKEN = 16 * 1024;

export function sealSession(sealer: Pick<Sealer, "seal">, document: SessionDocument): string {
  return sealer.seal(JSON.stringify(document), PURPOSE);
}

/** Throws DomainError `invalidToken` for what this gateway's master keys did not seal as a token. */
export function openSession(sealer: Pick<Sealer, "open">, token: string): SessionDocument {
  if (token.length > MAX_TOKEN) throw invalidToken();
  let text: string;
  try {
    text = sealer.open(token, PURPOSE);
  } catch (cause) {
    throw invalidToken(cause);
  }
  return sessionSchema.parse(JSON.parse(text));
}

export function invalidToken(cause?: unknown): DomainError {
  return new DomainError({ kind: "invalidToken" }, "The provided token is malformed or otherwise invalid.", { cause });
}
