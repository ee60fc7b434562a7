import { open } from "node:fs/promises";
import { ConfigError, reasonOf } from "../../config/config-error.js";
import { configTemplate } from "../../config/template.js";

/** Secrets may be written into it. */
const MODE = 0o600;

/** `cess-s3 init`: writes a configuration file with all settings and their defaults. Never over one that is there. */
export async function runInit(path: string): Promise<void> {
  const template = configTemplate();
  try {
    const file = await open(path, "wx", MODE);
    try {
      await file.writeFile(template);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST")
      throw new ConfigError(`${path} is there already, and is not overwritten: name another file, or move it away`);
    throw new ConfigError(`cannot write ${path}: ${reasonOf(cause)}`, { cause });
  }
  console.log(`${path} has all settings with their defaults. What to do next:

  1. write into it: the chain's endpoints, the signing account, the S3 accounts
  2. cess-s3 config check --config ${path}
  3. cess-s3 doctor --config ${path}
  4. cess-s3 serve --config ${path}`);
}
