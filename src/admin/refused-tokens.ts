import { pause } from "../async/timer.js";
import type { Clock } from "../model/clock.js";
import type { AuditLog } from "./audit-log.js";

/** Between two records, ms. */
const INTERVAL_MS = 60_000;
/** Addresses that one record names. */
const MAX_ADDRESSES = 20;

export interface RefusedTokensComponents {
  readonly clock: Clock;
  readonly audit: AuditLog;
}

/**
 * Records the wrong tokens that come: the first at once, those of the next minute together. However many come, they do not
 * push what operators did out of the audit log.
 */
export class RefusedTokens {
  private readonly attempts = new Map<string, number>();
  /** From further addresses. */
  private others = 0;
  private recording: Promise<void> | undefined;
  private readonly closing = new AbortController();

  constructor(private readonly components: RefusedTokensComponents) {}

  /** A request from this address had a wrong token, or came from it too soon after others. */
  note(address: string): void {
    const known = this.attempts.get(address);
    if (known === undefined && this.attempts.size >= MAX_ADDRESSES) this.others++;
    else this.attempts.set(address, (known ?? 0) + 1);
    if (!this.closing.signal.aborted) this.recording ??= this.run();
  }

  /** Resolves when all that came is recorded. */
  async close(): Promise<void> {
    this.closing.abort(new DOMException("the admin listener is closing", "AbortError"));
    await this.recording;
    await this.record();
  }

  private async run(): Promise<void> {
    const { clock } = this.components;
    while (this.attempts.size > 0 && !this.closing.signal.aborted) {
      await this.record();
      await pause(clock, INTERVAL_MS, [this.closing.signal]).catch(() => undefined);
    }
    this.recording = undefined;
  }

  private async record(): Promise<void> {
    if (this.attempts.size === 0) return;
    const addresses = Object.fromEntries(this.attempts);
    const { others } = this;
    this.attempts.clear();
    this.others = 0;
    await this.components.audit.record({
      act: "wrong token",
      by: Object.keys(addresses).join(", "),
      subject: "admin listener",
      result: "refused",
      details: { attempts: addresses, ...(others > 0 ? { fromOtherAddresses: others } : {}) },
    });
  }
}
