import type { Catalog } from "../../catalog/catalog.js";
import type { OrderNames } from "../../distribution/order-name.js";
import type { Account } from "../../model/account.js";
import type { Fid } from "../../model/hash.js";
import type { ChainReader } from "../../network/chain/chain-reader.js";
import type { Progress } from "../progress.js";
import type { Findings } from "./finding.js";

export interface ChainCheckComponents {
  readonly catalog: Pick<Catalog, "inspection" | "files">;
  readonly chain: Pick<ChainReader, "file" | "ownedFiles">;
  readonly accounts: readonly Account[];
  readonly orderNames: Pick<OrderNames, "open">;
  readonly progress: Progress;
}

/** Files that count as stored, against those that the chain lists at its newest final block, and the other way round. */
export async function* checkChain(components: ChainCheckComponents): Findings {
  const { accounts, chain, progress } = components;
  const owned = new Map<string, Set<Fid>>();
  for (const { id, cessAccount } of accounts) {
    progress.show(() => `chain: the files of ${cessAccount}`);
    owned.set(id, new Set(await chain.ownedFiles(cessAccount)));
  }
  yield* checkStored(components, owned);
  for (const account of accounts) yield* checkUnknown(components, account, owned.get(account.id) ?? new Set());
}

async function* checkStored(
  { catalog, chain, accounts, progress }: ChainCheckComponents,
  owned: ReadonlyMap<string, ReadonlySet<Fid>>,
): Findings {
  const unknownOwners = new Set<string>();
  let count = 0;
  for await (const { fid, owner } of catalog.inspection.storedFiles()) {
    count++;
    progress.show(() => `chain: ${count} stored files compared`);
    const account = accounts.find(({ id }) => id === owner);
    if (!account) {
      if (unknownOwners.has(owner)) continue;
      unknownOwners.add(owner);
      yield {
        kind: "owner-not-configured",
        subject: `the account with canonical ID ${owner}`,
        meaning: "it owns objects here, and is not in the configuration: its files were not compared with the chain",
        remedy: "put the account back into accounts, also if it has no keys that are used",
        repaired: false,
      };
    } else if (owned.get(owner)?.has(fid) !== true) {
      const file = await chain.file(fid, "finalized");
      if (file?.owners.some(({ account: other }) => other === account.cessAccount) === true) continue;
      yield {
        kind: "file-not-on-chain",
        subject: `file ${fid} of ${account.displayName}`,
        meaning: file
          ? "it counts as stored, and the chain lists it for others only: it can be read until they delete it"
          : "it counts as stored, and the chain does not list it: its objects cannot be read any more",
        remedy: file
          ? "read its objects now, and put them again"
          : "its territory may have expired, or it was deleted by someone with the account's key. Put its objects again from another copy",
        repaired: false,
      };
    }
  }
}

async function* checkUnknown(
  { catalog, chain, orderNames, progress }: ChainCheckComponents,
  { cessAccount, displayName }: Account,
  owned: ReadonlySet<Fid>,
): Findings {
  let count = 0;
  for (const fid of owned) {
    count++;
    progress.show(() => `chain: ${count} of ${owned.size} files of ${displayName} looked up`);
    if ((await catalog.files.withFid(fid)).length > 0) continue;
    const owners = (await chain.file(fid, "finalized"))?.owners ?? [];
    const name = owners.find(({ account }) => account === cessAccount)?.fileName;
    const ordered = name === undefined ? undefined : orderNames.open(name);
    if (!ordered) continue;
    yield {
      kind: "file-unknown",
      subject: `file ${fid} of ${displayName}`,
      meaning:
        `this gateway's key ordered it on the chain (as ${ordered.kind} ${ordered.number}), and the catalog does not know ` +
        "it: it was put after the backup that this catalog comes from, or by a gateway that shares the key",
      remedy: "look for a newer catalog first. Until it is deleted on the chain, it is charged to the territory",
      repaired: false,
    };
  }
}
