import { join } from "node:path";
import type { HealthCheck } from "../../admin/health.js";
import { systemClock } from "../../async/system-clock.js";
import type { Catalog } from "../../catalog/catalog.js";
import { knownMigrations } from "../../catalog/migrations.js";
import { openSqliteCatalog } from "../../catalog/sqlite/sqlite-catalog.js";
import type { Config } from "../../config/config.js";
import { ORDER_NAMES, OrderNames } from "../../distribution/order-name.js";
import type { Gateway } from "../../gateway/gateway.js";
import { MountedGateway, type Mount } from "../../gateway/mounted-gateway.js";
import { MountFollower, type MountFollowerComponents } from "../../journal/mount-follower.js";
import { JOURNAL_KEYS } from "../../journal/sealed-journal.js";
import type { KeyRing } from "../../keys/key-ring.js";
import type { CessAccount } from "../../model/account.js";
import { isNetworkBucket } from "../../model/bucket.js";
import { chainAccount } from "./configured-accounts.js";

/** A mount of the configuration, with what its journals were replayed into. */
export interface OpenMount {
  readonly account: CessAccount;
  readonly stream: string | undefined;
  readonly refreshMs: number;
  readonly catalog: Catalog;
  /** What opens its journals and unwraps its objects' data keys. */
  readonly keys: KeyRing;
}

/** The folder of a mount's catalog, in the data folder. */
export function mountFolder(dataDir: string, account: CessAccount, stream: string | undefined): string {
  return join(dataDir, "mounts", stream === undefined ? account : `${account}.${stream}`);
}

export function mountCatalog(dataDir: string, account: CessAccount, stream: string | undefined): string {
  return join(mountFolder(dataDir, account, stream), "catalog.sqlite");
}

/**
 * Opens the catalogs of all mounts. One process writes to them, and others may read them meanwhile. Rejects with ConfigError
 * and CatalogUnusable.
 */
export async function openMounts(
  { dataDir, mounts }: Pick<Config, "dataDir" | "mounts">,
  keys: KeyRing,
): Promise<readonly OpenMount[]> {
  const opened: OpenMount[] = [];
  for (const [index, { account: text, stream, refreshSeconds }] of mounts.entries()) {
    const at = `mounts[${index}].account`;
    const account = chainAccount(text, at, at);
    const path = mountCatalog(dataDir, account, stream);
    // Also where one process does everything: what is replayed is found by the mark.
    const catalog = await openSqliteCatalog({ clock: systemClock, sealer: keys }, { path, shared: true });
    opened.push({ account, stream, refreshMs: refreshSeconds * 1000, catalog, keys });
  }
  return opened;
}

export async function closeMounts(mounts: readonly OpenMount[]): Promise<void> {
  for (const { catalog } of mounts) await catalog.close();
}

/** The gateway with the buckets of mounts behind its own. `over`: S3's meaning over another catalog and its keys. */
export function withMounts(
  own: Gateway,
  mounts: readonly OpenMount[],
  over: (mount: Pick<OpenMount, "catalog" | "keys">) => Gateway,
): Gateway {
  if (mounts.length === 0) return own;
  return new MountedGateway(
    own,
    mounts.map(({ account, catalog, keys }): Mount => {
      const reading = catalog.fenced(() => {
        throw new Error(`the catalog of the mount ${account} is only read`);
      });
      return {
        account,
        gateway: over({ catalog: reading, keys }),
        has: async (name) => {
          await reading.configuration.refresh();
          const bucket = await reading.buckets.get(name);
          return bucket !== undefined && !isNetworkBucket(bucket);
        },
      };
    }),
  );
}

/** What each mount's journals are followed with. */
export async function followMounts(
  mounts: readonly OpenMount[],
  own: Pick<Catalog, "journal">,
  network: Pick<MountFollowerComponents, "chain" | "files" | "retrieval">,
): Promise<readonly MountFollower[]> {
  const schemas = await knownMigrations();
  return mounts.map(
    ({ catalog, keys, ...settings }) =>
      new MountFollower(
        {
          ...network,
          catalog,
          schemas,
          keys: keys.derive(JOURNAL_KEYS),
          names: new OrderNames(keys.derive(ORDER_NAMES)),
          ownStream: async () => (await own.journal.state()).stream,
          clock: systemClock,
        },
        settings,
      ),
  );
}

/** Whether all mounts follow their journals. */
export function mountsCheck(followers: readonly MountFollower[]): HealthCheck {
  return {
    name: "mounts",
    reason: () => undefined,
    warning: () => {
      const faults = followers.flatMap(({ name, fault }) => (fault === undefined ? [] : [`${name}: ${fault}`]));
      return faults.length === 0 ? undefined : `${faults.join("; ")}. What was replayed before is served as it was`;
    },
  };
}
