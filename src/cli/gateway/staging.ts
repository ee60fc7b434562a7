import { stat } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../async/system-clock.js";
import { inPack } from "../../blobs/blob-id.js";
import { FileBlobs } from "../../blobs/file-blobs.js";
import { FolderPlace } from "../../blobs/folder-place.js";
import { ConfigError, reasonOf } from "../../config/config-error.js";
import { stagingPlace } from "../../config/staging.js";
import { DiskSpace, onOneDisk } from "../../files/disk-space.js";
import type { Staging, StagingCatalog, StagingComponents, StagingConfig } from "./found-staging.js";
import { StagingPlace } from "./staging-place.js";

/** Looks at the place that `staging.url` names; changes nothing. Rejects with ConfigError where it cannot be used. */
export async function findStaging(config: StagingConfig, catalog: StagingCatalog): Promise<Staging> {
  const { dataDir, staging } = config;
  const place = staging.url === undefined ? undefined : stagingPlace(staging.url);
  if (place?.kind === "s3") {
    // The AWS SDK is loaded where it is used.
    const { findS3Staging } = await import("./s3-staging.js");
    return findS3Staging(place, config, catalog);
  }
  return findFolder(place?.path, join(dataDir, "blobs"), config, catalog);
}

/** `path` undefined: in the data folder. */
async function findFolder(
  path: string | undefined,
  local: string,
  config: StagingConfig,
  catalog: StagingCatalog,
): Promise<Staging> {
  const folder = path ?? local;
  const files = new FolderPlace(folder);
  if (path !== undefined) await requireUsable(files);
  const place = new StagingPlace({ files, catalog, clock: systemClock });
  // In the data folder a mark is only looked for where bytes were staged elsewhere before.
  const isMarked = path !== undefined || (await catalog.staging.read()).marked ? await place.isMarked() : true;
  return {
    place: path === undefined ? undefined : place,
    open: async (components) => {
      const blobs = await openFolder(folder, path !== undefined, config, catalog, components);
      try {
        if (!isMarked) await place.mark(blobs, local);
      } catch (error) {
        await blobs.close();
        throw error;
      }
      return blobs;
    },
  };
}

async function openFolder(
  folder: string,
  elsewhere: boolean,
  { dataDir, reserveBytes, staging }: StagingConfig,
  catalog: StagingCatalog,
  { several, space, onDamage, keepRemoved, onFault }: StagingComponents,
): Promise<FileBlobs> {
  const onAnotherDisk = elsewhere && !(await onOneDisk(folder, dataDir));
  const disk = onAnotherDisk && space ? DiskSpace.of(folder, systemClock, { reserveBytes }) : space;
  return FileBlobs.open({
    folder,
    recentBytes: staging.recent,
    ...(disk && { space: disk }),
    ...(onDamage && { onDamage }),
    ...(keepRemoved && { keepRemoved }),
    linkedInPack: (pack) => catalog.inspection.linkedContaining(inPack(pack)),
    shared:
      elsewhere || several
        ? { clock: systemClock, orphans: (ids) => catalog.orphans(ids), ...(onFault && { onFault }) }
        : undefined,
  });
}

/** For commands that read staged bytes where the data folder has them. Throws ConfigError. */
export function requireLocalStaging({ staging }: Pick<StagingConfig, "staging">, command: string): void {
  if (staging.url !== undefined)
    throw new ConfigError(
      `${command} takes the staged bytes of the data folder, and staging.url (CESS_S3_STAGING_URL) names another place: back ` +
        "that up by its own means, together with the catalog (docs/deployment.md, Shared staging)",
      { key: "staging.url" },
    );
}

/** The folder is there, and its file system does what staging rests on. */
async function requireUsable(files: FolderPlace): Promise<void> {
  const setting = "staging.url (CESS_S3_STAGING_URL)";
  const found = await stat(files.name).catch((cause: unknown) => {
    throw new ConfigError(
      `${setting}: the folder ${files.name} cannot be used: ${reasonOf(cause)}. Mount its file system, or make the folder`,
      { cause, key: "staging.url" },
    );
  });
  if (!found.isDirectory()) throw new ConfigError(`${setting}: ${files.name} is not a folder`, { key: "staging.url" });
  const fault = await files.fault();
  if (fault !== undefined)
    throw new ConfigError(
      `${setting}: the file system of ${files.name} cannot hold staged bytes: ${fault}. docs/deployment.md, Shared staging, ` +
        "says what it must do",
      { key: "staging.url" },
    );
}
