import { z } from "zod";

/** What is asked of a running gateway: to be registered under this address, or with null not to be. */
export const registrationRequest = z.strictObject({
  endpoint: z.url({ protocol: /^https?$/, error: "must be a URL that begins with http:// or https://" }).nullable(),
});

/** What a change of the registration says of itself. */
export interface RegistrationSteps {
  readonly account: string;
  readonly registered?: string | undefined;
  readonly call?: "register" | "update" | "destroy" | undefined;
  readonly feeTokens?: number | undefined;
}
