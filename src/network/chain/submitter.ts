import type { ApiPromise } from "@polkadot/api";
import type { SubmittableExtrinsic } from "@polkadot/api/types";
import { asError } from "../../model/errors.js";
import { abortable } from "../../async/abort.js";
import { Semaphore, SemaphoreFull } from "../../async/semaphore.js";
import type { Signer } from "./accounts.js";
import { ChainUnavailable, ExtrinsicLost, FeesUnpaid, type SignedExtrinsic, type SubmitOptions } from "./chain.js";
import { asNumber, field } from "./codec.js";
import type { Connection } from "./connection.js";
import { dispatchRefusal } from "./dispatch-error.js";
import { call } from "./extrinsics.js";
import type { BlockEvent, FinalizedBlock, FinalizedBlocks } from "./finalized-blocks.js";
import { type Link, RpcRefusal } from "./link.js";
import { MemoryNonces, type Nonces, type SentExtrinsic } from "./nonces.js";
import { readStorage } from "./storage.js";

export interface SubmitterSettings {
  /** Blocks during which a signed extrinsic can be included; a power of two from 4 to 2048. */
  readonly eraBlocks: number;
  /** Extrinsics of this account that may be under way at once; further ones wait unsigned. */
  readonly maxInFlight: number;
  /** Submissions that may wait for that; further ones are refused with ChainUnavailable. */
  readonly maxWaiting: number;
  /** Finalized blocks without the extrinsic after which it is sent again: a node may have dropped it from its pool. */
  readonly resendAfterBlocks: number;
  /** Milliseconds without any finalized block after which waiting ends with ChainUnavailable. */
  readonly finalityTimeoutMs: number;
}

export const SUBMITTER_DEFAULTS: SubmitterSettings = {
  eraBlocks: 64,
  maxInFlight: 32,
  maxWaiting: 10_000,
  resendAfterBlocks: 5,
  finalityTimeoutMs: 180_000,
};

/** Signatures tried for one submission: another extrinsic may take the nonce between asking and sending. */
const MAX_SIGNINGS = 4;

export type BuildExtrinsic = (api: ApiPromise) => SubmittableExtrinsic<"promise">;

interface Submission extends SignedExtrinsic, SentExtrinsic {
  sentAt: number;
  /** Resolves with the extrinsic's own events. */
  readonly done: Promise<readonly BlockEvent[]>;
  readonly settle: (outcome: Error | readonly BlockEvent[]) => void;
}

/**
 * Signs and sends one account's extrinsics and finds their outcome. Only finalized blocks decide it: a transaction
 * pool's statuses end with the connection, and may be revoked. An extrinsic is lost when its nonce was used by another
 * one or its era is over; until then its bytes are sent again to whichever node is connected.
 */
export class Submitter {
  private readonly signer: Signer;
  private readonly connection: Connection;
  private readonly blocks: FinalizedBlocks;
  private readonly settings: SubmitterSettings;
  private readonly nonces: Nonces;
  private readonly flights: Semaphore;
  private readonly signing = new Semaphore({ permits: 1 });
  private readonly pending = new Set<Submission>();
  private readonly closing = new AbortController();
  private fillingGap = false;
  private readonly stops: (() => void)[];

  constructor(
    components: { signer: Signer; connection: Connection; blocks: FinalizedBlocks; nonces?: Nonces },
    settings: Partial<SubmitterSettings> = {},
  ) {
    this.signer = components.signer;
    this.connection = components.connection;
    this.blocks = components.blocks;
    this.nonces = components.nonces ?? new MemoryNonces();
    this.settings = { ...SUBMITTER_DEFAULTS, ...settings };
    this.flights = new Semaphore({ permits: this.settings.maxInFlight, waiting: this.settings.maxWaiting });
    this.stops = [
      this.blocks.watch({
        onBlock: (block) => this.look(block),
        onGap: (missed) => (missed === undefined ? Promise.resolve() : this.lookBack(missed.from, missed.to)),
      }),
      this.connection.onLink((link) => void this.resendAll(link)),
    ];
  }

  /**
   * Submits what `build` makes of the runtime's present metadata and waits until it is in a finalized block and has
   * succeeded; resolves with its events in order. `onSigned` is awaited before newly signed bytes are sent; its last
   * call counts. Rejects with ChainRefusal, FeesUnpaid, ExtrinsicLost, or, when the outcome is not known, with
   * ChainUnavailable or the signal's reason.
   */
  async submit(build: BuildExtrinsic, options: SubmitOptions = {}): Promise<readonly BlockEvent[]> {
    const { signal } = options;
    const sending = new Promise<Submission>((resolve, reject) => {
      // The flight lasts until the extrinsic is settled, also when its submitter no longer waits.
      const fly = async () => {
        const submission = await this.signing.run(() => this.send(build, options), { signal });
        resolve(submission);
        await submission.done.catch(() => undefined);
      };
      this.flights.run(fly, { signal }).catch((error: unknown) => reject(asFlightError(error)));
    });
    return this.outcomeOf(await abortable(sending, [signal, this.closing.signal, this.connection.closing]), signal);
  }

  /** True when it can no longer be included: its nonce is used or its era is over, at a finalized block. */
  async settled(signed: SignedExtrinsic): Promise<boolean> {
    return this.connection.call(async (link) => {
      const head = await this.connection.finalizedHead(link);
      return head.number >= signed.untilBlock || (await this.nonceAt(link, head.hash)) > signed.nonce;
    });
  }

  /** Stops waiting: submissions under way reject with ChainUnavailable, though they may still be included. */
  close(): void {
    const closed = new ChainUnavailable("the chain client was closed before the extrinsic was finalized");
    for (const stop of this.stops) stop();
    this.flights.close(closed);
    this.closing.abort(closed);
    for (const submission of [...this.pending]) this.end(submission, closed);
  }

  /** Waits as long as blocks are finalized; the extrinsic is looked for in each. */
  private async outcomeOf(submission: Submission, signal?: AbortSignal): Promise<readonly BlockEvent[]> {
    for (;;) {
      const before = this.blocks.last;
      const timeout = AbortSignal.timeout(this.settings.finalityTimeoutMs);
      try {
        return await abortable(submission.done, [timeout, signal, this.connection.closing]);
      } catch (error) {
        if (error !== timeout.reason) throw error;
        if (this.blocks.last !== before) continue;
        const seconds = this.settings.finalityTimeoutMs / 1000;
        throw new ChainUnavailable(
          `no block was finalized for ${seconds} s; the extrinsic may still be included until block ${submission.untilBlock}`,
        );
      }
    }
  }

  private async send(build: BuildExtrinsic, options: SubmitOptions): Promise<Submission> {
    for (let signings = 1; ; signings++) {
      const { submission, link } = await this.sign(build, options);
      try {
        await this.connection.once(link, () => link.send("author_submitExtrinsic", [submission.hex]));
        return submission;
      } catch (error) {
        // Without an answer it may have been taken: the finalized blocks will show it.
        if (!(error instanceof RpcRefusal)) return submission;
        const failure = readRefusal(error, this.signer.account);
        if (failure === "known") return submission;
        await this.nonces.release(submission.nonce);
        if (failure !== "nonce" || signings === MAX_SIGNINGS) {
          const lost = failure === "nonce" ? notTaken(error) : failure;
          this.end(submission, lost);
          throw lost;
        }
        this.nonces.forget();
        this.end(submission, []);
      }
    }
  }

  /** Signs with the account's next nonce, tells the submitter, and from then on looks for it in every block. */
  private async sign(build: BuildExtrinsic, options: SubmitOptions): Promise<{ submission: Submission; link: Link }> {
    const { link, head, next } = await this.connection.call(async (link) => {
      const head = await this.connection.finalizedHead(link);
      const next = this.nonces.unknown ? await link.send("system_accountNextIndex", [this.signer.account]) : undefined;
      return { link, head, next };
    }, options.signal);
    const nonce = await this.nonces.take(next === undefined ? undefined : Number(next));
    try {
      const { api } = link;
      const extrinsic = build(api);
      const era = api.registry.createType("ExtrinsicEra", { current: head.number, period: this.settings.eraBlocks });
      extrinsic.sign(this.signer.pair, {
        nonce,
        era,
        blockHash: head.hash,
        genesisHash: api.genesisHash,
        runtimeVersion: api.runtimeVersion,
      });
      const untilBlock = era.asMortalEra.death(head.number) - 1;
      await options.onSigned?.({ nonce, untilBlock });
      options.signal?.throwIfAborted();
      const submission = newSubmission(extrinsic.toHex(), nonce, untilBlock, head.number);
      await this.nonces.signed(nonce, submission);
      this.pending.add(submission);
      return { submission, link };
    } catch (error) {
      await this.nonces.release(nonce);
      throw error;
    }
  }

  private async look(block: FinalizedBlock): Promise<void> {
    if (this.pending.size === 0 && !(await this.nonces.others())) return;
    const extrinsics = this.pending.size === 0 ? [] : await block.extrinsics();
    for (const submission of [...this.pending]) {
      const position = extrinsics.indexOf(submission.hex);
      if (position < 0) continue;
      const outcome = await extrinsicOutcome(block, position);
      this.nonces.spent(submission.nonce);
      this.end(submission, outcome);
    }
    if (this.pending.size === 0 && !(await this.nonces.others())) return;
    const nonce = await this.connection.call((link) => this.nonceAt(link, block.hash));
    for (const submission of [...this.pending]) {
      if (submission.nonce < nonce) {
        this.nonces.spent(submission.nonce);
        this.nonces.forget();
        this.end(
          submission,
          new ExtrinsicLost(`another extrinsic of ${this.signer.account} used nonce ${submission.nonce}`),
        );
      } else if (block.number >= submission.untilBlock) {
        await this.nonces.release(submission.nonce);
        this.end(submission, new ExtrinsicLost(`it was not included until its era ended at block ${block.number}`));
      }
    }
    await this.resendLate(block.number);
    await this.lookAfterOthers(block.number, nonce);
  }

  /** What others have signed, who may have died, and nonces that nobody uses, on which everybody waits. */
  private async lookAfterOthers(number: number, nonce: number): Promise<void> {
    const due = await this.nonces.finalized(number, nonce, number - this.settings.resendAfterBlocks);
    for (const hex of due.resend) await this.connection.call((link) => resend(link, hex));
    if (!due.gap || this.fillingGap) return;
    this.fillingGap = true;
    // It does nothing but use the nonce. Should it fail, the next block shows the gap again.
    const filled = this.submit((api) => call(api, "system", "remark", ["0x"])).catch(() => undefined);
    void filled.finally(() => (this.fillingGap = false));
  }

  /** Looks into blocks that are too old to be delivered, since an extrinsic of ours may be in them. */
  private async lookBack(from: number, to: number): Promise<void> {
    for (let number = from; number <= to && this.pending.size > 0; number++)
      await this.look(await this.blocks.at(number));
  }

  private async resendLate(number: number): Promise<void> {
    const late = this.inOrder().filter(({ sentAt }) => number - sentAt >= this.settings.resendAfterBlocks);
    for (const submission of late) {
      submission.sentAt = number;
      await this.connection.call((link) => resend(link, submission.hex));
    }
  }

  /** The node of a new link may not know them. */
  private async resendAll(link: Link): Promise<void> {
    for (const submission of this.inOrder()) await resend(link, submission.hex).catch(() => undefined);
  }

  private inOrder(): Submission[] {
    return [...this.pending].sort((a, b) => a.nonce - b.nonce);
  }

  private end(submission: Submission, outcome: Error | readonly BlockEvent[]): void {
    this.pending.delete(submission);
    submission.settle(outcome);
  }

  private async nonceAt(link: Link, hash: string): Promise<number> {
    const info = await readStorage(link, "system", "account", [this.signer.account], hash);
    return info === undefined ? 0 : asNumber(field(info, "nonce"));
  }
}

function newSubmission(hex: string, nonce: number, untilBlock: number, sentAt: number): Submission {
  let settle: Submission["settle"] = () => undefined;
  const done = new Promise<readonly BlockEvent[]>((resolve, reject) => {
    settle = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
  });
  done.catch(() => undefined);
  return { hex, nonce, untilBlock, sentAt, done, settle };
}

/**
 * The extrinsic's events when it succeeded, else its refusal. It is certainly included, so a result that cannot be read
 * is an error of its own kind.
 */
export async function extrinsicOutcome(
  block: FinalizedBlock,
  position: number,
): Promise<Error | readonly BlockEvent[]> {
  try {
    const events = await block.events();
    return dispatchRefusal(events, position) ?? events.filter(({ extrinsic }) => extrinsic === position);
  } catch (error) {
    if (error instanceof ChainUnavailable) throw error;
    return new Error(`the extrinsic is in block ${block.number}, whose events cannot be read`, { cause: error });
  }
}

/** Sends the same bytes again. The node's answer does not matter: it may know them already, or have them in a block. */
async function resend(link: Link, hex: string): Promise<void> {
  await link.send("author_submitExtrinsic", [hex]).catch((error: unknown) => {
    if (!(error instanceof RpcRefusal)) throw asError(error);
  });
}

/**
 * What a node's refusal of freshly signed bytes means (codes of Substrate's author RPC): `known`: it has them already;
 * `nonce`: sign again with another one; else the error for the caller: nothing was sent.
 */
function readRefusal(refusal: RpcRefusal, account: string): "known" | "nonce" | Error {
  const ALREADY_IMPORTED = 1013;
  const PRIORITY_TOO_LOW = 1014;
  if (refusal.code === ALREADY_IMPORTED) return "known";
  if (refusal.code === PRIORITY_TOO_LOW) return "nonce";
  if (/outdated|stale|ancient birth|bad signature|BadProof/i.test(refusal.message)) return "nonce";
  if (/pay some fees|payment/i.test(refusal.message)) {
    return new FeesUnpaid(`${account} has too few tokens to pay the fee: ${refusal.message}`, { cause: refusal });
  }
  return notTaken(refusal);
}

/**
 * The same for bytes that somebody else has signed, whose nonce is not ours to choose; undefined where the node has them
 * already.
 */
export function refusalOf(refusal: RpcRefusal, account: string): Error | undefined {
  const failure = readRefusal(refusal, account);
  if (failure === "known") return undefined;
  return failure === "nonce" ? notTaken(refusal) : failure;
}

function asFlightError(error: unknown): Error {
  return error instanceof SemaphoreFull
    ? new ChainUnavailable(`${error.waiting} extrinsics wait to be signed already`, { cause: error })
    : asError(error);
}

function notTaken(refusal: RpcRefusal): ExtrinsicLost {
  return new ExtrinsicLost(`the node did not take the extrinsic: ${refusal.message}`, { cause: refusal });
}
