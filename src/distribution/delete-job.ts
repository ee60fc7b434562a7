import { LRUCache } from "lru-cache";
import type { Catalog, FileRow, Job } from "../catalog/catalog.js";
import type { Account, CessAccount } from "../model/account.js";
import { ChainRefusal } from "../network/chain/chain.js";
import type { DistributionContext } from "./components.js";
import type { FidLocks } from "./fid-locks.js";
import { AGAIN, DONE, FINISH, TemporaryFailure, type Outcome } from "./outcome.js";
import { judge, notAuthorized } from "./refusals.js";
import type { DistributionSettings } from "./settings.js";
import { isOwner, readFileStatus } from "./chain-view.js";
import type { StoreContext } from "./store-context.js";

export interface DeleteJobParts extends Pick<DistributionContext, "catalog"> {
  readonly storeContext: StoreContext;
  readonly locks: FidLocks;
  /** Over a catalog that is fenced by the FID's lock. */
  readonly deletion: (catalog: Catalog) => Deletion;
}

/** Lets one job at a time be about a FID. */
export class DeleteJob {
  constructor(private readonly context: DeleteJobParts) {}

  async run(job: Job, signal: AbortSignal): Promise<Outcome> {
    const { catalog, storeContext, locks, deletion } = this.context;
    const row = await catalog.files.get(job.subject);
    if (!row) return FINISH;
    return (
      (await locks.tryRun(row.fid, catalog, signal, (fenced, running) => deletion(fenced).step(row.id, running))) ??
      storeContext.waitBlock()
    );
  }
}

/** Since which finalized block and time rows' files are missing; forgetting one only costs waiting again. */
export class MissingFiles extends LRUCache<string, { readonly block: number; readonly at: number }> {
  constructor() {
    super({ max: 10_000 });
  }
}

export interface DeletionParts extends DistributionContext {
  readonly storeContext: StoreContext;
  readonly missing: MissingFiles;
}

/** Removes a file that no object needs any more from the chain, for its owner. */
export class Deletion {
  private readonly context: DeletionParts;
  private readonly settings: DistributionSettings;

  constructor(context: DeletionParts, settings: DistributionSettings) {
    this.context = context;
    this.settings = settings;
  }

  async step(id: string, signal: AbortSignal): Promise<Outcome> {
    const { catalog, storeContext } = this.context;
    const row = await catalog.files.get(id);
    if (!row) return FINISH;
    switch (row.state) {
      case "encoded":
      case "declared":
      case "placed":
        // The store job is running. "A pending deal can not be cancelled": it becomes a file before that can go.
        return storeContext.waitEvent();
      case "failed":
        // Refused before there was a deal: the row is removed with its bytes. Otherwise it is deleted as a stored one.
        if (!row.needed && (await storeContext.discard(row)).kind === "done") return DONE;
        return (await catalog.files.beginDelete(id)) ? AGAIN : DONE;
      case "stored":
        // Whoever rebuilds the catalog gets back what the last journal has: until that knows better, the bytes stay.
        if (await catalog.journal.holds(id, this.context.clock.now() - this.settings.journalHoldMs))
          return storeContext.waitEvent();
        return (await catalog.files.beginDelete(id)) ? AGAIN : DONE;
      case "deleting":
        return this.delete(row, signal);
    }
  }

  private async delete(row: FileRow, signal: AbortSignal): Promise<Outcome> {
    const { catalog, chain, storeContext } = this.context;
    const account = storeContext.accountOf(row);
    if (await storeContext.unsettled(row)) return storeContext.waitBlock();
    // The owner stays listed, for the other row.
    if (await this.neededByTwin(row, account)) return this.gone(row);
    const { deal, file } = await readFileStatus(chain, row.fid, "best");
    if (deal) {
      // One whose staged bytes were damaged never ends by itself. An object that needs the file again brings it to its end.
      if (row.needed && !(await catalog.files.beginDelete(row.id))) {
        this.context.wake("store");
        return DONE;
      }
      return storeContext.waitEvent();
    }
    if (file && isOwner(file, account.cessAccount)) {
      // When an object needs it again and nothing was deleted yet, the catalog keeps the file; but not one under repair,
      // which goes in order to be stored anew.
      if (row.needed && row.restored !== true && !(await catalog.files.beginDelete(row.id))) return DONE;
      return this.send(row, account, signal);
    }
    const final = await chain.file(row.fid, "finalized");
    if (final && isOwner(final, account.cessAccount)) return storeContext.waitBlock();
    // What we deleted ourselves is gone at a final block. Otherwise an endpoint that lags may not show the file yet.
    if (!row.signed && !(await this.staysAway(row))) return storeContext.waitBlock();
    return this.gone(row, account.cessAccount);
  }

  private async staysAway(row: FileRow): Promise<boolean> {
    const { chain, clock, missing } = this.context;
    const { vanishedBlocks, blockMs } = this.settings;
    const block = await chain.finalizedBlock();
    const since = missing.get(row.id) ?? { block, at: clock.now() };
    missing.set(row.id, since);
    return block - since.block >= vanishedBlocks && clock.now() - since.at >= vanishedBlocks * blockMs;
  }

  /** `unlisted`: whom a final block does not list any more. */
  private async gone(row: FileRow, unlisted?: CessAccount): Promise<Outcome> {
    const { catalog, counters, wake } = this.context;
    if (row.signed) await catalog.files.markSigned(row.id, undefined);
    await catalog.files.deleted(row.id, unlisted);
    counters.deletions++;
    // An object may have begun to need the file meanwhile.
    wake("store");
    return DONE;
  }

  /** Only where the owner is listed: for anybody else the call "succeeds with an event and changes nothing". */
  private async send(row: FileRow, account: Account, signal: AbortSignal): Promise<Outcome> {
    const { catalog, chain, counters } = this.context;
    if (!(await chain.authorized(account.cessAccount)))
      throw new TemporaryFailure(notAuthorized(account, chain.account));
    try {
      const block = await chain.deleteFile(account.cessAccount, row.fid, {
        onSigned: (signed) => catalog.files.markSigned(row.id, signed),
        signal,
      });
      await catalog.receipts.deletedIn(row.id, block);
    } catch (error) {
      if (!(error instanceof ChainRefusal)) throw error;
      counters.refusals++;
      await catalog.files.markSigned(row.id, undefined);
      // The row stays until the file can be deleted: it is charged to the owner until then.
      throw new TemporaryFailure(judge(error, account, chain.account).text, { cause: error });
    }
    // The next step reads the owner list: an owner who was listed twice may be listed still.
    return AGAIN;
  }

  /**
   * The chain knows one listing of a FID for a CESS account. When two of our rows share it (two S3 accounts with one
   * CESS account, or two territories), the listing stays for the row that still needs it.
   */
  private async neededByTwin(row: FileRow, account: Account): Promise<boolean> {
    const { catalog, owners } = this.context;
    return (await catalog.files.withFid(row.fid)).some(
      (other) =>
        other.id !== row.id &&
        other.state !== "deleting" &&
        other.state !== "failed" &&
        // It waits until the file under repair is gone.
        !(row.restored === true && other.state === "encoded") &&
        owners(other.owner)?.cessAccount === account.cessAccount,
    );
  }
}
