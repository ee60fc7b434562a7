import type { Clock } from "../../model/clock.js";
import type { OutlivePolicy } from "../../model/lease.js";
import type { BucketCall } from "../call.js";
import { S3Error } from "../s3-error.js";

const DAY_MS = 86_400_000;

export interface LeaseGuardComponents {
  /** Until when the space of an Account.id is paid for, as last read: ms since 1970; undefined where it is not known. */
  readonly paidUntil?: ((owner: string) => number | undefined) | undefined;
  readonly clock: Clock;
  /** Told of each request that keeps an object for longer than is paid for. */
  readonly onOutlived?:
    ((fields: { readonly bucket: string; readonly account: string }, text: string) => void) | undefined;
}

/** Whether promises about objects, such as a lock, last longer than the territory of the bucket's owner is paid for. */
export class LeaseGuard {
  constructor(
    private readonly components: LeaseGuardComponents,
    private readonly policy: OutlivePolicy,
  ) {}

  /** For reads: when the space of this owner's objects ends. */
  paid(owner: string): { readonly paidUntil?: number } {
    const paidUntil = this.components.paidUntil?.(owner);
    return paidUntil === undefined ? {} : { paidUntil };
  }

  /**
   * By policy refuses (LeaseTooShort), or warns in the answer and the log. `until`: milliseconds since 1970; `what`: begins
   * a sentence, such as `The object is locked`.
   */
  require(call: BucketCall, what: string, until: number | undefined): void {
    const { paidUntil, clock, onOutlived } = this.components;
    const end = this.policy === "allow" || until === undefined ? undefined : paidUntil?.(call.bucket.owner);
    if (end === undefined || until === undefined || until <= end) return;
    const [kept, paid] = [until, end].map((ms) => dateText(ms));
    const text =
      `${what} until ${kept}, but the territory of the bucket's owner is paid for until ${paid}` +
      `${end <= clock.now() ? ", which is over" : ""}: renew it with cess-s3 territory renew, or the object ends before`;
    if (this.policy === "refuse")
      throw new S3Error("LeaseTooShort", { message: text, fields: { PaidUntil: paid ?? "", KeptUntil: kept ?? "" } });
    call.warnings?.push(text);
    onOutlived?.({ bucket: call.bucket.name, account: call.account.displayName }, text);
  }

  /** The same for what is to last for so many days from now. */
  requireDays(call: BucketCall, what: string, days: number | undefined): void {
    this.require(call, what, days === undefined ? undefined : this.components.clock.now() + days * DAY_MS);
  }
}

function dateText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "the end of the calendar" : date.toISOString();
}
