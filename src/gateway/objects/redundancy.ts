import type { Clock } from "../../model/clock.js";
import type { ObjectVersion } from "../../model/object.js";
import type { NetworkFiles } from "../../retrieval/network-files.js";

export interface RedundancySettings {
  /** A HEAD waits no longer for the chain; the next one finds what came after. Milliseconds. */
  readonly waitMs: number;
  /** Objects being looked up at a time; for one more nothing is said. */
  readonly lookups: number;
  /** Files of one object that are looked up: 31.25 GiB each. */
  readonly files: number;
}

export const REDUNDANCY_DEFAULTS: RedundancySettings = { waitMs: 500, lookups: 32, files: 32 };

/**
 * How many fragments of an object are left in the network: good to know, never worth failing or delaying a HEAD for.
 */
export class Redundancy {
  private readonly settings: RedundancySettings;
  private running = 0;

  constructor(
    private readonly components: { readonly files: NetworkFiles; readonly clock: Clock },
    settings: Partial<RedundancySettings> = {},
  ) {
    this.settings = { ...REDUNDANCY_DEFAULTS, ...settings };
  }

  /** The version with its redundancy, when it is stored and that is known in time; else as it was. Never rejects. */
  async added(version: ObjectVersion): Promise<ObjectVersion> {
    const fids = [...new Set(version.extents.map(({ fid }) => fid))];
    const { waitMs, lookups, files } = this.settings;
    if (version.durability.state !== "stored" || fids.length === 0 || fids.length > files || this.running >= lookups)
      return version;
    this.running++;
    const found = Promise.all(fids.map((fid) => this.components.files.redundancy(fid)))
      .then((counts) =>
        counts.reduce((least, count) =>
          count === undefined || least === undefined ? undefined : Math.min(least, count),
        ),
      )
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
}
