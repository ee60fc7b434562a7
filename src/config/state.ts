import { z } from "zod";

const fields = {
  /** A Redis or Valkey; with `rediss://` by TLS. Without it each gateway keeps its own, in `state` in its data folder. */
  url: z
    .string()
    .regex(
      /^rediss?:\/\/(?:[^/?#@\s]*@)?(?:\[[0-9a-f:.]+\]|[^/?#@:\s]+)(?::\d{1,5})?(?:\/\d{0,4})?$/i,
      "must be the URL of a Redis or Valkey, such as redis://10.0.0.5:6379 or rediss://cache.example.com:6380/1",
    )
    .optional(),
  /** A file that holds its password. */
  passwordFile: z.string().min(1).optional(),
};

/** Small state that gateways share and may lose: docs/configuration.md. */
export const stateSchema = z
  .strictObject(fields)
  .refine(({ url, passwordFile }) => url !== undefined || passwordFile === undefined, {
    path: ["url"],
    error: "is missing: passwordFile is for it; such as redis://10.0.0.5:6379",
  });

export type StateConfig = Readonly<z.output<typeof stateSchema>>;
