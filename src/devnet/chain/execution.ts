import { blake2AsU8a } from "@polkadot/util-crypto";
import type { DispatchErrorValue } from "./cess-types.js";
import type { SignedExtrinsic } from "./extrinsic.js";
import { DispatchFailure, type CallValue, type Context, type Origin, type Pallet } from "./pallet.js";
import type { System } from "./pallets/system.js";
import type { TransactionPayment } from "./pallets/transaction-payment.js";
import type { Logger } from "./logger.js";
import type { EventRecord, RuntimeTypes } from "./runtime-types.js";
import { toHex, Writer } from "./scale/bytes.js";
import { Overlay, type Changes, type State, type WritableState } from "./state.js";

/** Weights are not computed: every extrinsic reports this one. */
const DISPATCH_INFO = { weight: { refTime: 100_000_000n, proofSize: 0n }, class: "Normal", paysFee: "Yes" };
/** Calls within calls within a batch; the real runtime decodes up to 256 levels. */
const MAX_CALL_DEPTH = 32;

/** What executing a block needs of the runtime. */
export interface ExecutionRuntime {
  readonly components: { readonly logger: Logger };
  readonly system: System;
  readonly payment: TransactionPayment;
  readonly types: RuntimeTypes;
}

/** One block while it is built: an overlay on its parent's state, to which extrinsics are applied one after another. */
export class BlockExecution {
  /** Encoded, in order; the timestamp comes first. */
  readonly extrinsics: Uint8Array[] = [];
  readonly events: EventRecord[] = [];
  readonly context: Context;
  private readonly overlay: Overlay;
  private draws = 0;

  constructor(
    readonly runtime: ExecutionRuntime,
    below: State,
    readonly number: number,
  ) {
    this.overlay = new Overlay(below);
    this.context = this.contextOf(this.overlay, 0, false);
  }

  get state(): State {
    return this.overlay;
  }

  get changes(): Changes {
    return this.overlay.changes;
  }

  /** Applies a call of the author's. If it fails, the dev chain has a bug. */
  applyInherent(call: CallValue, bytes: Uint8Array): void {
    const error = this.dispatch(this.extrinsicContext(), call, { kind: "none" }, 0);
    if (error !== undefined) throw new Error(`the inherent ${call.pallet.name}.${call.name} failed: ${error.kind}`);
    this.extrinsicContext().emit(this.runtime.system, "ExtrinsicSuccess", {
      dispatchInfo: { ...DISPATCH_INFO, class: "Mandatory" },
    });
    this.extrinsics.push(bytes);
  }

  /**
   * Applies a validated extrinsic. Fee and nonce are kept also when the call is refused; nothing else of it is then.
   */
  apply(extrinsic: SignedExtrinsic): void {
    const context = this.extrinsicContext();
    const { system, payment } = this.runtime;
    const fee = payment.fee(extrinsic.bytes.length);
    system.countNonce(context.state, extrinsic.signer);
    payment.charge(context, extrinsic.signer, fee, extrinsic.tip);
    const dispatchError = this.dispatch(context, extrinsic.call, { kind: "signed", account: extrinsic.signer }, 0);
    payment.paid(context, extrinsic.signer, fee, extrinsic.tip);
    if (dispatchError === undefined) context.emit(system, "ExtrinsicSuccess", { dispatchInfo: DISPATCH_INFO });
    else context.emit(system, "ExtrinsicFailed", { dispatchError, dispatchInfo: DISPATCH_INFO });
    this.extrinsics.push(extrinsic.bytes);
  }

  /** Writes the events and returns the block's changes. */
  finish(): Changes {
    const { system, types } = this.runtime;
    const events = new Writer().compact(this.events.length);
    for (const record of this.events) events.bytes(types.encodeEvent(record));
    this.overlay.set(system.recorded.key, events.take());
    system.eventCount.put(this.overlay, this.events.length);
    return this.overlay.changes;
  }

  private extrinsicContext(): Context {
    return this.contextOf(this.overlay, 0, true);
  }

  /** Runs a call in an overlay of its own; when it fails, its writes and events are forgotten. */
  private dispatch(outer: Context, call: CallValue, origin: Origin, depth: number): DispatchErrorValue | undefined {
    if (depth >= MAX_CALL_DEPTH) return { kind: "Exhausted" };
    const overlay = new Overlay(outer.state);
    const eventsBefore = this.events.length;
    try {
      call.pallet.calls?.[call.name]?.run(this.contextOf(overlay, depth, true), origin, call.args);
    } catch (error) {
      this.events.length = eventsBefore;
      if (error instanceof DispatchFailure) return error.error;
      // A bug of the dev chain. It must not keep the chain from building blocks, so the call fails and the error is
      // logged.
      this.runtime.components.logger.error(
        { err: error, call: `${call.pallet.name}.${call.name}` },
        "a dev chain call failed unexpectedly",
      );
      return { kind: "Corruption" };
    }
    overlay.apply(outer.state);
    return undefined;
  }

  private contextOf(state: WritableState, depth: number, inExtrinsic: boolean): Context {
    const extrinsic = inExtrinsic ? this.extrinsics.length : undefined;
    const context: Context = {
      state,
      block: this.number,
      random: () => this.random(),
      emit: (pallet: Pallet, event, value) => void this.events.push({ extrinsic, pallet, event, value }),
      dispatch: (call, origin) => this.dispatch(context, call, origin, depth + 1),
    };
    return context;
  }

  /** Derived from the parent's hash, so that a block that is built twice is the same. */
  private random(): string {
    this.draws += 1;
    return toHex(blake2AsU8a(`${this.runtime.system.parentHash.get(this.state)}/${this.draws}`, 256));
  }
}
