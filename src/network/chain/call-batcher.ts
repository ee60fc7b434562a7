import type { ApiPromise } from "@polkadot/api";
import { asError } from "../../model/errors.js";
import { abortable } from "../../async/abort.js";
import { fits, supportsForceBatch } from "./batch-limits.js";
import {
  ChainRefusal,
  ChainUnavailable,
  ExtrinsicLost,
  FeesUnpaid,
  type SignedExtrinsic,
  type SubmitOptions,
} from "./chain.js";
import type { Connection } from "./connection.js";
import { refusal } from "./dispatch-error.js";
import { call } from "./extrinsics.js";
import type { BlockEvent } from "./finalized-blocks.js";
import type { BuildExtrinsic, Submitter } from "./submitter.js";

export interface CallBatcherSettings {
  /** How long the first call waits for others, milliseconds; short compared with a block. */
  readonly gatherMs: number;
  /** Calls in one extrinsic. 1 sends each alone. */
  readonly maxCalls: number;
}

export const CALL_BATCHER_DEFAULTS: CallBatcherSettings = { gatherMs: 100, maxCalls: 50 };

interface Item {
  readonly build: BuildExtrinsic;
  readonly options: SubmitOptions;
  readonly resolve: (block: number) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Puts calls that come at the same time into one extrinsic, so that a hundred files are ordered in a block or two. It
 * is `utility.forceBatch`: each call succeeds or is refused by itself. Where the runtime lacks that, and for a call
 * that comes alone, the call is the extrinsic.
 */
export class CallBatcher {
  private readonly submitter: Pick<Submitter, "submit">;
  private readonly connection: Pick<Connection, "call">;
  private readonly settings: CallBatcherSettings;
  private waiting: Item[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    components: { readonly submitter: Pick<Submitter, "submit">; readonly connection: Pick<Connection, "call"> },
    settings: Partial<CallBatcherSettings> = {},
  ) {
    this.submitter = components.submitter;
    this.connection = components.connection;
    this.settings = { ...CALL_BATCHER_DEFAULTS, ...settings };
  }

  /** As `Submitter.submit` for this call alone, though it may travel with others; resolves with the block's number. */
  submit(build: BuildExtrinsic, options: SubmitOptions = {}): Promise<number> {
    const done = new Promise<number>((resolve, reject) => {
      this.waiting.push({ build, options, resolve, reject });
    });
    if (this.waiting.length >= this.settings.maxCalls) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), this.settings.gatherMs);
    // A batch that is signed goes on when one of its callers leaves: `onSigned` has told them what was signed.
    return abortable(done, [options.signal]);
  }

  /** Calls that still wait reject with ChainUnavailable; the submitter ends those under way. */
  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const { reject } of this.waiting.splice(0))
      reject(new ChainUnavailable("the chain client was closed before the call was signed"));
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const items = this.waiting.splice(0);
    void this.send(items).catch((error: unknown) => {
      for (const { reject } of items) reject(asError(error));
    });
  }

  private async send(given: readonly Item[]): Promise<void> {
    const items = given.filter(isWanted);
    if (items.length > 1 && (await this.goTogether(items))) await this.sendTogether(items);
    else if (items.length > 1) await this.sendHalves(items);
    else for (const item of items) await this.sendAlone(item);
  }

  private async sendHalves(items: readonly Item[]): Promise<void> {
    const middle = items.length >> 1;
    await Promise.all([this.send(items.slice(0, middle)), this.send(items.slice(middle))]);
  }

  /** Whether one extrinsic may hold them all: the runtime has the call, and its length and weight keep the limits. */
  private goTogether(items: readonly Item[]): Promise<boolean> {
    return this.connection.call(async ({ api }) => supportsForceBatch(api) && fits(api, batch(api, items)));
  }

  private async sendAlone({ build, options, resolve, reject }: Item): Promise<void> {
    await this.submitter.submit(build, options).then(
      (events) => resolve(blockOf(events)),
      (error: unknown) => reject(asError(error)),
    );
  }

  private async sendTogether(items: readonly Item[]): Promise<void> {
    // Signing may happen much later, and more than once: only calls still wanted then are signed. A call whose caller
    // has left must not be among them, because nobody would save what was signed for it.
    let signed: readonly Item[] = [];
    const build = (api: ApiPromise) => {
      signed = items.filter(isWanted);
      if (signed.length === 0) throw new ChainUnavailable("nobody waits for these calls any more");
      return batch(api, signed);
    };
    // A caller that could not save what was signed, as it may not any more, must not keep the others from theirs.
    const unsaved = new Map<Item, Error>();
    const onSigned = async (extrinsic: SignedExtrinsic) => {
      const save = async (item: Item): Promise<void> => {
        await item.options.onSigned?.(extrinsic).catch((error: unknown) => void unsaved.set(item, asError(error)));
      };
      await Promise.all(signed.map(save));
      const [error] = unsaved.values();
      if (error) throw error;
    };
    let events: readonly BlockEvent[];
    try {
      events = await this.submitter.submit(build, { onSigned });
    } catch (error) {
      for (const [item, why] of unsaved) item.reject(why);
      if (unsaved.size > 0) return this.send(items.filter((item) => !unsaved.has(item)));
      await this.failedTogether(items, asError(error));
      return;
    }
    const outcomes = itemOutcomes(events);
    signed.forEach(({ resolve, reject }, position) => {
      const outcome =
        outcomes.length === signed.length ? outcomes[position] : unreadable(signed.length, outcomes.length);
      if (outcome === undefined) resolve(blockOf(events));
      else reject(outcome);
    });
  }

  /**
   * A batch that was refused as a whole, or that no node took, has had no effect. Its calls are tried in smaller
   * batches, at last alone, so that none fails because of others. What may still be included is not tried again.
   */
  private async failedTogether(items: readonly Item[], error: Error): Promise<void> {
    const refusedWhole = error instanceof ChainRefusal;
    const notTaken =
      error instanceof ExtrinsicLost &&
      !(error instanceof FeesUnpaid) &&
      /exhaust|too (large|big|long)/i.test(error.message);
    if (refusedWhole || notTaken) await this.sendHalves(items);
    else for (const { reject } of items) reject(error);
  }
}

/** The block that an extrinsic with these events is in. Each has at least one event, which tells that it succeeded. */
function blockOf(events: readonly BlockEvent[]): number {
  const [first] = events;
  if (first === undefined) throw new Error("an extrinsic is final, but has no events");
  return first.block;
}

function isWanted({ options }: Item): boolean {
  return options.signal?.aborted !== true;
}

function batch(api: ApiPromise, items: readonly Item[]) {
  const calls = items.map(({ build }) => build(api).method);
  return call(api, "utility", "forceBatch", [calls]);
}

/** What became of each call of a force batch, in order: undefined for success. */
export function itemOutcomes(events: readonly BlockEvent[]): (ChainRefusal | undefined)[] {
  return events
    .filter(({ section, method }) => section === "utility" && (method === "ItemCompleted" || method === "ItemFailed"))
    .map((event) => (event.method === "ItemCompleted" ? undefined : refusal(event.field("error") ?? event.data[0])));
}

function unreadable(calls: number, outcomes: number): Error {
  return new Error(`a batch of ${calls} calls is final, but its events tell of ${outcomes}`);
}
