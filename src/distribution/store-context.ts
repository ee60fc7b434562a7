import type { FileRow } from "../catalog/catalog.js";
import type { Account } from "../model/account.js";
import type { ChainFile } from "../network/chain/chain.js";
import type { DistributionContext } from "./components.js";
import { AGAIN, DONE, TemporaryFailure, wait, type Outcome } from "./outcome.js";
import type { DistributionSettings } from "./settings.js";
import { isOwner, sameContent } from "./chain-view.js";

/** What ordering, delivery and deletion all do with a file's row. */
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

  /** The file exists on chain for its owner: it is stored as soon as a finalized block says so. */
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

  /** Somebody ordered other bytes under this FID; nothing we could send would ever be asked for. */
  async giveUpForeign(row: FileRow, file: ChainFile): Promise<Outcome> {
    const owners = file.owners.map(({ account }) => account).join(", ");
    return this.giveUp(row, `the network has other content under this file's identity ${row.fid} (of ${owners})`);
  }

  /** For good: the bytes stay staged and readable, the text is shown to the user. */
  async giveUp(row: FileRow, text: string): Promise<Outcome> {
    const { catalog, counters } = this.context;
    if (row.signed) await catalog.files.markSigned(row.id, undefined);
    await catalog.files.failed(row.id, text);
    counters.failed++;
    return DONE;
  }

  /**
   * Nothing needs the file and the chain knows nothing of it: its row and bytes go. `again` when something needs it.
   */
  async discard(row: FileRow): Promise<Outcome> {
    const { files } = this.context.catalog;
    // What was signed is settled and left no trace; a marked row would be kept.
    if (row.signed) await files.markSigned(row.id, undefined);
    const { discarded, orphans } = await files.discard(row.id);
    if (!discarded) return AGAIN;
    await this.context.blobs.remove(orphans);
    this.context.counters.discarded++;
    return DONE;
  }

  /**
   * Whether something we signed about this FID, for any owner, may still be included: until that is settled, what the
   * chain shows proves nothing.
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

  /** An event on chain is what we wait for; this is the time after which we look although none came. */
  waitEvent(): Outcome {
    return wait(this.settings.pollBlocks * this.settings.blockMs);
  }
}
