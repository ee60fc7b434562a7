import { abortable, onAbort } from "../async/abort.js";
import { backoffMs } from "../async/backoff.js";
import { after } from "../async/timer.js";
import type { Job, JobCatalog, JobKind } from "../catalog/catalog.js";
import type { Progress, Worker } from "../background/worker.js";
import { ChainUnavailable, ExtrinsicLost } from "../network/chain/chain.js";
import type { DistributionContext } from "./components.js";
import { TemporaryFailure, type Outcome } from "./outcome.js";
import type { DistributionSettings } from "./settings.js";

/** Does one step of a job. */
export interface JobHandler {
  run(job: Job, signal: AbortSignal): Promise<Outcome>;
}

/**
 * Leases one due job of its kind, lets the handler do one step, and releases it with the step's outcome. Jobs are rows
 * of the catalog: nothing of them is kept here between two steps.
 */
export class JobWorker implements Worker {
  readonly name: string;
  private readonly kind: JobKind;
  private readonly handler: JobHandler;
  private readonly context: DistributionContext;
  private readonly jobs: JobCatalog;
  private readonly settings: DistributionSettings;
  /** Ids of jobs whose step runs here: after a pause of the whole process their leases may be over. */
  private readonly running = new Set<string>();

  constructor(kind: JobKind, handler: JobHandler, context: DistributionContext, settings: DistributionSettings) {
    this.name = kind;
    this.kind = kind;
    this.handler = handler;
    this.context = context;
    this.jobs = context.catalog.jobs;
    this.settings = settings;
  }

  async step(signal: AbortSignal): Promise<Progress> {
    const [job] = await this.jobs.lease([this.kind], 1, this.settings.leaseMs);
    if (!job) return this.idle();
    if (this.running.has(job.id)) return { kind: "busy" };
    this.running.add(job.id);
    const lease = new AbortController();
    const keeping = this.keepLease(job, lease.signal);
    try {
      await this.run(job, signal);
    } finally {
      lease.abort();
      await keeping;
    }
    return { kind: "busy" };
  }

  /** The floor keeps this from being a busy loop while another loop is about to take a due job. */
  private async idle(): Promise<Progress> {
    const due = await this.jobs.nextDue([this.kind]);
    const floor = this.context.clock.now() + this.settings.idleFloorMs;
    return { kind: "idle", ...(due !== undefined && { until: Math.max(due, floor) }) };
  }

  private async run(job: Job, signal: AbortSignal): Promise<void> {
    const began = this.context.clock.now();
    let outcome: Outcome;
    try {
      // Before it is released: from then on any loop may have it.
      const forget = () => this.running.delete(job.id);
      outcome = await this.orAbandoned(this.handle(job, signal), signal).finally(forget);
    } catch (error) {
      await this.failed(job, error, began, signal);
      return;
    }
    const now = this.context.clock.now();
    if (outcome.kind === "finish") await this.jobs.finish(job.id);
    else if (outcome.kind === "again") await this.jobs.release(job.id, now);
    else if (outcome.kind === "wait") await this.jobs.release(job.id, now + outcome.ms);
  }

  private handle(job: Job, signal: AbortSignal): Promise<Outcome> {
    const { traced } = this.context;
    if (!traced) return this.handler.run(job, signal);
    const { id, kind, subject, attempt } = job;
    const attributes = { "cess_s3.job": id, "cess_s3.subject": subject, "cess_s3.attempt": attempt };
    return traced(`job ${kind}`, attributes, () => this.handler.run(job, signal));
  }

  /**
   * Reads of the chain have no signal, and may take half a minute when the node is cut off. At shutdown such work is
   * abandoned, as by a crash, after a time in which other work reacts to its signal.
   */
  private async orAbandoned<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    const abandoned = new AbortController();
    let cancelTimer = (): void => undefined;
    const stopListening = onAbort(signal, (reason) => {
      cancelTimer = after(this.context.clock, ABORT_GRACE_MS, () => abandoned.abort(reason));
    });
    try {
      return await abortable(work, [abandoned.signal]);
    } finally {
      stopListening();
      cancelTimer();
    }
  }

  private async failed(job: Job, error: unknown, began: number, signal: AbortSignal): Promise<void> {
    const now = this.context.clock.now();
    // Shutting down is not the job's failure.
    if (signal.aborted) {
      await this.jobs.release(job.id, now);
      return;
    }
    const { retryMinBlocks, retryMaxBlocks, blockMs } = this.settings;
    const limits = { minMs: retryMinBlocks * blockMs, maxMs: retryMaxBlocks * blockMs };
    const { registry } = this.context;
    // What failed for this gateway's own trouble may go well as soon as that is over.
    const own = registry.troubledSince(began);
    const delayMs = Math.min(backoffMs(limits, job.attempt + 1), own ? OWN_TROUBLE_MS : Infinity);
    const text = error instanceof Error ? error.message : String(error);
    this.context.counters[`${job.kind}Failures`]++;
    const expected = [TemporaryFailure, ChainUnavailable, ExtrinsicLost].some((kind) => error instanceof kind);
    this.context.log[expected ? "warn" : "error"](
      {
        job: job.id,
        kind: job.kind,
        subject: job.subject,
        attempt: job.attempt,
        retryMs: delayMs,
        ...(expected ? { reason: text } : { err: error }),
      },
      "a job failed and will be tried again",
    );
    await this.jobs.release(job.id, now + delayMs, text);
  }

  /** Transfers take longer than a lease. A failure to extend the lease is only logged, since steps may run twice. */
  private async keepLease(job: Job, ended: AbortSignal): Promise<void> {
    while (!isAborted(ended)) {
      try {
        await this.context.clock.sleep(this.settings.leaseMs / 3, ended);
        await this.jobs.extend(job.id, this.settings.leaseMs);
      } catch (error) {
        if (!isAborted(ended))
          this.context.log.warn({ job: job.id, err: error }, "a job's lease could not be extended");
      }
    }
  }
}

/** The longest wait after a step that failed while this process stood still, or many nodes failed at once, ms. */
const OWN_TROUBLE_MS = 5_000;

/** Time that aborted work has to end by itself, ms; well below what the supervisor waits for a worker at shutdown. */
const ABORT_GRACE_MS = 500;

/** A function, because the compiler would take the value to be unchanged across an await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
