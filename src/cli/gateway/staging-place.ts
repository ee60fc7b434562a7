import { z } from "zod";
import type { Blobs } from "../../blobs/blobs.js";
import type { PlaceFiles } from "../../blobs/place-files.js";
import type { Catalog } from "../../catalog/catalog.js";
import { ConfigError } from "../../config/config-error.js";
import type { Clock } from "../../model/clock.js";

/** Names the catalog whose bytes are staged at a place. */
const MARK = "staging.json";
/** A network file system may show another machine's file so late, ms. */
const SHOWN_LATE_MS = 10_000;
const LOOK_MS = 500;
const markSchema = z.object({ catalog: z.string() });
/** Linked blobs that are looked for, where it is not known whether the place has them. */
const SAMPLES = 8;

export interface StagingPlaceComponents {
  readonly files: PlaceFiles;
  readonly catalog: Pick<Catalog, "staging" | "inspection">;
  readonly clock: Clock;
}

/**
 * The place of a catalog's staged bytes, outside its data folder or in it. A mark there names the catalog, so neither the
 * place of another one, nor a folder whose file system is not mounted, is taken for it.
 */
export class StagingPlace {
  constructor(private readonly components: StagingPlaceComponents) {}

  /** Leaves this gateway's token here, for others to find. */
  async leave(gateway: string, token: string): Promise<void> {
    await this.components.files.write(`gateways/${encodeURIComponent(gateway)}`, token);
  }

  /** Whether another gateway's token is here: both use one place. */
  async finds(gateway: string, token: string): Promise<boolean> {
    const { files, clock } = this.components;
    for (let waited = 0; ; waited += LOOK_MS) {
      if ((await files.read(`gateways/${encodeURIComponent(gateway)}`)) === token) return true;
      if (waited >= SHOWN_LATE_MS) return false;
      await clock.sleep(LOOK_MS);
    }
  }

  /** Resolves whether the place has the catalog's mark. Rejects with ConfigError if it is another's, or has lost it. */
  async isMarked(): Promise<boolean> {
    const { files, catalog } = this.components;
    const { name, marked } = await catalog.staging.read();
    const found = markIn(await files.read(MARK));
    if (found !== undefined && found !== name)
      throw new ConfigError(
        `${files.name} has the staged bytes of another catalog: give each catalog a place of its own in staging.url`,
        { key: "staging.url" },
      );
    if (found === undefined && marked)
      throw new ConfigError(
        `${files.name} has not the bytes that this catalog has staged: ${MARK} is missing there. Is its file system mounted, and ` +
          "is staging.url (CESS_S3_STAGING_URL) right? To stage elsewhere from now on, stop all gateways and copy all that is " +
          "at the old place",
        { key: "staging.url" },
      );
    if (found !== undefined && !marked) await catalog.staging.setMarked();
    return found !== undefined;
  }

  /** Marks a place that has none. Rejects with ConfigError if the bytes that the catalog has staged are elsewhere. */
  async mark(blobs: Pick<Blobs, "sizeOf">, before: string): Promise<void> {
    const { files, catalog } = this.components;
    let looked = 0;
    for await (const { blob } of catalog.inspection.linkedBlobs()) {
      if (looked++ === SAMPLES) break;
      if ((await blobs.sizeOf(blob)) !== undefined) continue;
      throw new ConfigError(
        `${files.name} has not the bytes that this catalog has staged: they are in ${before}. Stop the gateway, copy all ` +
          "that is there to the new place, and start again",
        { key: "staging.url" },
      );
    }
    const { name } = await catalog.staging.read();
    await files.write(MARK, JSON.stringify({ catalog: name }));
    await catalog.staging.setMarked();
  }
}

function markIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return markSchema.parse(JSON.parse(text)).catalog;
  } catch {
    // It is no catalog's then.
    return "";
  }
}
