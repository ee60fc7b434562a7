import type { Logger } from "pino";
import type { Progress, Worker } from "../background/worker.js";
import type { Catalog, FileToCheck } from "../catalog/catalog.js";
import type { Clock } from "../model/clock.js";
import { DATA_FRAGMENTS, FRAGMENT_SIZE } from "../model/sizes.js";
import { DailyBudget } from "../async/daily-budget.js";
import type { FileLooks } from "./file-look.js";
import type { NodeRound } from "./node-round.js";
import type { ScrubSettings } from "./settings.js";

/** Between two looks for what is due, ms, while nothing is. */
const LOOK_MS = 60_000;
/** A file that could not be looked at, for this gateway's own trouble, is looked at again after this, ms. */
const TROUBLE_MS = 60_000;
/** Objects that are named when a file cannot be read. */
const NAMED_OBJECTS = 5;

export interface ScrubberComponents {
  readonly catalog: Pick<Catalog, "checks">;
  readonly looks: FileLooks;
  readonly nodeRound: Pick<NodeRound, "run">;
  readonly clock: Clock;
  readonly log: Pick<Logger, "warn" | "error">;
  readonly wake: (worker: string) => void;
}

/**
 * Looks at every stored file in turn: whether its nodes are there and have its fragments. Files that miss some are looked
 * at more often, and those on a node that has just begun to fail at once. What is to be done about it is the repairer's.
 */
export class Scrubber implements Worker {
  readonly name = "scrubber";
  filesChecked = 0;
  private readonly budget: DailyBudget;
  private nodesAt = -Infinity;
  private troubleUntil = -Infinity;

  constructor(
    private readonly components: ScrubberComponents,
    private readonly settings: ScrubSettings,
  ) {
    this.budget = new DailyBudget(components.clock, settings.bytesPerDay);
  }

  /** Bytes fetched since start. */
  get bytes(): number {
    return this.components.looks.bytes;
  }

  async step(signal: AbortSignal): Promise<Progress> {
    const { catalog, clock, nodeRound } = this.components;
    const { walkMs, recheckMs, nodesMs } = this.settings;
    if (walkMs === 0) return { kind: "idle" };
    if (clock.now() >= this.nodesAt + nodesMs) {
      await nodeRound.run(signal);
      this.nodesAt = clock.now();
    }
    const now = clock.now();
    if (now < this.troubleUntil) return { kind: "idle", until: this.troubleUntil };
    const [file] = await catalog.checks.due(now - walkMs, now - recheckMs, 1);
    if (!file) return { kind: "idle", until: Math.min(now + LOOK_MS, now + recheckMs, this.nodesAt + nodesMs) };
    await this.check(file, signal);
    return { kind: "busy" };
  }

  private async check(file: FileToCheck, signal: AbortSignal): Promise<void> {
    const { catalog, looks, clock, log, wake } = this.components;
    const seen = await looks.look(file, this.budget.take(FRAGMENT_SIZE), signal);
    if (!seen) {
      this.troubleUntil = clock.now() + TROUBLE_MS;
      return;
    }
    const { redundancy, failed, answered } = seen;
    const degraded = redundancy < this.settings.repairBelow;
    await catalog.checks.checked(file.file, { redundancy, degraded, failed, answered });
    this.filesChecked++;
    if (degraded) wake("repairer");
    if (redundancy >= DATA_FRAGMENTS) return;
    log.error(
      { fid: file.fid, redundancy, objects: await catalog.checks.objects(file.file, NAMED_OBJECTS) },
      seen.file
        ? "a file cannot be read from the network at the moment: too few of its fragments are left"
        : "a file cannot be read: the chain does not list it any more",
    );
  }
}
