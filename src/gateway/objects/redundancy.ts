import type { Catalog } from "../../catalog/catalog.js";
import type { Clock } from "../../model/clock.js";
import type { Fid } from "../../model/hash.js";
import type { ObjectVersion } from "../../model/object.js";
import { FRAGMENTS } from "../../model/sizes.js";
import type { NetworkFiles } from "../../retrieval/network-files.js";

export interface RedundancySettings {
  /** How long a HEAD waits for the chain, in milliseconds. A later answer serves the next HEAD. */
  readonly waitMs: number;
  /** Objects that are looked up at the same time. Further ones get no redundancy. */
  readonly lookups: number;
  /** Objects of more files get no redundancy. A file has up to 31.25 GiB. */
  readonly files: number;
}

export const REDUNDANCY_DEFAULTS: RedundancySettings = { waitMs: 500, lookups: 32, files: 32 };

/**
 * Tells how many fragments of an object are left on the network. A HEAD never fails for it, and waits only briefly.
 */
export class Redundancy {
  private readonly settings: RedundancySettings;
  private running = 0;

  constructor(
    private readonly components: {
      readonly catalog: Pick<Catalog, "checks">;
      readonly files: NetworkFiles;
      readonly clock: Clock;
    },
    settings: Partial<RedundancySettings> = {},
  ) {
    this.settings = { ...REDUNDANCY_DEFAULTS, ...settings };
  }

  /** The version with its redundancy, if it is stored and the chain answers in time; else unchanged. Never rejects. */
  async withRedundancy(version: ObjectVersion): Promise<ObjectVersion> {
    const fids = [...new Set(version.extents.map(({ fid }) => fid))];
    const { waitMs, lookups, files } = this.settings;
    if (version.durability.state !== "stored" || fids.length === 0 || fids.length > files || this.running >= lookups)
      return version;
    this.running++;
    const found = this.least(version, fids)
      .catch(() => undefined)
      .finally(() => this.running--);
    const timer = new AbortController();
    const late = this.components.clock.sleep(waitMs, timer.signal).then(
      () => undefined,
      () => undefined,
    );
    const redundancy = await Promise.race([found, late]);
    timer.abort();
    return redundancy === undefined ? version : { ...version, durability: { ...version.durability, redundancy } };
  }

  /** What the chain says, or less, if nodes did not have their fragments when they were asked. */
  private async least({ extents }: ObjectVersion, fids: readonly Fid[]): Promise<number | undefined> {
    const { catalog, files } = this.components;
    const rows = [...new Set(extents.map(({ file }) => file))];
    const [seen, ...listed] = await Promise.all([
      catalog.checks.redundancy(rows),
      ...fids.map((fid) => files.redundancy(fid)),
    ]);
    return listed.reduce(
      (least, count) => (count === undefined || least === undefined ? undefined : Math.min(least, count)),
      seen ?? FRAGMENTS,
    );
  }
}
