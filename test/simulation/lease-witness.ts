import type { Job, JobCatalog } from "../../src/catalog/catalog.js";
import { Violation } from "./service.js";

/** Sees to it that a job is extended, given back and finished by its newest lease alone. */
export class LeaseWitness {
  /** By the job's id: its newest lease, and who has it. */
  private readonly newest = new Map<string, { readonly lease: number; readonly gateway: string }>();

  constructor(private readonly onViolation: (violation: Violation) => void) {}

  /** The jobs as one gateway reaches them. */
  over(jobs: JobCatalog, gateway: string): JobCatalog {
    const watched: Partial<JobCatalog> = {
      lease: async (kinds, limit, leaseMs) => {
        const leased = await jobs.lease(kinds, limit, leaseMs);
        for (const { id, lease } of leased) this.note(id, lease, gateway);
        return leased;
      },
      extend: (job, leaseMs) => this.judge("extended", gateway, job, () => jobs.extend(job, leaseMs)),
      release: (job, at, failed) => this.judge("given back", gateway, job, () => jobs.release(job, at, failed)),
      finish: (job) => this.judge("finished", gateway, job, () => jobs.finish(job)),
    };
    return Object.assign(Object.create(jobs) as JobCatalog, watched);
  }

  /** What two gateways hear of at one time they may hear of in any order. */
  private note(id: string, lease: number, gateway: string): void {
    if (lease > (this.newest.get(id)?.lease ?? 0)) this.newest.set(id, { lease, gateway });
  }

  private async judge(
    what: string,
    gateway: string,
    { id, kind, lease }: Job,
    act: () => Promise<void>,
  ): Promise<void> {
    // Before it is asked for: what others take meanwhile may have been given back in time.
    const before = this.newest.get(id);
    await act();
    if (before && before.lease > lease)
      this.onViolation(
        new Violation(
          `${kind} job ${id} is ${what} by lease ${lease} of ${gateway}, and ${before.gateway} has it by lease ${before.lease}`,
        ),
      );
  }
}
