import { resolve } from "node:path";
import { loadKeyConfig } from "../../config/load.js";
import { restore } from "../backup/restore.js";
import { offlineAuditLog, offlineUser } from "../audit.js";
import { openGatewayFolder } from "../data-folder.js";
import { requireEmbeddedCatalog } from "../gateway/catalog.js";
import { plainLog } from "../log/logger.js";
import { Progress, readableBytes } from "../progress.js";

/** `cess-s3 restore`: a backup into an empty data folder. */
export async function runRestore(file: string, options: { readonly config?: string }): Promise<void> {
  const config = loadKeyConfig(options.config);
  requireEmbeddedCatalog(config, "cess-s3 restore");
  const { dataDir, encryption } = config;
  const folder = await openGatewayFolder(dataDir, "cess-s3 restore", plainLog, true);
  try {
    const backup = resolve(file);
    const result = await restore({ file: backup, dataDir: folder.path, progress: new Progress() });
    const { created, keys } = result.beginning;
    // Not before: of a restore that failed nothing is left.
    const act = { act: "restore", subject: "data folder", details: { backup, created } };
    await offlineAuditLog(folder.path).record({ ...act, by: offlineUser(), result: "done" });
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
