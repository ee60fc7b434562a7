import { abortable, onAbort } from "../async/abort.js";
import { backoffMs } from "../async/backoff.js";
import { whileLeased } from "../async/kept-lease.js";
import { after } from "../async/timer.js";
import type { Catalog, Job, JobCatalog, JobKind } from "../catalog/catalog.js";
import { LeaseLost } from "../model/lease-lost.js";
import type { Progress, Worker } from "../background/worker.js";
import { ChainUnavailable, ExtrinsicLost } from "../network/chain/chain.js";
import type { DistributionContext } from "./components.js";
import { TemporaryFailure, type Outcome } from "./outcome.js";
import type { DistributionSettings } from "./settings.js";

/** Does one step of a job. */
export interface JobHandler {
  run(job: Job, signal: AbortSignal): Promise<Outcome>;
}

/** Makes the handler of one step. Whatever that writes, it writes to this catalog, which the job's lease fences. */
export type StepHandler = (catalog: Catalog) => JobHandler;

/** A job whose step runs here, by its newest lease. */
interface Running {
  job: Job;
}

/**
 * Leases one due job of its kind, lets the handler do one step, and releases it with the step's outcome. Jobs are rows
 * of the catalog: nothing of them is kept here between two steps.
 */
export class JobWorker implements Worker {
  readonly name: string;
  private readonly kind: JobKind;
  private readonly handler: StepHandler;
  private readonly context: DistributionContext;
  private readonly jobs: JobCatalog;
  private readonly settings: DistributionSettings;
  private readonly running = new Map<string, Running>();

  constructor(kind: JobKind, handler: StepHandler, context: DistributionContext, settings: DistributionSettings) {
    this.name = kind;
    this.kind = kind;
    this.handler = handler;
    this.context = context;
    this.jobs = context.catalog.jobs;
    this.settings = settings;
  }

  async step(signal: AbortSignal): Promise<Progress> {
    // Most looks find nothing. A read costs less than a transaction, and waits for none.
    const due = await this.jobs.nextDue([this.kind]);
    if (due === undefined || due > this.context.clock.now()) return this.idle(due);
    const [job] = await this.jobs.lease([this.kind], 1, this.settings.leaseMs);
    if (!job) return this.idle(await this.jobs.nextDue([this.kind]));
    const running = this.running.get(job.id);
    // After a pause of the whole process a lease may be over while its step still runs: that goes on by the new one.
    if (running) running.job = job;
    else await this.run(job, signal);
    return { kind: "busy" };
  }

  /** The floor keeps this from being a busy loop while another loop is about to take a due job. */
  private idle(due: number | undefined): Progress {
    const now = this.context.clock.now();
    const next = due === undefined ? Infinity : Math.max(due, now + this.settings.idleFloorMs);
    const until = Math.min(next, now + this.settings.lookMs);
    return { kind: "idle", ...(until < Infinity && { until }) };
  }

  private async run(job: Job, signal: AbortSignal): Promise<void> {
    const began = this.context.clock.now();
    const running: Running = { job };
    this.running.set(job.id, running);
    let outcome: Outcome;
    try {
      outcome = await this.leased(running, signal);
    } catch (error) {
      await this.settle(running.job, () => this.failed(running.job, error, began, signal));
      return;
    }
    await this.settle(running.job, async (job) => {
      const now = this.context.clock.now();
      if (outcome.kind === "finish") await this.jobs.finish(job);
      else if (outcome.kind === "again") await this.jobs.release(job, now);
      else if (outcome.kind === "wait") await this.jobs.release(job, now + outcome.ms);
    });
  }

  /** Gives the job back, unless it is gone or somebody else has it. */
  private async settle(job: Job, giveBack: (job: Job) => Promise<void>): Promise<void> {
    try {
      await giveBack(job);
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
      if (!error.gone) this.lost(job, error);
    }
  }

  private lost({ id, kind }: Job, { message }: LeaseLost): void {
    this.context.counters.leasesLost++;
    this.context.log.warn({ job: id, kind, reason: message }, "a job's step was given up");
  }

  /** Transfers take longer than a lease, so it is extended while the step runs. */
  private leased(running: Running, signal: AbortSignal): Promise<Outcome> {
    const { clock, log, catalog } = this.context;
    const { leaseMs } = this.settings;
    const lease = {
      clock,
      leaseMs,
      extend: (ms: number) => this.jobs.extend(running.job, ms),
      onTrouble: (err: unknown) => log.warn({ job: running.job.id, err }, "a job's lease could not be extended"),
    };
    const handler = this.handler(catalog.fenced(() => running.job));
    return whileLeased(lease, signal, (ending) =>
      // Before it is released: from then on any loop may have it.
      this.orAbandoned(this.handle(handler, running.job, ending), ending).finally(() =>
        this.running.delete(running.job.id),
      ),
    );
  }

  private handle(handler: JobHandler, job: Job, signal: AbortSignal): Promise<Outcome> {
    const { traced } = this.context;
    if (!traced) return handler.run(job, signal);
    const { id, kind, subject, attempt } = job;
    const attributes = { "cess_s3.job": id, "cess_s3.subject": subject, "cess_s3.attempt": attempt };
    return traced(`job ${kind}`, attributes, () => handler.run(job, signal));
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
    // Shutting down is not the job's failure. Neither is a lease lost: that of the FID's lock, where the job is still ours.
    if (signal.aborted || error instanceof LeaseLost) {
      await this.jobs.release(job, now);
      if (error instanceof LeaseLost) this.lost(job, error);
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
    await this.jobs.release(job, now + delayMs, text);
  }
}

/** The longest wait after a step that failed while this process stood still, or many nodes failed at once, ms. */
const OWN_TROUBLE_MS = 5_000;

/** Time that aborted work has to end by itself, ms; well below what the supervisor waits for a worker at shutdown. */
const ABORT_GRACE_MS = 500;
