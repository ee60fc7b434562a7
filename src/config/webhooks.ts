import { z } from "zod";

const webhookSchema = z.strictObject(
  {
    /** Buckets name it as arn:cess:sqs::NAME:webhook. */
    name: z.string().regex(/^[a-z0-9-]{1,64}$/, "must be 1 to 64 lower-case letters, digits and hyphens"),
    url: z.url({ protocol: /^https?$/, error: "must be a URL that begins with http:// or https://" }),
    /** A file that holds a token, sent as `Authorization: Bearer`. */
    tokenFile: z.string().min(1).optional(),
  },
  {
    error: ({ code, input }) =>
      code === "invalid_type" && typeof input === "string"
        ? "each must be NAME=URL, such as orders=https://example.com/events"
        : undefined,
  },
);

/** In the environment each is `NAME=URL`. */
export const webhooksSchema = z
  .array(
    z.preprocess((value) => {
      const [, name, url] = (typeof value === "string" ? /^([^=]*)=(.*)$/ : /$^/).exec(String(value)) ?? [];
      return name === undefined ? value : { name, url };
    }, webhookSchema),
  )
  .max(100)
  .default([])
  .refine(
    (webhooks) => new Set(webhooks.map(({ name }) => name)).size === webhooks.length,
    "has two webhooks of one name: names must differ",
  );
