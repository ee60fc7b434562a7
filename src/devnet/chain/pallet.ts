import type { DispatchErrorValue } from "./cess-types.js";
import type { Fields, Type, Values } from "./scale/types.js";
import type { PalletStorage } from "./storage.js";
import type { WritableState } from "./state.js";

/** Who calls. `none` signs inherents; `root` is never reached from outside, as the dev chain has no sudo. */
export type Origin = { readonly kind: "signed"; readonly account: string } | { readonly kind: "none" | "root" };

/** What a call or hook may use of the block being built. */
export interface Context {
  readonly state: WritableState;
  readonly block: number;
  /** 32 bytes that differ for every call. The real runtime takes them from the author's VRF. */
  random(): string;
  emit(pallet: Pallet, event: string, value: Record<string, unknown>): void;
  /** Runs a call inside this one, as `origin`, in an overlay of its own; the error it ended with, if any. */
  dispatch(call: CallValue, origin: Origin): DispatchErrorValue | undefined;
}

/** A decoded call. */
export interface CallValue {
  readonly pallet: Pallet;
  readonly name: string;
  readonly args: Record<string, unknown>;
}

export interface Call {
  readonly index: number;
  readonly args: Fields;
  /** Throws DispatchFailure to refuse; its writes are then discarded. */
  run(context: Context, origin: Origin, args: Record<string, unknown>): void;
}

export interface Constant {
  readonly type: Type<unknown>;
  readonly value: unknown;
}

/** One pallet: its metadata and its calls. */
export interface Pallet {
  readonly name: string;
  readonly index: number;
  readonly storage?: PalletStorage;
  readonly calls?: Readonly<Record<string, Call>>;
  /** By name in index order, or with indices of their own. */
  readonly events?: Readonly<Record<string, Fields>>;
  /** In index order. */
  readonly errors?: readonly string[];
  readonly constants?: Readonly<Record<string, Constant>>;
  /** Before the block's extrinsics. */
  initialize?(context: Context): void;
}

/** A call for any signed account: `run` gets the signer's account. */
export function signedCall<F extends Fields>(
  index: number,
  args: F,
  run: (context: Context, signer: string, args: Values<F>) => void,
): Call {
  return {
    index,
    args,
    run(context, origin, values) {
      if (origin.kind !== "signed") throw new DispatchFailure({ kind: "BadOrigin" });
      run(context, origin.account, values as Values<F>);
    },
  };
}

/** A call for root alone, which no caller is here. */
export function rootCall(index: number, args: Fields): Call {
  return {
    index,
    args,
    run() {
      throw new DispatchFailure({ kind: "BadOrigin" });
    },
  };
}

/**
 * A call that is in the metadata, so that tools see the real shape, but is not implemented, mostly because it needs a
 * TEE.
 */
export function unservedCall(index: number, args: Fields): Call {
  return {
    index,
    args,
    run() {
      throw new DispatchFailure({ kind: "Unavailable" });
    },
  };
}

export function constant<T>(type: Type<T>, value: T): Constant {
  return { type, value };
}

/** A refused call, with what the chain records as its reason. */
export class DispatchFailure extends Error {
  constructor(readonly error: DispatchErrorValue) {
    super(`dispatch failed: ${error.kind}`);
    this.name = "DispatchFailure";
  }
}

/** A refusal by one of the pallet's own errors. */
export function refuse(pallet: Pallet, error: string): DispatchFailure {
  const index = pallet.errors?.indexOf(error) ?? -1;
  if (index < 0) throw new Error(`${pallet.name} has no error ${error}`);
  return new DispatchFailure({ kind: "Module", value: { index: pallet.index, error: Uint8Array.of(index, 0, 0, 0) } });
}
