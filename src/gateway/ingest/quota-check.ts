import { LRUCache } from "lru-cache";
import type { Catalog, NewVersion } from "../../catalog/catalog.js";
import type { Account } from "../../model/account.js";
import { S3Error } from "../s3-error.js";
import { chargedBytes, segmentCount, type SegmentFormat } from "../../model/file.js";
import type { Layout } from "../../model/layout.js";
import { waitFor, type Waits } from "../../model/waits.js";
import { CHARGED_PER_SEGMENT, GIB, KIB, MIB, SEGMENT_SIZE } from "../../model/sizes.js";
import {
  CHAIN_READINGS_DEFAULTS,
  ChainReadings,
  type ChainReadingsComponents,
  type ChainReadingsSettings,
  type Reading,
} from "./chain-readings.js";

export interface QuotaComponents extends ChainReadingsComponents {
  readonly catalog: Catalog;
}

/** Bytes on their way to the network: those counted at `at`, and all that were admitted since. */
interface Waiting {
  bytes: number;
  readonly at: number;
}

/**
 * Checks whether an owner's territory has room for an object. Admitted space is reserved until the object's row is in the
 * catalog, so that concurrent requests are not all promised the same space; what several processes promise is checked again
 * when it is written (`recheck`).
 */
export class QuotaCheck {
  private readonly readings: ChainReadings;
  /** Account.id → bytes that were admitted and are not yet in the catalog. */
  private readonly reserved = new Map<string, number>();
  /** Account.id → a count that is never too low. Counting again is slow: the catalog sums up all staged objects. */
  private readonly waiting: LRUCache<string, Waiting>;

  constructor(
    private readonly components: QuotaComponents,
    settings: Partial<ChainReadingsSettings> = {},
  ) {
    this.readings = new ChainReadings(components, settings);
    this.waiting = new LRUCache({ max: settings.maxAccounts ?? CHAIN_READINGS_DEFAULTS.maxAccounts });
  }

  /**
   * Admits an object of `size` bytes. `layout`: in a pack it counts with its bytes, else with whole segments. Resolves
   * with a function to call when the object is in the catalog or given up.
   * GatewayNotAuthorized, TerritoryNotFound, TerritoryNotActive, TerritoryTooSmall, or ServiceUnavailable if the chain has
   * been unreachable for too long. An empty object is always admitted: it has no file on chain.
   */
  async admit(
    account: Account,
    size: number,
    format?: SegmentFormat,
    layout: Layout = "own-file",
    waits?: Waits,
  ): Promise<() => void> {
    if (size === 0) return () => undefined;
    const bytes = neededBytes(size, format, layout);
    const release = this.reserve(account.id, bytes);
    if (this.hasAmpleRoom(account, bytes)) return release;
    try {
      // `reserved` is read before the catalog: an object that is committed in between is counted twice, never missed.
      const reserved = this.reserved.get(account.id) ?? 0;
      const at = this.components.clock.now();
      const undeclared = await this.components.catalog.objects.undeclaredBytes(account.id);
      this.waiting.set(account.id, { bytes: (this.reserved.get(account.id) ?? 0) + undeclared, at });
      await this.check(account, bytes, reserved + undeclared, waits);
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * What the transaction that writes an admitted object checks once more, where other processes admit to the same
   * territories: each knows only what it has admitted itself, and what was in the catalog when it last counted. Undefined
   * where none does, or twice the room needed is there. To be called when the object's bytes are there. Rejects like
   * `admit`, but for a chain that is away: then what it said last must do.
   */
  async recheck(
    account: Account,
    size: number,
    format?: SegmentFormat,
    layout: Layout = "own-file",
    waits?: Waits,
  ): Promise<NewVersion["requireRoom"]> {
    const { catalog, chain } = this.components;
    // Its bytes are counted since it was admitted.
    if (size === 0 || !catalog.shared || this.hasAmpleRoom(account, 0)) return undefined;
    const reading = await waitFor(waits, "chain", this.readings.read(account)).catch((error: unknown) => {
      const known = this.readings.known(account);
      if (known && error instanceof S3Error) return known;
      throw error;
    });
    return (undeclaredBytes) => {
      const refused = refusal(account, chain.account, reading, neededBytes(size, format, layout), undeclaredBytes);
      if (refused) throw refused;
    };
  }

  /** Whether the cached reading and count show twice the room needed. Admissions since then are counted, deletions not. */
  private hasAmpleRoom(account: Account, bytes: number): boolean {
    const [known, waiting] = [this.readings.known(account), this.waiting.get(account.id)];
    if (!known || !waiting || !this.readings.isFresh(known) || !this.readings.isFresh(waiting)) return false;
    waiting.bytes += bytes;
    return refusal(account, this.components.chain.account, known, bytes, 2 * waiting.bytes) === undefined;
  }

  private reserve(owner: string, bytes: number): () => void {
    this.reserved.set(owner, (this.reserved.get(owner) ?? 0) + bytes);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (this.reserved.get(owner) ?? 0) - bytes;
      if (left > 0) this.reserved.set(owner, left);
      else this.reserved.delete(owner);
    };
  }

  /** `total`: `bytes`, and all that are on their way to the network. */
  private async check(account: Account, bytes: number, total: number, waits?: Waits): Promise<void> {
    const known = this.readings.known(account);
    // A cached reading admits only if there is twice the room needed, because orders may have been placed since. It never
    // refuses, because the owner may have bought or renewed space since.
    if (
      known &&
      this.readings.isFresh(known) &&
      refusal(account, this.components.chain.account, known, bytes, 2 * total) === undefined
    )
      return;
    const reading = await waitFor(waits, "chain", this.readings.read(account));
    const refused = refusal(account, this.components.chain.account, reading, bytes, total);
    if (refused) throw refused;
  }
}

/** What an object takes of a territory: in a pack its bytes, else whole segments. */
function neededBytes(size: number, format: SegmentFormat | undefined, layout: Layout): number {
  return layout === "pack" ? size : segmentCount(size, format) * SEGMENT_SIZE;
}

function refusal(
  account: Account,
  gateway: string,
  reading: Reading,
  bytes: number,
  total: number,
): S3Error | undefined {
  const { territory } = reading;
  const name = `territory "${account.territory}" of CESS account ${account.cessAccount}`;
  if (!reading.authorized) {
    return new S3Error("GatewayNotAuthorized", {
      message: `CESS account ${account.cessAccount} has not authorized this gateway: cess-s3 authorize ${gateway} does it (oss.authorize)`,
      fields: { CessAccount: account.cessAccount, Gateway: gateway },
    });
  }
  if (!territory) {
    return new S3Error("TerritoryNotFound", {
      message: `There is no ${name}: buy it with cess-s3 territory buy (storageHandler.mintTerritory)`,
      fields: { CessAccount: account.cessAccount, Territory: account.territory },
    });
  }
  if (territory.state !== "active") {
    return new S3Error("TerritoryNotActive", {
      message: `The ${name} is ${territory.state}: ${remedies[territory.state]}`,
      fields: { Territory: account.territory, State: territory.state },
    });
  }
  const needed = chargedBytes(total);
  if (territory.remaining > BigInt(needed)) return undefined;
  const waiting = chargedBytes(total - bytes);
  // Where the object only fills up a segment that others have begun, that segment is what it needs.
  const own = Math.max(needed - waiting, CHARGED_PER_SEGMENT);
  return new S3Error("TerritoryTooSmall", {
    message:
      `The ${name} has ${humanBytes(Number(territory.remaining))} (${territory.remaining.toString()} bytes) left, of which ` +
      `${humanBytes(waiting)} (${waiting} bytes) are taken by objects on their way to the network; this one needs more than ` +
      `${humanBytes(own)} (${own} bytes). Expand the territory with cess-s3 territory expand (storageHandler.expandingTerritory), or delete objects`,
    fields: {
      Territory: account.territory,
      RemainingBytes: territory.remaining.toString(),
      WaitingBytes: String(waiting),
      RequiredBytes: String(own),
    },
  });
}

const remedies = {
  frozen: "renew it with cess-s3 territory renew (storageHandler.renewalTerritory) before its files are removed",
  expired:
    "its files are gone; get its space back with cess-s3 territory reactivate (storageHandler.reactivateTerritory)",
  "on-consignment": "take it off the market with storageHandler.cancelConsignment",
};

function humanBytes(bytes: number): string {
  if (bytes >= GIB) return `${(bytes / GIB).toFixed(2)} GiB`;
  if (bytes >= MIB) return `${(bytes / MIB).toFixed(1)} MiB`;
  return bytes >= KIB ? `${(bytes / KIB).toFixed(1)} KiB` : `${bytes} bytes`;
}
