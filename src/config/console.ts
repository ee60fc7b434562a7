import { z } from "zod";
import { listenAddress } from "./quantity.js";

/** The console for browsers: docs/console.md. */
export const consoleSchema = z.strictObject({
  /** Where users find it, without what operators do; without it, it is on the admin listener alone. */
  listen: listenAddress.optional(),
  /** The URL of the S3 endpoint that links which are shared begin with; by default the console's host, and the port of `listen`. */
  endpoint: z
    .url({ protocol: /^https?$/, error: "must be a URL that begins with http:// or https://" })
    .refine((url) => /^https?:\/\/[^/?#@]+\/?$/.test(url), "must be a URL without a path, a query and a user")
    .transform((url) => url.replace(/\/$/, ""))
    .optional(),
});

export type ConsoleSettings = Readonly<z.output<typeof consoleSchema>>;
