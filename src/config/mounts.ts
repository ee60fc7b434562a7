import { z } from "zod";
import { wholeNumber } from "./quantity.js";

const mountSchema = z.strictObject({
  /** SS58 address of the CESS account that the other gateway's `journal.account` names: it owns the journals on the chain. */
  account: z
    .string()
    .regex(
      /^[1-9A-HJ-NP-Za-km-z]{40,60}$/,
      "must be an SS58 address, such as cX…: letters and digits, none of 0, O, I and l",
    ),
  /** Buckets are read, and nothing is changed. */
  mode: z.literal("read", { error: "must be read: that is all that a mount can do" }).default("read"),
  /** Public key of the gateway that shares one bucket with this one, in hex or as an SS58 address; absent: all buckets, by the master key. */
  gateway: z
    .string()
    .regex(
      /^(?:(?:0x)?[0-9a-fA-F]{64}|[1-9A-HJ-NP-Za-km-z]{40,60})$/,
      "must be a public key, of 64 hex digits or as an SS58 address",
    )
    .optional(),
  /** Which catalog, where the account has journals of several. */
  stream: z
    .string()
    .regex(/^[0-9a-f]{8}$/, "must be eight hex digits, as cess-s3 journal status shows them")
    .optional(),
  /** Seconds between two looks for new journals. */
  refreshSeconds: wholeNumber({ min: 1, max: 86_400 }).default(60),
});
export type MountConfig = Readonly<z.output<typeof mountSchema>>;

/** Buckets of other gateways that are served for reading: docs/journal.md. */
export const mountsSchema = z
  .array(mountSchema)
  .max(100)
  .default([])
  .refine(
    (mounts) =>
      new Set(mounts.map(({ account, stream, gateway }) => `${account} ${stream} ${gateway}`)).size === mounts.length,
    "must name each account once, unless they have different streams or gateways",
  );
