import type { Clock } from "../model/clock.js";
import type { Progress } from "./worker.js";

/**
 * The rhythm of a worker's recurring duty: the first round starts at once, each further one `intervalMs` after the end
 * of the one before. A round may take several steps.
 */
export class Rounds {
  private nextAt = 0;
  private unfinished = false;

  constructor(
    private readonly clock: Clock,
    private readonly intervalMs: number,
  ) {}

  /**
   * The worker's step: does `work`, one step of a round, if a round is due or not finished. `work` says whether the
   * round has more steps. When it rejects, the round is not finished.
   */
  async step(work: () => Promise<"more" | "done">): Promise<Progress> {
    if (this.unfinished || this.clock.now() >= this.nextAt) {
      this.unfinished = true;
      if ((await work()) === "more") return { kind: "busy" };
      this.unfinished = false;
      this.nextAt = this.clock.now() + this.intervalMs;
    }
    return { kind: "idle", until: this.nextAt };
  }
}
