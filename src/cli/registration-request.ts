import { z } from "zod";

/** What is asked of a running gateway: to be registered under this address, or with null not to be. */
export const registrationRequest = z.strictObject({
  endpoint: z.url({ protocol: /^https?$/, error: "must be a URL that begins with http:// or https://" }).nullable(),
});
