import { z } from "zod";
import { defined } from "../model/defined.js";
import { onePlace } from "./one-place.js";
import { bytes, wholeNumber, yesNo } from "./quantity.js";
import { secretFault } from "./secret.js";

/** An identity policy: the document, as keys and values or as JSON text, or a file that holds it. At most one. */
export const policyFields = {
  policy: z.union([z.string().min(1), z.record(z.string(), z.unknown())]).optional(),
  policyFile: z.string().min(1).optional(),
};
export const onePolicy = onePlace(["policy", "policyFile"], "optional");

/** Limits of what an account or bucket may hold. */
export const quotaSchema = z
  .strictObject({
    /** Bytes of all versions and of the parts of open uploads. */
    bytes: bytes.optional(),
    /** Number of versions. */
    objects: wholeNumber({ min: 0 }).optional(),
  })
  .transform((quota) => defined(quota));

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

/** What an access key may do, less than its account. */
export const limitFields = {
  /** Names of buckets, with `*` and `?`; all by default. */
  buckets: z.array(z.string().min(1)).min(1).optional(),
  /** Beginnings of keys; all by default. */
  prefixes: z.array(z.string().min(1)).min(1).optional(),
  permission: z.enum(["read", "write", "read-write"]).default("read-write"),
  /** The moment it ends, in ISO 8601 with a time zone; never by default. */
  expires: z.iso
    .datetime({ offset: true, error: "must be a time with its zone, in ISO 8601, such as 2027-01-31T00:00:00Z" })
    .optional(),
};

/** A further access key of an account, which may do less than the account. */
const limitedKeySchema = z
  .strictObject({
    ...accessKeyFields,
    ...limitFields,
    /** What the key may do, in IAM's terms, within its limits; everything by default. */
    ...policyFields,
  })
  .superRefine(oneSecret)
  .superRefine(onePolicy);

/** Who an account is, and what it is charged to. */
export const accountFields = {
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
  /** May read any file on the network by its FID, through the network bucket. */
  readsNetwork: yesNo.default(false),
};

/** An S3 account: who owns and pays, with its access keys. */
export const accountSchema = z
  .strictObject({
    ...accountFields,
    ...accessKeyFields,
    /** What its buckets may hold together; no limit by default. */
    quota: quotaSchema.optional(),
    keys: z.array(limitedKeySchema).optional(),
  })
  .superRefine(oneSecret);

export type AccountConfig = Readonly<z.output<typeof accountSchema>>;
export type LimitedKeyConfig = Readonly<z.output<typeof limitedKeySchema>>;
