import { z } from "zod";
import { onePolicy, policyFields } from "./account.js";
import { isLoopback } from "./loopback.js";
import { wholeNumber } from "./quantity.js";

/** Keys that tokens are verified with must come unchanged: by TLS, or from this machine. */
const safeUrl = z
  .url({ protocol: /^https?$/, error: "must be a URL that begins with https://" })
  .refine(
    (url) => url.startsWith("https:") || isLoopback(new URL(url).hostname),
    "must begin with https://, or be on this machine: whoever can change its answers could sign in as anybody",
  );

const issuerSchema = z
  .strictObject({
    /** Exactly as in the `iss` of its tokens. */
    issuer: safeUrl,
    /** A token's `aud` must have one of these. */
    audience: z.union(
      [
        z
          .string()
          .min(1)
          .transform((one) => [one]),
        z.array(z.string().min(1)).min(1),
      ],
      {
        error: "must be a text or a list of texts: the audiences (aud) that tokens may be for",
      },
    ),
    /** Where its keys are; by default its discovery document says (issuer + /.well-known/openid-configuration). */
    jwksUri: safeUrl.optional(),
    /** The name of the account that all its tokens get. */
    account: z.string().min(1).optional(),
    /** A claim of the token, a text or a list of texts, whose value chooses the account, in place of `account`. */
    claim: z.string().min(1).optional(),
    /** Of `claim`: from its values to the names of accounts. */
    accounts: z.record(z.string(), z.string().min(1)).default({}),
    /** What its sessions may do, in IAM's terms; everything that the account may by default. */
    ...policyFields,
    /** The longest session, s. */
    maxSeconds: wholeNumber({ min: 900, max: 43_200 }).default(43_200),
  })
  .superRefine(onePolicy)
  .refine(({ account, claim }) => (account === undefined) !== (claim === undefined), "needs either account or claim")
  .refine(({ claim, accounts }) => (claim === undefined) === (Object.keys(accounts).length === 0), {
    path: ["accounts"],
    error: "belongs to claim: from the claim's values to the names of accounts",
  });

/** Who may sign in without an access key of their own: docs/accounts.md. */
export const identitySchema = z.strictObject({
  /** OpenID Connect providers whose tokens AssumeRoleWithWebIdentity takes. */
  issuers: z
    .array(issuerSchema)
    .max(100)
    .default([])
    .refine(
      (issuers) => new Set(issuers.map(({ issuer }) => issuer)).size === issuers.length,
      "has two entries of one issuer: keep one",
    ),
});

export type IdentitySettings = z.output<typeof identitySchema>;
