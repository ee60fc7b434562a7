import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ConfigError } from "../../config/config-error.js";
import { loadKeyConfig } from "../../config/load.js";
import type { KeyConfig } from "../../config/config.js";
import { AdminClient, type AdminOptions } from "../admin-client.js";
import { AdminError } from "../admin-error.js";
import { recorded } from "../audit.js";
import { backUp } from "../backup/backup.js";
import { RemoteHold } from "../backup/hold.js";
import { requireEmbeddedCatalog } from "../gateway/catalog.js";
import { requireLocalStaging } from "../gateway/staging.js";
import { FolderInUse, openGatewayFolder } from "../data-folder.js";
import { plainLog } from "../log/logger.js";
import { Progress, readableBytes } from "../progress.js";

export interface BackupOptions extends AdminOptions {
  /** Take the key file along. */
  readonly withKeys?: boolean;
}

/** `cess-s3 backup`: catalog and staged bytes in one file, whether or not a gateway runs on the data folder. */
export async function runBackup(file: string, options: BackupOptions): Promise<void> {
  const config = loadKeyConfig(options.config);
  requireEmbeddedCatalog(config, "cess-s3 backup");
  requireLocalStaging(config, "cess-s3 backup");
  const keyFile = options.withKeys === true ? await existingKeyFile(config) : undefined;
  await requireCatalog(config.dataDir);
  const act = { act: "backup", subject: resolve(file), details: { withKeys: keyFile !== undefined } };
  const guard = await standStill(config.dataDir, options, act);
  const write = () =>
    backUp({
      dataDir: resolve(config.dataDir),
      file: resolve(file),
      ...(keyFile === undefined ? {} : { keyFile }),
      alone: guard.alone,
      requireHeld: guard.requireHeld,
      progress: new Progress(),
    });
  try {
    // A gateway that runs has recorded it.
    const result = await (guard.alone ? recorded(config.dataDir, act, write) : write());
    console.log(`${file}: ${result.files} files, ${readableBytes(result.bytes)}`);
    if (result.missing.length > 0)
      console.log(
        `${result.missing.length} staged blobs that the catalog links are not there and so not in the backup: run cess-s3 fsck`,
      );
    console.log(
      keyFile === undefined
        ? "The keys are NOT in it: without them encrypted objects cannot be read. Back the key file up apart, or add --with-keys"
        : "The key file is in it: whoever has this backup can read everything in it",
    );
  } finally {
    await guard.release();
  }
}

interface StandStill {
  readonly alone: boolean;
  readonly requireHeld: () => void;
  release(): Promise<void>;
}

/** Nothing of the staged bytes is removed until `release`: by the folder's lock, or by the gateway that has it. `act`: for its
 * audit log. */
async function standStill(dataDir: string, options: AdminOptions, act: object): Promise<StandStill> {
  try {
    const folder = await openGatewayFolder(dataDir, "cess-s3 backup", plainLog);
    return { alone: true, requireHeld: () => undefined, release: () => Promise.resolve().then(() => folder.close()) };
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error;
    try {
      const hold = await RemoteHold.take(AdminClient.open(options), act);
      return { alone: false, requireHeld: () => hold.requireHeld(), release: () => hold.release() };
    } catch (refusal) {
      if (!(refusal instanceof AdminError)) throw refusal;
      throw new ConfigError(`${error.holder}, and ${refusal.message}`, { cause: refusal });
    }
  }
}

/** Before the folder is opened, which would make one that is not there. */
async function requireCatalog(dataDir: string): Promise<void> {
  const path = join(resolve(dataDir), "catalog.sqlite");
  if (!(await stat(path).catch(() => undefined)))
    throw new ConfigError(`there is no catalog at ${path}: is dataDir (CESS_S3_DATA_DIR) right?`);
}

async function existingKeyFile({ dataDir, encryption }: KeyConfig): Promise<string> {
  const path = resolve(encryption.keyFile ?? join(dataDir, "keys.json"));
  if (await stat(path).catch(() => undefined)) return path;
  throw new ConfigError(
    `--with-keys: there is no key file at ${path}. Keys that are configured elsewhere (a master key, Vault) are not part of a backup`,
  );
}
