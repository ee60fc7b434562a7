import { z } from "zod";
import { walletPayloadSchema } from "./admin-answers.js";

/** The largest number that the chain takes for GiB and days. */
const whole = z.coerce
  .number()
  .int()
  .min(1)
  .max(2 ** 32 - 1);
const account = z.string();
const common = { account, territory: z.string() };

/** The query of `GET /territory/quote`. */
export const territoryQuery = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("buy"), ...common, gib: whole, days: whole }),
  z.strictObject({ kind: z.literal("expand"), ...common, gib: whole }),
  z.strictObject({ kind: z.enum(["renew", "reactivate"]), ...common, days: whole }),
  z.strictObject({
    kind: z.literal("move"),
    ...common,
    to: z.string(),
    /** FIDs, separated by spaces; without them all files of the territory. */
    fids: z.string().optional(),
  }),
  z.strictObject({ kind: z.enum(["authorize", "revoke"]), account, operator: z.string() }),
]);

export type TerritoryQuery = z.output<typeof territoryQuery>;

/** The query of `GET /territory/account`. */
export const territoryAccountQuery = z.strictObject({ account });

/** The body of `POST /territory/calls`: what was quoted, and the wallet's signature of it. */
export const signedCallRequest = z.strictObject({
  payload: walletPayloadSchema,
  signature: z.string().regex(/^0x(?:[0-9a-f]{2}){64,66}$/i),
});
