import { z } from "zod";
import { decimalNumber } from "./quantity.js";

/** This gateway among those that use one catalog: docs/configuration.md. */
export const gatewaySchema = z.strictObject({
  /** Its name, another one for each. By default made at the first start, and kept in the data folder. */
  id: z
    .string()
    .regex(
      /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/i,
      "must be a name of 1 to 64 letters, digits, dots, underscores and dashes, such as gateway-1",
    )
    .optional(),
  /** Seconds that this machine's clock may differ from the database's. Leases of jobs and locks rest on it. */
  clockSeconds: decimalNumber({ min: 0.1, max: 30 }).default(5),
});

export type GatewayConfig = Readonly<z.output<typeof gatewaySchema>>;
