import { systemClock } from "../../async/system-clock.js";
import { knownMigrations } from "../../catalog/migrations.js";
import type { Config } from "../../config/config.js";
import { ORDER_NAMES, OrderNames } from "../../distribution/order-name.js";
import { ShareWorker, type ShareWorkerComponents } from "../../journal/share-worker.js";
import type { Signer } from "../../network/chain/accounts.js";
import { shareKeys } from "./share-keys.js";

/** Buckets of this gateway that others may read. */
export interface Shares {
  readonly worker: ShareWorker;
  /** The public key of this gateway's account, 64 hex digits. */
  readonly sharer: string;
  /** Throws where nothing can be sealed to this public key. */
  readonly requireKey: (recipient: string) => void;
}

type Parts = Omit<ShareWorkerComponents, "keysOf" | "nameOf" | "schema" | "clock"> & { readonly signer: Signer };

export async function openShares({ journal }: Config, { signer, ...parts }: Parts): Promise<Shares> {
  const sharer = Buffer.from(signer.pair.publicKey).toString("hex");
  const keysOf = (recipient: string) => shareKeys(signer, { sharer, recipient });
  const worker = new ShareWorker(
    {
      ...parts,
      keysOf,
      nameOf: (keys, snapshot) => new OrderNames(keys.derive(ORDER_NAMES)).name({ kind: "snapshot", ...snapshot }),
      schema: (await knownMigrations()).at(-1) ?? "",
      clock: systemClock,
    },
    { maxAgeMs: journal.maxAgeSeconds * 1000 },
  );
  return { worker, sharer, requireKey: (recipient) => void keysOf(recipient) };
}
