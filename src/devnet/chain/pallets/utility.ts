import { DispatchError } from "../cess-types.js";
import {
  constant,
  DispatchFailure,
  refuse,
  type Call,
  type CallValue,
  type Context,
  type Origin,
  type Pallet,
} from "../pallet.js";
import { lazy, u32, vec, type Type } from "../scale/types.js";

/** Calls one batch may hold; the real runtime's limit follows from its memory and is near this. */
const BATCHED_CALLS_LIMIT = 3640;

/** Several calls in one extrinsic: until one fails, all or nothing, or each for itself. */
export class Utility implements Pallet {
  readonly name = "Utility";
  readonly index = 1;
  readonly events = {
    BatchInterrupted: { index: u32, error: DispatchError },
    BatchCompleted: {},
    BatchCompletedWithErrors: {},
    ItemCompleted: {},
    ItemFailed: { error: DispatchError },
  };
  readonly errors = ["TooManyCalls"];
  readonly constants = { batched_calls_limit: constant(u32, BATCHED_CALLS_LIMIT) };
  readonly calls: Readonly<Record<string, Call>>;

  /** `call` is known only when all pallets are: a batch holds calls of every one of them. */
  constructor(call: () => Type<CallValue>) {
    const args = { calls: vec(lazy(call)) };
    const batch = (index: number, run: (context: Context, origin: Origin, calls: CallValue[]) => void): Call => ({
      index,
      args,
      run: (context, origin, { calls }) => {
        if (origin.kind === "none") throw new DispatchFailure({ kind: "BadOrigin" });
        if ((calls as CallValue[]).length > BATCHED_CALLS_LIMIT) throw refuse(this, "TooManyCalls");
        run(context, origin, calls as CallValue[]);
      },
    });
    this.calls = {
      batch: batch(0, (...given) => this.untilFailure(...given)),
      batchAll: batch(2, (...given) => this.allOrNothing(...given)),
      forceBatch: batch(4, (...given) => this.eachForItself(...given)),
    };
  }

  private untilFailure(context: Context, origin: Origin, calls: CallValue[]): void {
    for (const [index, call] of calls.entries()) {
      const error = context.dispatch(call, origin);
      if (error !== undefined) {
        context.emit(this, "BatchInterrupted", { index, error });
        return;
      }
      context.emit(this, "ItemCompleted", {});
    }
    context.emit(this, "BatchCompleted", {});
  }

  private allOrNothing(context: Context, origin: Origin, calls: CallValue[]): void {
    for (const call of calls) {
      const error = context.dispatch(call, origin);
      if (error !== undefined) throw new DispatchFailure(error);
      context.emit(this, "ItemCompleted", {});
    }
    context.emit(this, "BatchCompleted", {});
  }

  private eachForItself(context: Context, origin: Origin, calls: CallValue[]): void {
    let failed = false;
    for (const call of calls) {
      const error = context.dispatch(call, origin);
      failed ||= error !== undefined;
      context.emit(this, error === undefined ? "ItemCompleted" : "ItemFailed", error === undefined ? {} : { error });
    }
    context.emit(this, failed ? "BatchCompletedWithErrors" : "BatchCompleted", {});
  }
}
