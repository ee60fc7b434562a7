import { z } from "zod";
import { onePlace } from "./one-place.js";
import { yesNo } from "./quantity.js";
import { secretFault } from "./secret.js";

const accessKeyFields = {
  accessKeyId: z.string().min(3).max(128),
  secretAccessKey: z
    .string()
    .superRefine((text, context) => {
      const fault = secretFault(text);
      if (fault !== undefined) context.addIssue(fault);
    })
    .optional(),
  /** A file that holds the secret. */
  secretAccessKeyFile: z.string().min(1).optional(),
  /** The secret as `cess-s3 seal` prints it: the gateway's master key opens it. */
  secretAccessKeySealed: z.string().min(1).optional(),
};
const oneSecret = onePlace(["secretAccessKey", "secretAccessKeyFile", "secretAccessKeySealed"], "required");

/** A further access key of an account, which may do less than the account. */
const limitedKeySchema = z
  .strictObject({
    ...accessKeyFields,
    /** Names of buckets, with `*` and `?`; all by default. */
    buckets: z.array(z.string().min(1)).min(1).optional(),
    /** Beginnings of keys; all by default. */
    prefixes: z.array(z.string().min(1)).min(1).optional(),
    permission: z.enum(["read", "write", "read-write"]).default("read-write"),
    /** The moment it ends, in ISO 8601 with a time zone; never by default. */
    expires: z.iso
      .datetime({ offset: true, error: "must be a time with its zone, in ISO 8601, such as 2027-01-31T00:00:00Z" })
      .optional(),
  })
  .superRefine(oneSecret);

/** An S3 account: who owns and pays, with its access keys. */
export const accountSchema = z
  .strictObject({
    /** Shown as the owner's display name. */
    name: z.string().min(1).max(64),
    /** SS58 address of the CESS account whose territory is charged; it must have authorized the gateway's account. */
    cessAccount: z
      .string()
      .regex(
        /^[1-9A-HJ-NP-Za-km-z]{40,60}$/,
        "must be an SS58 address, such as cX…: letters and digits, none of 0, O, I and l",
      ),
    /** The territory's name on chain. */
    territory: z.string().min(1).max(63),
    ...accessKeyFields,
    /** May read any file on the network by its FID, through the network bucket. */
    readsNetwork: yesNo.default(false),
    keys: z.array(limitedKeySchema).optional(),
  })
  .superRefine(oneSecret);

export type AccountConfig = Readonly<z.output<typeof accountSchema>>;
export type LimitedKeyConfig = Readonly<z.output<typeof limitedKeySchema>>;
