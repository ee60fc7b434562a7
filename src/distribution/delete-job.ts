import { LRUCache } from "lru-cache";
import type { FileRow, Job } from "../catalog/catalog.js";
import type { Account } from "../model/account.js";
import { ChainRefusal } from "../network/chain/chain.js";
import type { Shared } from "./components.js";
import type { FidLocks } from "./fid-locks.js";
import { AGAIN, DONE, FINISH, TemporaryFailure, type Outcome } from "./outcome.js";
import { judge, notAuthorized } from "./refusals.js";
import type { DistributionSettings } from "./settings.js";
import { isOwner, look } from "./sight.js";
import type { StoreDesk } from "./store-desk.js";

export interface DeleteJobParts extends Shared {
  readonly desk: StoreDesk;
  readonly locks: FidLocks;
}

/** Takes a file that no object needs any more off the chain, for its owner. */
export class DeleteJob {
  readonly #parts: DeleteJobParts;
  readonly #settings: DistributionSettings;
  /** Since which finalized block and time a row's file is missing; forgetting one only costs waiting again. */
  readonly #missing = new LRUCache<string, { readonly block: number; readonly at: number }>({ max: 10_000 });

  constructor(parts: DeleteJobParts, settings: DistributionSettings) {
    this.#parts = parts;
    this.#settings = settings;
  }

  async run(job: Job, signal: AbortSignal): Promise<Outcome> {
    const { catalog, desk, locks } = this.#parts;
    const row = await catalog.files.get(job.subject);
    if (!row) return FINISH;
    return (await locks.tryRun(row.fid, () => this.#step(row.id, signal))) ?? desk.waitBlock();
  }

  async #step(id: string, signal: AbortSignal): Promise<Outcome> {
    const { catalog, desk } = this.#parts;
    const row = await catalog.files.get(id);
    if (!row) return FINISH;
    switch (row.state) {
      case "encoded":
      case "declared":
      case "placed":
        // The store job is at work. "A pending deal can not be cancelled": it becomes a file before that can go.
        return desk.waitEvent();
      case "failed":
        // Refused before there was a deal: the row goes with its bytes. Otherwise as a stored one.
        if (row.references === 0 && (await desk.discard(row)).kind === "done") return DONE;
        return (await catalog.files.beginDelete(id)) ? AGAIN : DONE;
      case "stored":
        return (await catalog.files.beginDelete(id)) ? AGAIN : DONE;
      case "deleting":
        return this.#delete(row, signal);
    }
  }

  async #delete(row: FileRow, signal: AbortSignal): Promise<Outcome> {
    const { catalog, chain, desk } = this.#parts;
    const account = desk.accountOf(row);
    if (await desk.unsettled(row)) return desk.waitBlock();
    if (await this.#neededByTwin(row, account)) return this.#gone(row);
    const { deal, file } = await look(chain, row.fid, "best");
    if (deal) return desk.waitEvent();
    if (file && isOwner(file, account.cessAccount)) {
      // Needed again, and nothing was deleted yet: the catalog says so and keeps the file.
      if (row.references > 0 && !(await catalog.files.beginDelete(row.id))) return DONE;
      return this.#send(row, account, signal);
    }
    const final = await chain.file(row.fid, "finalized");
    if (final && isOwner(final, account.cessAccount)) return desk.waitBlock();
    // What we deleted ourselves is gone at a final block. What nobody here deleted may be hidden by an endpoint that
    // lags.
    if (!row.signed && !(await this.#staysAway(row))) return desk.waitBlock();
    return this.#gone(row);
  }

  async #staysAway(row: FileRow): Promise<boolean> {
    const { chain, clock } = this.#parts;
    const { vanishedBlocks, blockMs } = this.#settings;
    const block = await chain.finalizedBlock();
    const since = this.#missing.get(row.id) ?? { block, at: clock.now() };
    this.#missing.set(row.id, since);
    return block - since.block >= vanishedBlocks && clock.now() - since.at >= vanishedBlocks * blockMs;
  }

  async #gone(row: FileRow): Promise<Outcome> {
    const { catalog, counters, wake } = this.#parts;
    if (row.signed) await catalog.files.markSigned(row.id, undefined);
    await catalog.files.deleted(row.id);
    counters.deletions++;
    // Something may have begun to need the file while it went.
    wake("store");
    return DONE;
  }

  /** Only where the owner is listed: by anybody else the call "succeeds with an event and changes nothing". */
  async #send(row: FileRow, account: Account, signal: AbortSignal): Promise<Outcome> {
    const { catalog, chain, counters } = this.#parts;
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
      // What cannot be deleted now keeps its row: it is charged to the owner until it can.
      throw new TemporaryFailure(judge(error, account, chain.account).text, { cause: error });
    }
    // The next step reads the owner list: an owner who was listed twice may be listed still.
    return AGAIN;
  }

  /**
   * The chain knows one listing of a FID for a CESS account. When two of our rows share it (two S3 accounts with one
   * CESS account, or two territories), the listing stays for the row that still needs it.
   */
  async #neededByTwin(row: FileRow, account: Account): Promise<boolean> {
    const { catalog, owners } = this.#parts;
    return (await catalog.files.withFid(row.fid)).some(
      (other) =>
        other.id !== row.id &&
        other.state !== "deleting" &&
        other.state !== "failed" &&
        owners(other.owner)?.cessAccount === account.cessAccount,
    );
  }
}
