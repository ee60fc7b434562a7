import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { systemClock } from "../../async/system-clock.js";
import { inPack } from "../../blobs/blob-id.js";
import { S3Blobs } from "../../blobs/s3/s3-blobs.js";
import { S3PlaceFiles } from "../../blobs/s3/s3-place-files.js";
import { S3Store, type S3Place } from "../../blobs/s3/s3-store.js";
import { Spool } from "../../blobs/s3/spool.js";
import { ConfigError, reasonOf } from "../../config/config-error.js";
import type { StagingPlace as ConfiguredPlace } from "../../config/staging.js";
import type { Staging, StagingCatalog, StagingComponents, StagingConfig } from "./found-staging.js";
import { StagingPlace } from "./staging-place.js";

const SETTING = "staging.url (CESS_S3_STAGING_URL)";

const credentialsSchema = z.strictObject({
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
  sessionToken: z.string().min(1).optional(),
});

/** Looks at the bucket; changes nothing that stays. Rejects with ConfigError where it cannot be used. */
export async function findS3Staging(
  { bucket, prefix, endpoint, region }: ConfiguredPlace & { readonly kind: "s3" },
  config: StagingConfig,
  catalog: StagingCatalog,
): Promise<Staging> {
  const { dataDir, staging } = config;
  const credentials = await readCredentials(staging.credentialsFile);
  const store = new S3Store({ bucket, prefix, endpoint, region, ...(credentials && { credentials }) });
  const files = new S3PlaceFiles(store);
  await requireUsable(files);
  const place = new StagingPlace({ files, catalog, clock: systemClock });
  const isMarked = await place.isMarked();
  return {
    place,
    open: async (components) => {
      const blobs = await openBlobs(store, config, catalog, components);
      try {
        if (!isMarked) await place.mark(blobs, join(dataDir, "blobs"));
      } catch (error) {
        await blobs.close();
        throw error;
      }
      return blobs;
    },
  };
}

async function openBlobs(
  store: S3Store,
  { dataDir, staging }: StagingConfig,
  catalog: StagingCatalog,
  { onDamage, keepRemoved, onFault }: StagingComponents,
): Promise<S3Blobs> {
  return new S3Blobs({
    store,
    spool: await Spool.open({ folder: join(dataDir, "spool"), limit: staging.spool }),
    memoryBytes: staging.memory,
    recentBytes: staging.recent,
    clock: systemClock,
    orphans: (ids) => catalog.orphans(ids),
    linkedInPack: (pack) => catalog.inspection.linkedContaining(inPack(pack)),
    linkedNamed: (name) => catalog.inspection.linkedContaining(name),
    ...(onDamage && { onDamage }),
    ...(keepRemoved && { keepRemoved }),
    ...(onFault && { onFault }),
  });
}

async function requireUsable(files: S3PlaceFiles): Promise<void> {
  let fault: string | undefined;
  try {
    fault = await files.fault();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new ConfigError(
      `${SETTING}: ${files.name} cannot be used: ${cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)}. ` +
        "The bucket must be there, and the credentials must allow to get, put, delete and list objects below the prefix",
      { cause: error, key: "staging.url" },
    );
  }
  if (fault !== undefined)
    throw new ConfigError(
      `${SETTING}: the store of ${files.name} cannot hold staged bytes: ${fault}. docs/deployment.md, Shared staging, says ` +
        "what it must do",
      { key: "staging.url" },
    );
}

async function readCredentials(path: string | undefined): Promise<S3Place["credentials"]> {
  if (path === undefined) return undefined;
  const setting = "staging.credentialsFile (CESS_S3_STAGING_CREDENTIALS_FILE)";
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new ConfigError(`${setting}: cannot read the file ${path}: ${reasonOf(cause)}`, {
      cause,
      key: "staging.credentialsFile",
    });
  });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // What is wrong with it is said below, without showing any of it.
  }
  const parsed = credentialsSchema.safeParse(content);
  if (!parsed.success)
    throw new ConfigError(
      `${setting}: ${path} must be JSON with accessKeyId and secretAccessKey, and perhaps sessionToken`,
      { key: "staging.credentialsFile" },
    );
  const { sessionToken, ...keys } = parsed.data;
  return sessionToken === undefined ? keys : { ...keys, sessionToken };
}
