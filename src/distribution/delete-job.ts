import { LRUCache } from "lru-cache";
import type { FileRow, Job } from "../catalog/catalog.js";
import type { Account } from "../model/account.js";
import { ChainRefusal } from "../network/chain/chain.js";
import type { DistributionContext } from "./components.js";
import type { FidLocks } from "./fid-locks.js";
import { AGAIN, DONE, FINISH, TemporaryFailure, type Outcome } from "./outcome.js";
import { judge, notAuthorized } from "./refusals.js";
import type { DistributionSettings } from "./settings.js";
import { isOwner, readFileStatus } from "./chain-view.js";
import type { StoreContext } from "./store-context.js";

export interface DeleteJobParts extends DistributionContext {
  readonly storeContext: StoreContext;
  readonly locks: FidLocks;
}

/** Removes a file that no object needs any more from the chain, for its owner. */
export class DeleteJob {
  private readonly context: DeleteJobParts;
  private readonly settings: DistributionSettings;
  /** Since which finalized block and time a row's file is missing; forgetting one only costs waiting again. */
  private readonly missing = new LRUCache<string, { readonly block: number; readonly at: number }>({ max: 10_000 });

  constructor(context: DeleteJobParts, settings: DistributionSettings) {
    this.context = context;
    this.settings = settings;
  }

  async run(job: Job, signal: AbortSignal): Promise<Outcome> {
    const { catalog, storeContext, locks } = this.context;
    const row = await catalog.files.get(job.subject);
    if (!row) return FINISH;
    return (await locks.tryRun(row.fid, () => this.step(row.id, signal))) ?? storeContext.waitBlock();
  }

  private async step(id: string, signal: AbortSignal): Promise<Outcome> {
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
        return (await catalog.files.beginDelete(id)) ? AGAIN : DONE;
      case "deleting":
        return this.delete(row, signal);
    }
  }

  private async delete(row: FileRow, signal: AbortSignal): Promise<Outcome> {
    const { catalog, chain, storeContext } = this.context;
    const account = storeContext.accountOf(row);
    if (await storeContext.unsettled(row)) return storeContext.waitBlock();
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
    return this.gone(row);
  }

  private async staysAway(row: FileRow): Promise<boolean> {
    const { chain, clock } = this.context;
    const { vanishedBlocks, blockMs } = this.settings;
    const block = await chain.finalizedBlock();
    const since = this.missing.get(row.id) ?? { block, at: clock.now() };
    this.missing.set(row.id, since);
    return block - since.block >= vanishedBlocks && clock.now() - since.at >= vanishedBlocks * blockMs;
  }

  private async gone(row: FileRow): Promise<Outcome> {
    const { catalog, counters, wake } = this.context;
    if (row.signed) await catalog.files.markSigned(row.id, undefined);
    await catalog.files.deleted(row.id);
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
      await chain.deleteFile(account.cessAccount, row.fid, {
        onSigned: (signed) => catalog.files.markSigned(row.id, signed),
        signal,
      });
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
