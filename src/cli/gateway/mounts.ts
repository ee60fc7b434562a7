import { join } from "node:path";
import type { HealthCheck } from "../../admin/health.js";
import { systemClock } from "../../async/system-clock.js";
import type { Catalog } from "../../catalog/catalog.js";
import { knownMigrations } from "../../catalog/migrations.js";
import { openSqliteCatalog } from "../../catalog/sqlite/sqlite-catalog.js";
import { ConfigError } from "../../config/config-error.js";
import type { Config } from "../../config/config.js";
import { ORDER_NAMES, OrderNames } from "../../distribution/order-name.js";
import type { Gateway } from "../../gateway/gateway.js";
import { MountedGateway, type Mount } from "../../gateway/mounted-gateway.js";
import { MountFollower, type MountFollowerComponents } from "../../journal/mount-follower.js";
import { JOURNAL_KEYS } from "../../journal/sealed-journal.js";
import type { KeyRing } from "../../keys/key-ring.js";
import type { CessAccount } from "../../model/account.js";
import { isNetworkBucket } from "../../model/bucket.js";
import { defined } from "../../model/defined.js";
import { canonicalId, chainAccount } from "./configured-accounts.js";

/** A mount of the configuration, with what its journals were replayed into. */
export interface OpenMount {
  /** What tells it from others. */
  readonly label: string;
  readonly account: CessAccount;
  readonly stream?: string;
  readonly refreshMs: number;
  readonly catalog: Catalog;
  /** What opens its journals and unwraps its objects' data keys. */
  readonly keys: KeyRing;
  /** Account.id of the bucket's owner, where one bucket is shared with this gateway: all its accounts read as that. */
  readonly owner?: string;
}

/** What tells a mount from others: also the name of its folder. */
function labelOf(account: CessAccount, stream: string | undefined, gateway?: string): string {
  return [account, stream, gateway].filter((part) => part !== undefined).join(".");
}

/** The folder of a mount's catalog, in the data folder. */
export function mountFolder(dataDir: string, account: CessAccount, stream: string | undefined): string {
  return join(dataDir, "mounts", labelOf(account, stream));
}

export function mountCatalog(dataDir: string, account: CessAccount, stream: string | undefined): string {
  return join(mountFolder(dataDir, account, stream), "catalog.sqlite");
}

/**
 * Opens the catalogs of all mounts. One process writes to them, and others may read them meanwhile. Rejects with ConfigError
 * and CatalogUnusable.
 */
export async function openMounts(
  { dataDir, mounts, chain }: Pick<Config, "dataDir" | "mounts" | "chain">,
  own: KeyRing,
): Promise<readonly OpenMount[]> {
  const opened: OpenMount[] = [];
  for (const [index, { account: text, stream, gateway, refreshSeconds }] of mounts.entries()) {
    const at = `mounts[${index}]`;
    const account = chainAccount(text, `${at}.account`, `${at}.account`);
    const shared = gateway === undefined ? undefined : await sharedBy(gateway, chain, `${at}.gateway`);
    const keys = shared?.keys ?? own;
    const label = labelOf(account, stream, shared?.sharer);
    const path = join(dataDir, "mounts", label, "catalog.sqlite");
    // Also where one process does everything: what is replayed is found by the mark.
    const catalog = await openSqliteCatalog({ clock: systemClock, sealer: keys }, { path, shared: true });
    const owner = shared && canonicalId(account);
    opened.push(defined({ label, account, stream, refreshMs: refreshSeconds * 1000, catalog, keys, owner }));
  }
  return opened;
}

/** The keys of what a gateway shares with this one's account. Throws ConfigError. */
async function sharedBy(gateway: string, chain: Config["chain"], key: string) {
  // Most gateways need the library for keys of accounts in one process alone.
  const [{ publicKeyHex, shareKeys }, { signerOf }] = await Promise.all([
    import("./share-keys.js"),
    import("./signer.js"),
  ]);
  const signer = await signerOf(chain);
  try {
    const sharer = publicKeyHex(gateway);
    const recipient = Buffer.from(signer.pair.publicKey).toString("hex");
    return { sharer, keys: shareKeys(signer, { sharer, recipient }) };
  } catch (cause) {
    throw new ConfigError(`${key}: ${gateway} is no public key of a gateway's account`, { cause, key });
  }
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
    mounts.map(({ account, catalog, keys, owner }): Mount => {
      const reading = catalog.fenced(() => {
        throw new Error(`the catalog of the mount ${account} is only read`);
      });
      return {
        account,
        gateway: over({ catalog: reading, keys }),
        // The gateway that it was shared with decides who of its accounts may read it, by limits and policies of their keys.
        ...(owner !== undefined && { requester: (asking) => ({ ...asking, id: owner }) }),
        has: async (name) => {
          await reading.configuration.refresh();
          const bucket = await reading.buckets.get(name);
          return bucket !== undefined && !isNetworkBucket(bucket);
        },
      };
    }),
  );
}

/** Opens all mounts, and what follows their journals: `catalog` is the gateway's own. */
export async function openFollowed(
  config: Config,
  keys: KeyRing,
  {
    catalog: own,
    ...network
  }: Pick<MountFollowerComponents, "chain" | "files" | "retrieval"> & { readonly catalog: Pick<Catalog, "journal"> },
): Promise<{ readonly mounts: readonly OpenMount[]; readonly followers: readonly MountFollower[] }> {
  const mounts = await openMounts(config, keys);
  return { mounts, followers: await followMounts(mounts, own, network) };
}

async function followMounts(
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
