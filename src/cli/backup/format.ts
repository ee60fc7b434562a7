import { z } from "zod";

/**
 * A backup is a tar archive (POSIX ustar with pax records). Behind each file is another one, its name with `.sha256`
 * added, with a line as sha256sum writes it. The first file is `backup.json`, the last one `end.json`: an archive without
 * it was cut off.
 */
export const BEGINNING = "backup.json";
export const END = "end.json";
export const DIGEST = ".sha256";
export const CATALOG = "catalog.sqlite";
export const KEYS = "keys.json";
/** What may stand in an archive beside the first and the last file: nothing else is written to a disk. */
export const CONTENT =
  /^(?:catalog\.sqlite|keys\.json|state\/[\w-]{1,64}\.json|blobs\/[0-9a-f]\/[0-9a-f]{32}(?:-\d{1,15}-[0-9a-f]{8})?|blobs\/packs\/[0-9a-f]{32})$/;

export const beginningSchema = z.object({
  format: z.literal(1, { error: "this program reads backups of format 1" }),
  created: z.string(),
  /** The newest migration of the catalog. */
  schema: z.string(),
  catalog: z.string(),
  generation: z.number(),
  keys: z.boolean(),
});
export type Beginning = z.output<typeof beginningSchema>;

export const endSchema = z.object({ files: z.number(), bytes: z.number() });

export const digestLine = (digest: string, name: string) => `${digest}  ${name}\n`;
