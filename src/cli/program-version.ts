import { readFileSync } from "node:fs";
import { z } from "zod";

const packageSchema = z.object({ version: z.string() });

/** Of package.json, which is beside the program in the repository, the npm package and the image. */
export function programVersion(): string {
  const path = new URL("../../../package.json", import.meta.url);
  return packageSchema.parse(JSON.parse(readFileSync(path, "utf8"))).version;
}
