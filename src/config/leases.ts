import { z } from "zod";
import { MAX_BUDGET_TOKENS, outlivePolicies } from "../model/lease.js";
import { bytes, decimalNumber, wholeNumber } from "./quantity.js";

/** Tokens that may be spent within 30 days. */
const budget = decimalNumber({ min: 0, max: MAX_BUDGET_TOKENS });

const renewSchema = z.strictObject({
  /** Days before the end of a territory at which it is renewed. */
  beforeDays: wholeNumber({ min: 1, max: 365 }).default(14),
  /** Days that each renewal adds. */
  days: wholeNumber({ min: 1, max: 3650 }).default(30),
  budget,
});

const expandSchema = z
  .strictObject({
    /** A territory with less free space than this is expanded; one of the two is set. */
    belowBytes: bytes.optional(),
    /** The same in percent of its size. */
    belowPercent: decimalNumber({ min: 0.01, max: 99 }).optional(),
    /** GiB that each expansion adds. */
    gib: wholeNumber({ min: 1, max: 1_000_000 }),
    budget,
  })
  .refine(({ belowBytes, belowPercent }) => (belowBytes === undefined) !== (belowPercent === undefined), {
    error: "needs one of belowBytes and belowPercent: they say when a territory is expanded",
  });

/** How the territories of the accounts are kept: docs/territory.md. */
export const leasesSchema = z.strictObject({
  /** One of `notifications.webhooks`, by name: it is told 30, 7 and 1 days before a territory ends, and when it has. */
  webhook: z.string().min(1).optional(),
  /** Renews territories of the signing account itself; not set: nothing is renewed. */
  renew: renewSchema.optional(),
  /** Expands territories of the signing account itself; not set: nothing is expanded. */
  expand: expandSchema.optional(),
  /** What happens to a request that keeps an object for longer than its territory is paid for. */
  outlive: z.enum(outlivePolicies).default("warn"),
});

export type LeasesConfig = Readonly<z.output<typeof leasesSchema>>;
