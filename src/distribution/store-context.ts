import type { FileRow } from "../catalog/catalog.js";
import type { Account } from "../model/account.js";
import type { Damage } from "../model/damage.js";
import type { ChainFile } from "../network/chain/chain.js";
import type { DistributionContext } from "./components.js";
import { AGAIN, DONE, TemporaryFailure, wait, type Outcome } from "./outcome.js";
import type { DistributionSettings } from "./settings.js";
import { isOwner, sameContent } from "./chain-view.js";

/** What ordering, delivery and deletion share. */
export class StoreContext {
  private readonly context: DistributionContext;
  private readonly settings: DistributionSettings;

  constructor(context: DistributionContext, settings: DistributionSettings) {
    this.context = context;
    this.settings = settings;
  }

  /** The row's owner on chain, with the territory that this file is charged to. */
  accountOf(row: FileRow): Account {
    const account = this.context.owners(row.owner);
    if (!account) throw new TemporaryFailure(`the owner's account ${row.owner} is not configured here`);
    return { ...account, territory: row.territory };
  }

  /** The file is on chain for its owner: it is stored as soon as a finalized block shows it. */
  async conclude(row: FileRow, account: Account): Promise<Outcome> {
    const { catalog, chain } = this.context;
    const final = await chain.file(row.fid, "finalized");
    if (!final || !isOwner(final, account.cessAccount)) return this.waitBlock();
    if (!sameContent(row, final)) return this.giveUpForeign(row, final);
    if (row.signed) await catalog.files.markSigned(row.id, undefined);
    const { orphans } = await catalog.files.stored(row.id);
    await this.context.blobs.remove(orphans);
    this.context.counters.stored++;
    // The catalog adds a `delete` job when nothing needs the file any more.
    this.context.wake("delete");
    return DONE;
  }

  /** Somebody declared other bytes under this FID, so ours would never be accepted. */
  async giveUpForeign(row: FileRow, file: ChainFile): Promise<Outcome> {
    const owners = file.owners.map(({ account }) => account).join(", ");
    return this.giveUp(row, `the network has other content under this file's identity ${row.fid} (of ${owners})`);
  }

  /** Gives the file up: its bytes stay staged and readable, and the text is shown to the user. */
  async giveUp(row: FileRow, text: string): Promise<Outcome> {
    const { catalog, counters } = this.context;
    if (row.signed) await catalog.files.markSigned(row.id, undefined);
    await catalog.files.failed(row.id, text);
    counters.failed++;
    return DONE;
  }

  /** Its staged bytes are damaged: neither ordering nor sending can succeed, unless another object has the same bytes. */
  async giveUpDamaged(id: string, damage: Damage): Promise<Outcome> {
    const { catalog, counters, onDamage } = this.context;
    await onDamage?.(damage);
    if (!(await catalog.files.damaged(id, `bytes staged on the gateway's disk are damaged: ${damage.why}`)))
      return AGAIN;
    counters.failed++;
    return DONE;
  }

  /**
   * For a file that nothing needs and that is not on chain: removes its row and bytes. `again` when something needs it.
   */
  async discard(row: FileRow): Promise<Outcome> {
    const { files } = this.context.catalog;
    // What was signed is settled without effect; while it is marked, the row would be kept.
    if (row.signed) await files.markSigned(row.id, undefined);
    const { discarded, orphans } = await files.discard(row.id);
    if (!discarded) return AGAIN;
    await this.context.blobs.remove(orphans);
    this.context.counters.discarded++;
    return DONE;
  }

  /**
   * Whether an extrinsic of ours about this FID, for any owner, may still be included. Until that is settled, the
   * chain's state proves nothing.
   */
  async unsettled(row: FileRow): Promise<boolean> {
    for (const { signed } of await this.context.catalog.files.withFid(row.fid)) {
      if (signed && !(await this.context.chain.settled(signed))) return true;
    }
    return false;
  }

  /** Finality and reports come a block at a time. */
  waitBlock(): Outcome {
    return wait(this.settings.blockMs);
  }

  /** Waits for an event on chain, or at most for the poll interval. */
  waitEvent(): Outcome {
    return wait(this.settings.pollBlocks * this.settings.blockMs);
  }
}
