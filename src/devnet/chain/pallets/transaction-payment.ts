import { AccountId, Balance, Weight } from "../cess-types.js";
import { constant, type Context, type Pallet } from "../pallet.js";
import { encode, fields, names, newtype, option, u128, u8 } from "../scale/types.js";
import { PalletStorage } from "../storage.js";
import type { State } from "../state.js";
import { EXISTENTIAL_DEPOSIT, type Balances } from "./balances.js";

/** Fees as seen on the real runtime: a base fee, and a ten-thousandth of a token for each byte. */
const FEE_PER_BYTE = 10n ** 14n;
const BASE_FEE = 10n ** 12n;

const RuntimeDispatchInfo = fields({
  weight: Weight,
  class: names("DispatchClass", "Normal", "Operational", "Mandatory"),
  partialFee: u128,
});
const FeeDetails = fields({
  inclusionFee: option(fields({ baseFee: u128, lenFee: u128, adjustedWeightFee: u128 })),
  tip: u128,
});

export class TransactionPayment implements Pallet {
  readonly name = "TransactionPayment";
  readonly index = 7;
  readonly storage = new PalletStorage("TransactionPayment");
  readonly nextFeeMultiplier = this.storage.value(
    "NextFeeMultiplier",
    newtype("sp_arithmetic::fixed_point::FixedU128", u128),
    10n ** 18n,
  );
  readonly events = { TransactionFeePaid: { who: AccountId, actualFee: Balance, tip: Balance } };
  readonly constants = { OperationalFeeMultiplier: constant(u8, 5) };

  constructor(readonly balances: Balances) {}

  /** The fee of an extrinsic of `length` bytes, in the token's smallest units, without tip. */
  fee(length: number): bigint {
    return BASE_FEE + FEE_PER_BYTE * BigInt(length);
  }

  /** What `TransactionPaymentApi_query_info` answers for an extrinsic of `length` bytes. */
  info(length: number): Uint8Array {
    return encode(RuntimeDispatchInfo, {
      weight: { refTime: 0n, proofSize: 0n },
      class: "Normal",
      partialFee: this.fee(length),
    });
  }

  /** What `TransactionPaymentApi_query_fee_details` answers. */
  details(length: number): Uint8Array {
    const fee = { baseFee: BASE_FEE, lenFee: this.fee(length) - BASE_FEE, adjustedWeightFee: 0n };
    return encode(FeeDetails, { inclusionFee: fee, tip: 0n });
  }

  /** Paying may not end the account. */
  canPay(state: State, account: string, amount: bigint): boolean {
    return this.balances.free(state, account) - amount >= EXISTENTIAL_DEPOSIT;
  }

  charge(context: Context, account: string, fee: bigint, tip: bigint): void {
    this.balances.burn(context, account, fee + tip);
  }

  /** Emits the fee's event after the call, as the real runtime does. */
  paid(context: Context, account: string, fee: bigint, tip: bigint): void {
    context.emit(this, "TransactionFeePaid", { who: account, actualFee: fee + tip, tip });
  }
}
