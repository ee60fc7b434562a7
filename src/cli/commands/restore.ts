import { resolve } from "node:path";
import { loadKeyConfig } from "../../config/load.js";
import { restore } from "../backup/restore.js";
import { recorded } from "../audit.js";
import { openGatewayFolder } from "../data-folder.js";
import { plainLog } from "../log/logger.js";
import { Progress, readableBytes } from "../progress.js";

/** `cess-s3 restore`: a backup into an empty data folder. */
export async function runRestore(file: string, options: { readonly config?: string }): Promise<void> {
  const { dataDir, encryption } = loadKeyConfig(options.config);
  const folder = await openGatewayFolder(dataDir, "cess-s3 restore", plainLog, true);
  try {
    const settings = { file: resolve(file), dataDir: folder.path, progress: new Progress() };
    const act = { act: "restore", subject: "data folder", details: { backup: settings.file } };
    const result = await recorded(folder.path, act, () => restore(settings));
    const { created, keys } = result.beginning;
    console.log(`${folder.path}: ${result.files} files, ${readableBytes(result.bytes)}, as they were at ${created}`);
    if (result.missing > 0)
      console.log(`${result.missing} staged blobs were missing when the backup was made: run cess-s3 fsck`);
    if (!keys)
      console.log("The backup has no keys: put keys.json there, or configure them, before you start the gateway");
    else if (encryption.keyFile !== undefined)
      console.log(
        `The keys are in ${folder.path}/keys.json, and encryption.keyFile names ${encryption.keyFile}: move them there`,
      );
  } finally {
    folder.close();
  }
}
