import { backoffMs } from "../async/backoff.js";
import type { FileRow, Placement } from "../catalog/catalog.js";
import type { Account, CessAccount } from "../model/account.js";
import type { ChainDeal, ChainFile } from "../network/chain/chain.js";
import type { DistributionContext } from "./components.js";
import { DealPlacements } from "./deal-placements.js";
import type { DeliveryMemory, FileMemory } from "./delivery-memory.js";
import { AGAIN, TemporaryFailure, wait, type Outcome } from "./outcome.js";
import type { DistributionSettings } from "./settings.js";
import { isOwner, readFileStatus, sameContent } from "./chain-view.js";
import type { StoreContext } from "./store-context.js";
import type { Transfer } from "./transfer.js";

/** How many times the setting a silent node is waited for at most: that doubles with each reassignment. */
const LONGEST_PATIENCE = 32;

/** declared → placed → stored: the fragments to twelve nodes, then their reports, then the file on chain. */
export class Delivery {
  private readonly context: DistributionContext;
  private readonly settings: DistributionSettings;
  private readonly storeContext: StoreContext;
  private readonly transfer: Transfer;
  private readonly memory: DeliveryMemory;

  constructor(
    context: DistributionContext & {
      readonly storeContext: StoreContext;
      readonly transfer: Transfer;
      readonly memory: DeliveryMemory;
    },
    settings: DistributionSettings,
  ) {
    this.context = context;
    this.settings = settings;
    this.storeContext = context.storeContext;
    this.transfer = context.transfer;
    this.memory = context.memory;
  }

  async run(row: FileRow, signal: AbortSignal): Promise<Outcome> {
    const account = this.storeContext.accountOf(row);
    const { deal, file } = await readFileStatus(this.context.chain, row.fid, "best");
    if (file && isOwner(file, account.cessAccount)) return this.conclude(row, account, file);
    // Another order took our deal's place: ordering waits for it, or joins it.
    if (file ?? (deal && deal.owner !== account.cessAccount)) return this.startOver(row);
    if (!deal) return this.missing(row);
    if (!sameContent(row, deal)) {
      return this.storeContext.giveUp(
        row,
        `a deal with other content is pending under this file's identity ${row.fid}`,
      );
    }
    const memory = this.memory.of(row.id);
    memory.missingSince = undefined;
    return this.deliver(row, deal, memory, signal);
  }

  private async conclude(row: FileRow, account: Account, file: ChainFile): Promise<Outcome> {
    const saved = await this.context.catalog.files.placements(row.id);
    const outcome = await this.storeContext.conclude(row, account);
    if (outcome.kind !== "done") return outcome;
    this.memory.forget(row.id);
    this.creditReports(
      saved,
      (file.segments[0]?.fragments ?? []).map(({ node }, index) => ({ index, node })),
    );
    return outcome;
  }

  /** Tells the registry of reports that are new since the last look. */
  private creditReports(saved: readonly Placement[], reports: ChainDeal["reports"]): void {
    for (const { index, node } of reports) {
      const before = saved.find((row) => row.index === index && row.node === node);
      if (before?.state === "sent") this.context.registry.reported(node);
    }
  }

  private async startOver(row: FileRow): Promise<Outcome> {
    this.memory.forget(row.id);
    await this.context.catalog.files.advance(row.id, "encoded", 0);
    return AGAIN;
  }

  /**
   * "A pending deal can not be cancelled and never times out". A deal that is missing is therefore on a block that was
   * reorganised away, or the endpoint lags; declaring again too early would overwrite the deal. It is declared again
   * only when it stays missing over many finalized blocks, and for as long as these blocks take: a chain node that
   * catches up finalizes many in a moment.
   */
  private async missing(row: FileRow): Promise<Outcome> {
    const { chain, clock } = this.context;
    const { vanishedBlocks, blockMs } = this.settings;
    const block = await chain.finalizedBlock();
    const final = await readFileStatus(chain, row.fid, "finalized");
    const memory = this.memory.of(row.id);
    if (final.deal ?? final.file) {
      memory.missingSince = undefined;
      return this.storeContext.waitBlock();
    }
    const since = (memory.missingSince ??= { block, at: clock.now() });
    if (block - since.block < vanishedBlocks || clock.now() - since.at < vanishedBlocks * blockMs)
      return this.storeContext.waitBlock();
    // Why the chain dropped it (an expired territory) is reported by ordering, which checks before it signs.
    this.context.counters.dealsLost++;
    return this.startOver(row);
  }

  private async deliver(row: FileRow, deal: ChainDeal, memory: FileMemory, signal: AbortSignal): Promise<Outcome> {
    const { catalog, clock, chain, registry } = this.context;
    const saved = await catalog.files.placements(row.id);
    this.creditReports(saved, deal.reports);
    const placements = new DealPlacements(saved, deal.reports, clock.now());
    if (row.reports !== deal.reports.length) {
      await catalog.files.advance(row.id, row.state === "placed" ? "placed" : "declared", deal.reports.length);
    }
    await this.revokeSilent(placements, memory);
    if (!placements.complete) {
      const end = await this.transfer.run(row, placements, await registry.nodes(), memory.silent, signal);
      // A block may pass before the first report can be there.
      memory.awaitedSince = await chain.finalizedBlock();
      if (end.kind === "unsatisfied") throw new TemporaryFailure(end.why);
      // Other files have their turn first.
      if (end.kind === "paused") return AGAIN;
    } else {
      await catalog.files.savePlacements(row.id, placements.all());
    }
    if (row.state === "declared") {
      await catalog.files.advance(row.id, "placed", deal.reports.length);
      return AGAIN;
    }
    return this.awaitReports(placements, memory);
  }

  /**
   * A node that has had its fragments for long and has not reported loses its index. Both time and finalized blocks
   * must have passed: while the chain, or this process, stood still, no node could report.
   */
  private async revokeSilent(placements: DealPlacements, memory: FileMemory): Promise<void> {
    const { registry, clock, chain, counters } = this.context;
    const deadline = clock.now() - this.patienceMs(memory);
    const late = placements.awaited().filter(({ since }) => since <= deadline);
    if (late.length === 0) return;
    const block = await chain.finalizedBlock();
    memory.awaitedSince ??= block;
    if (block - memory.awaitedSince < this.settings.reportTimeoutBlocks) return;
    for (const { index, node } of late) {
      memory.silent.add(node);
      registry.missedReport(node as CessAccount);
      placements.revoke(index);
      counters.reassignments++;
    }
    memory.rounds++;
  }

  private awaitReports(placements: DealPlacements, memory: FileMemory): Outcome {
    const sooner = placements.awaited().map(({ since }) => since + this.patienceMs(memory) - this.context.clock.now());
    // All have reported: the file is on chain with the next block.
    if (sooner.length === 0) return this.storeContext.waitBlock();
    const pollMs = this.settings.pollBlocks * this.settings.blockMs;
    return wait(Math.max(this.settings.blockMs, Math.min(pollMs, ...sooner)));
  }

  private patienceMs(memory: FileMemory): number {
    const { reportTimeoutBlocks, blockMs } = this.settings;
    const minMs = reportTimeoutBlocks * blockMs;
    return backoffMs({ minMs, maxMs: minMs * LONGEST_PATIENCE }, memory.rounds + 1);
  }
}
