import type { FileRow } from "../catalog/catalog.js";
import type { Account } from "../model/account.js";
import { formatFrom } from "../model/file.js";
import { ChainRefusal, type ChainDeal } from "../network/chain/chain.js";
import type { DistributionContext } from "./components.js";
import { damagedSegment, withSegment, stagedForm } from "./content.js";
import { FileNames } from "./file-names.js";
import { AGAIN, TemporaryFailure, type Outcome } from "./outcome.js";
import { judge, notAuthorized, objection } from "./refusals.js";
import { isOwner, readFileStatus, sameContent } from "./chain-view.js";
import type { StoreContext } from "./store-context.js";

/** Whether the file is to be its owner's by a declaration alone. Of all other files that are ordered bytes are staged. */
function isTakenOver({ blobs }: FileRow): boolean {
  return blobs.length === 0;
}

/**
 * encoded → declared. "Read File and DealMap before declaring": a deal declared twice loses its reports and space for
 * good, a file declared twice lists and charges its owner twice. Its caller holds the FID's lock.
 */
export class Ordering {
  private readonly context: DistributionContext;
  private readonly storeContext: StoreContext;
  private readonly names: FileNames;

  constructor(context: DistributionContext & { readonly storeContext: StoreContext }) {
    this.context = context;
    this.storeContext = context.storeContext;
    this.names = new FileNames(context);
  }

  async run(id: string, signal: AbortSignal): Promise<Outcome> {
    const { catalog, chain } = this.context;
    // Read again: the row may have changed before the lock was taken.
    const row = await catalog.files.get(id);
    if (row?.state !== "encoded") return AGAIN;
    const account = this.storeContext.accountOf(row);
    if (await this.storeContext.unsettled(row)) return this.storeContext.waitBlock();
    const { deal, file } = await readFileStatus(chain, row.fid, "best");
    if (file && isOwner(file, account.cessAccount)) return this.storeContext.conclude(row, account);
    if (deal?.owner === account.cessAccount)
      return isTakenOver(row) ? this.dealOfNothing(row, deal) : this.adopt(row, deal);
    // What the best block lacks may be there again when that block is not on the final fork.
    const final = await readFileStatus(chain, row.fid, "finalized");
    if (final.deal?.owner === account.cessAccount || (final.file && isOwner(final.file, account.cessAccount)))
      return this.storeContext.waitBlock();
    if (!row.needed) return this.storeContext.discard(row);
    // The file there is about to be deleted by its other owners here: to join it would keep what is to be replaced.
    if (await this.isBeingReplaced(row)) return this.storeContext.waitBlock();
    if (file) {
      // Somebody stored the same bytes before.
      if (!sameContent(row, file)) return this.storeContext.giveUpForeign(row, file);
      // If the file's last report is on another fork, the file is a deal again, and declaring would overwrite it.
      return final.file ? this.declare(row, account, true, signal) : this.storeContext.waitBlock();
    }
    // Another owner's deal: declaring now would overwrite it. Once it is a file, our owner is added at once.
    if (deal) return this.storeContext.waitEvent();
    if (final.deal ?? final.file) return this.storeContext.waitBlock();
    if (await this.othersTurn(row)) return this.storeContext.waitBlock();
    if (isTakenOver(row)) return this.storeContext.giveUp(row, "the network does not have the file any more");
    return this.declare(row, account, false, signal);
  }

  /**
   * A deal of our owner for a file that was to be taken over. Unless we signed it, another gateway of the owner is at it,
   * and it becomes a file. Else the file's last owner deleted it between our look and our declaration: there are no bytes
   * to send. A deal cannot be cancelled, so the row stays, for whoever puts these bytes or for the day the deal ends.
   */
  private async dealOfNothing(row: FileRow, deal: ChainDeal): Promise<Outcome> {
    if (!row.signed) return this.storeContext.waitEvent();
    await this.context.catalog.files.advance(row.id, "declared", deal.reports.length);
    return this.storeContext.giveUp(
      row,
      "its last owner deleted the file while it was being taken over; a deal without bytes is pending for it now, which " +
        "holds space of the territory until it ends. Whoever has the bytes can put them into a bucket of this account: that completes it",
    );
  }

  /** Our owner's deal is pending: from before a crash, or from another gateway. Either way its reports count. */
  private async adopt(row: FileRow, deal: ChainDeal): Promise<Outcome> {
    const { catalog, counters } = this.context;
    if (!sameContent(row, deal)) {
      return this.storeContext.giveUp(
        row,
        `a deal with other content is pending under this file's identity ${row.fid}`,
      );
    }
    await catalog.files.advance(row.id, "declared", deal.reports.length);
    // In this order: after a crash in between, a declared row that is still marked is only looked at again, while an
    // encoded row without the mark would be declared again.
    if (row.signed) await catalog.files.markSigned(row.id, undefined);
    counters.declared++;
    return AGAIN;
  }

  private async isBeingReplaced(row: FileRow): Promise<boolean> {
    const rows = await this.context.catalog.files.withFid(row.fid);
    return rows.some(({ id, state, restored }) => id !== row.id && state === "deleting" && restored === true);
  }

  /** Another owner of the same bytes has a deal that we do not see yet, or no more: that row's job finds out. */
  private async othersTurn(row: FileRow): Promise<boolean> {
    const rows = await this.context.catalog.files.withFid(row.fid);
    return rows.some(({ id, state }) => id !== row.id && (state === "declared" || state === "placed"));
  }

  private async declare(row: FileRow, account: Account, exists: boolean, signal: AbortSignal): Promise<Outcome> {
    const { catalog, chain, counters } = this.context;
    await this.preflight(row, account, exists);
    // Of a file that exists nothing is sent.
    if (!exists) await this.requireBytes(row, signal);
    counters.declarations++;
    try {
      const block = await chain.declare(
        {
          fid: row.fid,
          owner: account.cessAccount,
          territory: row.territory,
          fileName: await this.names.of(row),
          size: row.size,
          segments: row.segments,
        },
        { onSigned: (signed) => catalog.files.markSigned(row.id, signed), signal },
      );
      // For receipts alone: after a crash before this they do without.
      await catalog.receipts.declaredIn(row.id, block);
    } catch (error) {
      if (!(error instanceof ChainRefusal)) throw error;
      return this.refused(row, account, error);
    }
    // The next step reads the settled order's result: an event or an answer alone proves nothing.
    return AGAIN;
  }

  /** Signs only for owners who have authorized this gateway, and only what the territory can hold. */
  private async preflight(row: FileRow, account: Account, exists: boolean): Promise<void> {
    const { chain } = this.context;
    if (!(await chain.authorized(account.cessAccount)))
      throw new TemporaryFailure(notAuthorized(account, chain.account));
    const territory = await chain.territory(account.cessAccount, row.territory);
    // For a further owner runtimes charge different amounts, 48 or 96 MiB a segment: the chain decides.
    const refusal = objection(account, territory, exists ? 0 : row.segments.length);
    if (refusal !== undefined) throw new TemporaryFailure(refusal);
  }

  /** What is ordered is what the hashes say: a deal whose fragments nobody can make stays pending for ever. */
  private async requireBytes(row: FileRow, signal: AbortSignal): Promise<void> {
    const { blobs, encoder } = this.context;
    const task = { priority: "background", signal } as const;
    const staged = stagedForm(row);
    for (const [s, { hash }] of row.segments.entries()) {
      const format = formatFrom(staged.format, s);
      const found = await withSegment(
        staged,
        s,
        blobs,
        (content) => encoder.segmentHash(content, format, task),
        signal,
      );
      if (found !== hash) throw damagedSegment(staged, s, blobs);
    }
  }

  /** The order was refused in a finalized block: it can have no effect any more. */
  private async refused(row: FileRow, account: Account, refusal: ChainRefusal): Promise<Outcome> {
    const { catalog, chain, counters } = this.context;
    counters.refusals++;
    await catalog.files.markSigned(row.id, undefined);
    // Listed already: the next look sees it.
    if (refusal.kind === "existed") return this.storeContext.waitBlock();
    const { permanent, text } = judge(refusal, account, chain.account);
    if (permanent) return this.storeContext.giveUp(row, text);
    throw new TemporaryFailure(text, { cause: refusal });
  }
}
