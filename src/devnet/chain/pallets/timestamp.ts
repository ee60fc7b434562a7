import { constant, DispatchFailure, type Call, type Pallet } from "../pallet.js";
import { bool, compact, u64 } from "../scale/types.js";
import { PalletStorage } from "../storage.js";

/** The time, in ms since 1970, set by an inherent at the head of every block. */
export class Timestamp implements Pallet {
  readonly name = "Timestamp";
  readonly index = 3;
  readonly storage = new PalletStorage("Timestamp");
  readonly now = this.storage.value("Now", u64, 0n);
  readonly didUpdate = this.storage.value("DidUpdate", bool, false);
  readonly calls: Readonly<Record<string, Call>> = {
    set: {
      index: 0,
      args: { now: compact(u64) },
      run: (context, origin, { now }) => {
        if (origin.kind !== "none") throw new DispatchFailure({ kind: "BadOrigin" });
        this.now.put(context.state, now as bigint);
      },
    },
  };
  readonly constants;

  constructor(blockMs: number) {
    this.constants = { MinimumPeriod: constant(u64, BigInt(Math.floor(blockMs / 2))) };
  }
}

/**
 * The consensus pallet, of which only the constants are here: polkadot.js computes an extrinsic's lifetime from them.
 */
export class Babe implements Pallet {
  readonly name = "Babe";
  readonly index = 2;
  readonly constants;

  constructor(blockMs: number) {
    this.constants = { EpochDuration: constant(u64, 600n), ExpectedBlockTime: constant(u64, BigInt(blockMs)) };
  }
}
