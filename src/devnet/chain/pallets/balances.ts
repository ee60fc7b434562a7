import { AccountId, Balance, MultiAddress } from "../cess-types.js";
import {
  constant,
  DispatchFailure,
  refuse,
  rootCall,
  signedCall,
  type Call,
  type Context,
  type Pallet,
} from "../pallet.js";
import { bool, compact, u128, type Value } from "../scale/types.js";
import { PalletStorage } from "../storage.js";
import type { State } from "../state.js";
import type { AccountInfoValue, System } from "./system.js";

/** One token in its smallest units. */
export const TOKEN = 10n ** 18n;
/** An account below this is removed with what is left in it. */
export const EXISTENTIAL_DEPOSIT = TOKEN;

/** Tokens: free and reserved balance of each account, kept in System.Account as the real runtime does. */
export class Balances implements Pallet {
  readonly name = "Balances";
  readonly index = 6;
  readonly storage = new PalletStorage("Balances");
  readonly totalIssuance = this.storage.value("TotalIssuance", Balance, 0n);
  readonly inactiveIssuance = this.storage.value("InactiveIssuance", Balance, 0n);
  readonly constants = { ExistentialDeposit: constant(u128, EXISTENTIAL_DEPOSIT) };
  readonly events = {
    Endowed: { account: AccountId, freeBalance: Balance },
    DustLost: { account: AccountId, amount: Balance },
    Transfer: { from: AccountId, to: AccountId, amount: Balance },
    BalanceSet: { who: AccountId, free: Balance },
    Reserved: { who: AccountId, amount: Balance },
    Unreserved: { who: AccountId, amount: Balance },
    ReserveRepatriated: { from: AccountId, to: AccountId, amount: Balance, destinationStatus: bool },
    Deposit: { who: AccountId, amount: Balance },
    Withdraw: { who: AccountId, amount: Balance },
  };
  readonly errors = [
    "VestingBalance",
    "LiquidityRestrictions",
    "InsufficientBalance",
    "ExistentialDeposit",
    "Expendability",
    "ExistingVestingSchedule",
    "DeadAccount",
    "TooManyReserves",
    "TooManyHolds",
    "TooManyFreezes",
    "IssuanceDeactivated",
    "DeltaZero",
  ];
  readonly calls: Readonly<Record<string, Call>> = {
    transferAllowDeath: signedCall(
      0,
      { dest: MultiAddress, value: compact(u128) },
      (context, signer, { dest, value }) => this.transfer(context, signer, accountOf(dest), value, false),
    ),
    forceTransfer: rootCall(2, { source: MultiAddress, dest: MultiAddress, value: compact(u128) }),
    transferKeepAlive: signedCall(3, { dest: MultiAddress, value: compact(u128) }, (context, signer, { dest, value }) =>
      this.transfer(context, signer, accountOf(dest), value, true),
    ),
    transferAll: signedCall(4, { dest: MultiAddress, keepAlive: bool }, (context, signer, { dest, keepAlive }) => {
      const kept = keepAlive ? EXISTENTIAL_DEPOSIT : 0n;
      this.transfer(context, signer, accountOf(dest), this.free(context.state, signer) - kept, keepAlive);
    }),
    forceSetBalance: rootCall(8, { who: MultiAddress, newFree: compact(u128) }),
  };

  constructor(readonly system: System) {}

  free(state: State, account: string): bigint {
    return this.system.account.get(state, account).data.free;
  }

  /** Creates tokens: at genesis, and by the dev network's faucet. */
  mint(context: Context, account: string, amount: bigint): void {
    this.totalIssuance.put(context.state, this.totalIssuance.get(context.state) + amount);
    this.add(context, account, amount);
  }

  /** Burns tokens: fees and prices, which the real runtime sends to treasuries. */
  burn(context: Context, account: string, amount: bigint): void {
    this.take(context, account, amount, true);
    this.totalIssuance.put(context.state, this.totalIssuance.get(context.state) - amount);
    context.emit(this, "Withdraw", { who: account, amount });
  }

  transfer(context: Context, from: string, to: string, amount: bigint, keepAlive: boolean): void {
    if (amount > this.free(context.state, from))
      throw new DispatchFailure({ kind: "Token", value: "FundsUnavailable" });
    const exists = this.free(context.state, to) > 0n;
    if (!exists && amount < EXISTENTIAL_DEPOSIT) throw new DispatchFailure({ kind: "Token", value: "BelowMinimum" });
    if (from !== to) {
      this.take(context, from, amount, keepAlive);
      this.add(context, to, amount);
    }
    context.emit(this, "Transfer", { from, to, amount });
  }

  /** Sets `amount` of the free balance aside. */
  reserve(context: Context, account: string, amount: bigint): void {
    const info = this.system.account.get(context.state, account);
    if (info.data.free - amount < EXISTENTIAL_DEPOSIT) throw refuse(this, "InsufficientBalance");
    const data = { ...info.data, free: info.data.free - amount, reserved: info.data.reserved + amount };
    this.system.account.put(context.state, { ...info, data }, account);
    context.emit(this, "Reserved", { who: account, amount });
  }

  /** Gives back at most `amount` of what was set aside. */
  unreserve(context: Context, account: string, amount: bigint): void {
    const info = this.system.account.get(context.state, account);
    const back = amount < info.data.reserved ? amount : info.data.reserved;
    const data = { ...info.data, free: info.data.free + back, reserved: info.data.reserved - back };
    this.system.account.put(context.state, { ...info, data }, account);
    context.emit(this, "Unreserved", { who: account, amount: back });
  }

  private add(context: Context, account: string, amount: bigint): void {
    const info = this.system.account.get(context.state, account);
    const born = info.data.free + info.data.reserved === 0n;
    const free = info.data.free + amount;
    this.put(context, account, { ...info, providers: 1, data: { ...info.data, free } });
    if (!born) return;
    context.emit(this.system, "NewAccount", { account });
    context.emit(this, "Endowed", { account, freeBalance: free });
  }

  private take(context: Context, account: string, amount: bigint, keepAlive: boolean): void {
    const info = this.system.account.get(context.state, account);
    const free = info.data.free - amount;
    if (free < 0n) throw new DispatchFailure({ kind: "Token", value: "FundsUnavailable" });
    const alive = free >= EXISTENTIAL_DEPOSIT;
    if (!alive && (keepAlive || info.data.reserved > 0n))
      throw new DispatchFailure({ kind: "Token", value: "NotExpendable" });
    this.put(context, account, { ...info, data: { ...info.data, free } });
    if (alive) return;
    this.totalIssuance.put(context.state, this.totalIssuance.get(context.state) - free);
    this.system.account.remove(context.state, account);
    if (free > 0n) context.emit(this, "DustLost", { account, amount: free });
    context.emit(this.system, "KilledAccount", { account });
  }

  private put(context: Context, account: string, info: AccountInfoValue): void {
    this.system.account.put(context.state, info, account);
  }
}

function accountOf(address: Value<typeof MultiAddress>): string {
  if (address.kind === "Id") return address.value;
  throw new DispatchFailure({ kind: "CannotLookup" });
}
