import { z } from "zod";
import { decimalNumber, wholeNumber, yesNo } from "./quantity.js";

const fields = {
  /** Gives keys to whoever proves that a CESS account with a territory is theirs. */
  enabled: yesNo.default(false),
  /** The name that people know this gateway by; it stands in what wallets sign, and binds it to this gateway. */
  gateway: z
    .string()
    .regex(/^\w[\w.:-]{0,99}$/, "must be a name of letters, digits, dots, colons and dashes, such as s3.example.com")
    .optional(),
  /** Name of the territory that keys are given for, or a pattern with `*` and `?`. */
  territory: z.string().min(1).max(63).default("*"),
  /** URL of the S3 listener, as clients reach it; by default where this process listens. */
  endpoint: z.url({ protocol: /^https?$/, error: "must be a URL that begins with https:// or http://" }).optional(),
  /** Origins of web pages that may ask from browsers. */
  origins: z
    .array(z.string().regex(/^https?:\/\/[^/\s*]+$/, "must be origins, such as https://wallet.example.com"))
    .max(100)
    .default([]),
  /** Requests of one address, and signed ones of one account. */
  rate: z
    .strictObject({
      /** 0: as many as they like. */
      requestsPerSecond: decimalNumber({ min: 0, max: 1_000_000 }).default(0.2),
      /** Requests at once after a pause. */
      burst: wholeNumber({ min: 1, max: 1_000_000 }).default(20),
    })
    .prefault({}),
  /** Accounts that sign-up makes, at most. */
  maxAccounts: wholeNumber({ min: 1, max: 1_000_000 }).default(1_000),
  /** Keys that one account has at a time. */
  maxKeys: wholeNumber({ min: 1, max: 1_000 }).default(5),
  /** Days until a key ends; 0: it does not end by itself. */
  keyDays: wholeNumber({ min: 0, max: 36_500 }).default(365),
  /** Authorizations by proxy that the gateway's account pays for in 24 hours; 0: none. */
  authorizationsPerDay: wholeNumber({ min: 0, max: 1_000_000 }).default(0),
};

/** Sign-up with a wallet: docs/accounts.md. */
export const signUpSchema = z.strictObject(fields).refine(({ enabled, gateway }) => !enabled || gateway !== undefined, {
  path: ["gateway"],
  error: "is missing: wallets sign it, so that a signature is of no use at another gateway; such as s3.example.com",
});
