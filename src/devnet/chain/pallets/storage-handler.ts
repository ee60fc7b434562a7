import { AccountId, Balance, BlockNumber, H256, NAME_LIMIT, TerritoryName, type Spec } from "../cess-types.js";
import {
  constant,
  refuse,
  rootCall,
  signedCall,
  type Call,
  type Constant,
  type Context,
  type DispatchFailure,
  type Pallet,
} from "../pallet.js";
import { bool, tuple, u128, u32 } from "../scale/types.js";
import { PalletStorage } from "../storage.js";
import type { State } from "../state.js";
import type { Balances } from "./balances.js";
import {
  ConsignmentInfo,
  marketCalls,
  OrderId,
  OrderInfo,
  PalletId,
  STORAGE_ERRORS,
  STORAGE_EVENTS,
  TerritoryInfo,
  type StorageError,
  type TerritoryValue,
} from "./storage-handler-types.js";

const GIB = 1024n ** 3n;
const MIN_DAYS = 30;
const FROZEN_LIMIT = 2000;
/** A territory stays frozen for this many days; then its files are cleared. */
const FROZEN_DAYS = 7;
/** Territories that one block freezes or expires at most; the real limit is FROZEN_LIMIT for each deadline. */
const TASK_LIMIT = FROZEN_LIMIT;

/**
 * Territories: named space that an account has bought until a deadline, and how much of it is used. Consignment and pay
 * orders (a market between accounts) are in the metadata, but their calls are not served.
 */
export class StorageHandler implements Pallet {
  readonly name = "StorageHandler";
  readonly index = 107;
  readonly storage = new PalletStorage("StorageHandler");
  readonly territoryKey = this.storage.map("TerritoryKey", H256, tuple<[string, string]>(AccountId, TerritoryName));
  readonly territory = this.storage.doubleMap("Territory", AccountId, TerritoryName, TerritoryInfo);
  readonly consignment = this.storage.map("Consignment", H256, ConsignmentInfo);
  readonly frozen = this.storage.doubleMap("TerritoryFrozen", BlockNumber, H256, bool);
  readonly frozenCounter = this.storage.map("TerritoryFrozenCounter", BlockNumber, u32, 0);
  readonly expired = this.storage.doubleMap("TerritoryExpired", BlockNumber, H256, bool);
  readonly unitPrice = this.storage.value("UnitPrice", Balance);
  readonly totalIdleSpace = this.storage.value("TotalIdleSpace", u128, 0n);
  readonly totalServiceSpace = this.storage.value("TotalServiceSpace", u128, 0n);
  readonly purchasedSpace = this.storage.value("PurchasedSpace", u128, 0n);
  readonly payOrder = this.storage.map("PayOrder", OrderId, OrderInfo);
  readonly events = STORAGE_EVENTS;
  readonly errors: readonly string[];
  readonly constants: Readonly<Record<string, Constant>>;
  readonly calls: Readonly<Record<string, Call>>;
  private readonly frozenBlocks: number;

  constructor(
    readonly settings: { readonly spec: Spec; readonly dayBlocks: number },
    readonly balances: Balances,
  ) {
    const { spec, dayBlocks } = settings;
    this.frozenBlocks = FROZEN_DAYS * dayBlocks;
    this.errors = spec !== 100 ? [...STORAGE_ERRORS, "DuplicateName"] : STORAGE_ERRORS;
    this.constants = {
      OneDay: constant(u32, dayBlocks),
      OneHours: constant(u32, 600),
      RewardPalletId: constant(PalletId, Uint8Array.from(Buffer.from("rewardpt"))),
      StateStringMax: constant(u32, 20),
      NameLimit: constant(u32, NAME_LIMIT),
      FrozenLimit: constant(u32, FROZEN_LIMIT),
      ConsignmentRemainingBlock: constant(u32, dayBlocks),
      LockingBlock: constant(u32, 50),
      FrozenDays: constant(u32, this.frozenBlocks),
    };
    this.calls = { ...this.territoryCalls(), ...marketCalls, ...(spec !== 100 && this.laterCalls()) };
  }

  /** Free space of the territory. */
  remaining(state: State, owner: string, name: string): bigint {
    return this.of(state, owner, name).remainingSpace;
  }

  exists(state: State, owner: string, name: string): boolean {
    return this.territory.has(state, owner, name);
  }

  /** Whether files of this territory will be cleared: it is gone, or its frozen days are over. */
  isExpired(state: State, owner: string, name: string): boolean {
    const found = this.territory.get(state, owner, name);
    return found === undefined || found.state === "Expired";
  }

  /** Space of a deal that is under way. */
  lock(context: Context, owner: string, name: string, space: bigint): void {
    const found = this.active(context, owner, name);
    if (found.remainingSpace < space) throw this.refuse("InsufficientStorage");
    this.put(context, owner, name, {
      ...found,
      lockedSpace: found.lockedSpace + space,
      remainingSpace: found.remainingSpace - space,
    });
  }

  /** A deal has become a file. */
  useLocked(context: Context, owner: string, name: string, space: bigint): void {
    const found = this.of(context.state, owner, name);
    const lockedSpace = this.minus(found.lockedSpace, space);
    this.put(context, owner, name, { ...found, lockedSpace, usedSpace: found.usedSpace + space });
  }

  use(context: Context, owner: string, name: string, space: bigint): void {
    const found = this.active(context, owner, name);
    if (space > found.remainingSpace) throw this.refuse("InsufficientStorage");
    this.put(context, owner, name, {
      ...found,
      usedSpace: found.usedSpace + space,
      remainingSpace: found.remainingSpace - space,
    });
  }

  release(context: Context, owner: string, name: string, space: bigint): void {
    const found = this.of(context.state, owner, name);
    const usedSpace = this.minus(found.usedSpace, space);
    this.put(context, owner, name, { ...found, usedSpace, remainingSpace: found.remainingSpace + space });
  }

  addIdle(context: Context, space: bigint): void {
    this.totalIdleSpace.put(context.state, this.totalIdleSpace.get(context.state) + space);
  }

  /** Space of storage nodes that a new file has turned from idle into service. */
  idleToService(context: Context, space: bigint): void {
    this.totalIdleSpace.put(context.state, this.minus(this.totalIdleSpace.get(context.state), space));
    this.totalServiceSpace.put(context.state, this.totalServiceSpace.get(context.state) + space);
  }

  subService(context: Context, space: bigint): void {
    this.totalServiceSpace.put(context.state, this.minus(this.totalServiceSpace.get(context.state), space));
  }

  /**
   * Freezes the territories whose deadline is this block, and expires those that have been frozen long enough; gives
   * the latter, for their files to be cleared.
   */
  endTerritories(context: Context): [owner: string, name: string][] {
    const { state, block } = context;
    for (const [, token] of this.frozen.list(state, TASK_LIMIT, block)) {
      this.each(context, token, (found) => {
        if (found.state === "OnConsignment") this.consignment.remove(state, token);
        this.expired.put(state, true, found.deadline + this.frozenBlocks, token);
        return { ...found, state: "Frozen" };
      });
    }
    const ended: [string, string][] = [];
    for (const [, token] of this.expired.list(state, TASK_LIMIT, block)) {
      const key = this.each(context, token, (found) => {
        this.purchasedSpace.put(state, this.purchasedSpace.get(state) - found.totalSpace);
        // Spec 136 does not ask whether it was frozen.
        return found.state === "Frozen" || this.settings.spec === 136 ? { ...found, state: "Expired" } : found;
      });
      if (key !== undefined) ended.push(key);
    }
    return ended;
  }

  refuse(error: StorageError): DispatchFailure {
    return refuse(this, error);
  }

  private territoryCalls(): Record<string, Call> {
    return {
      mintTerritory: signedCall(
        0,
        { gibCount: u32, territoryName: TerritoryName, days: u32 },
        (context, signer, { gibCount, territoryName, days }) =>
          this.mint(context, signer, territoryName, gibCount, days),
      ),
      expandingTerritory: signedCall(
        1,
        { territoryName: TerritoryName, gibCount: u32 },
        (context, signer, { territoryName, gibCount }) => this.expand(context, signer, territoryName, gibCount),
      ),
      renewalTerritory: signedCall(
        2,
        { territoryName: TerritoryName, days: u32 },
        (context, signer, { territoryName, days }) => this.renew(context, signer, territoryName, days),
      ),
      reactivateTerritory: signedCall(
        101,
        { territoryName: TerritoryName, days: u32 },
        (context, signer, { territoryName, days }) => this.reactivate(context, signer, signer, territoryName, days),
      ),
    };
  }

  private laterCalls(): Record<string, Call> {
    return {
      defineUpdatePrice: rootCall(9, { price: u128 }),
      fixTerritorySpaceForReactivate: rootCall(10, { acc: AccountId, tname: TerritoryName }),
      ...(this.settings.spec === 133 && {
        otherReactivateTerritory: signedCall(
          120,
          { targetAcc: AccountId, territoryName: TerritoryName, days: u32 },
          (context, signer, { targetAcc, territoryName, days }) =>
            this.reactivate(context, signer, targetAcc, territoryName, days),
        ),
      }),
    };
  }

  private mint(context: Context, owner: string, name: string, gibCount: number, days: number): void {
    if (this.territory.has(context.state, owner, name)) throw this.refuse("PurchasedSpace");
    if (days < MIN_DAYS) throw this.refuse("BoundariesNotMet");
    const token = context.random();
    const space = GIB * BigInt(gibCount);
    const start = context.block;
    const deadline = this.later(start, days);
    this.put(context, owner, name, {
      token,
      totalSpace: space,
      usedSpace: 0n,
      lockedSpace: 0n,
      remainingSpace: space,
      start,
      deadline,
      state: "Active",
    });
    this.territoryKey.put(context.state, [owner, name], token);
    this.freezeAt(context, deadline, token);
    this.purchase(context, space);
    const spend = this.pay(context, owner, this.price(context.state, BigInt(gibCount), days));
    context.emit(this, "MintTerritory", { token, name, storageCapacity: space, spend });
  }

  private expand(context: Context, owner: string, name: string, gibCount: number): void {
    const found = this.active(context, owner, name);
    if (found.deadline < context.block) throw this.refuse("Overflow");
    const days = Math.ceil((found.deadline - context.block) / this.settings.dayBlocks);
    const price = this.price(context.state, BigInt(gibCount), days);
    const space = GIB * BigInt(gibCount);
    this.checkBalance(context, owner, price);
    this.purchase(context, space);
    this.put(context, owner, name, {
      ...found,
      totalSpace: found.totalSpace + space,
      remainingSpace: found.remainingSpace + space,
    });
    const spend = this.pay(context, owner, price);
    context.emit(this, "ExpansionTerritory", { name, expansionSpace: space, spend });
  }

  private renew(context: Context, owner: string, name: string, days: number): void {
    const { state, block } = context;
    const found = this.of(state, owner, name);
    if (found.state !== "Active" && found.state !== "Frozen") throw this.refuse("StateError");
    const spend = this.pay(context, owner, this.price(state, found.totalSpace / GIB, days));
    this.frozen.remove(state, found.deadline, found.token);
    const counter = this.frozenCounter.get(state, found.deadline);
    if (counter === 0) throw this.refuse("Overflow");
    this.frozenCounter.put(state, counter - 1, found.deadline);
    this.expired.remove(state, found.deadline + this.frozenBlocks, found.token);
    const late = block > found.deadline;
    const deadline = this.later(late ? block : found.deadline, days);
    this.put(context, owner, name, {
      ...found,
      start: late ? block : found.start,
      deadline,
      state: deadline > block ? "Active" : found.state,
    });
    this.freezeAt(context, deadline, found.token);
    context.emit(this, "RenewalTerritory", { name, days, spend });
  }

  /** Spec 100 leaves the territory without remaining space, and so of no use; 133 fixed that. */
  private reactivate(context: Context, payer: string, owner: string, name: string, days: number): void {
    const found = this.of(context.state, owner, name);
    if (found.state !== "Expired") throw this.refuse("NotExpire");
    const perMonth = this.currentUnitPrice(context.state) / 30n;
    const spend = this.pay(context, payer, perMonth * BigInt(days) * (found.totalSpace / GIB));
    this.purchase(context, found.totalSpace);
    const deadline = this.later(context.block, days);
    const remainingSpace = this.settings.spec === 100 ? 0n : found.totalSpace;
    this.put(context, owner, name, {
      ...found,
      state: "Active",
      remainingSpace,
      lockedSpace: 0n,
      usedSpace: 0n,
      start: context.block,
      deadline,
    });
    this.freezeAt(context, deadline, found.token);
    context.emit(this, "ReactivateTerritory", { name, days, spend });
  }

  /** UnitPrice buys a GiB for 30 days at spec 100, for one day since 133. */
  private price(state: State, gibCount: bigint, days: number): bigint {
    const unit = this.currentUnitPrice(state);
    return gibCount * BigInt(days) * (this.settings.spec === 100 ? unit / 30n : unit);
  }

  private currentUnitPrice(state: State): bigint {
    const price = this.unitPrice.get(state);
    if (price === undefined) throw this.refuse("BugInvalid");
    return price;
  }

  private checkBalance(context: Context, payer: string, price: bigint): void {
    if (this.balances.free(context.state, payer) < price) throw this.refuse("InsufficientBalance");
  }

  private pay(context: Context, payer: string, price: bigint): bigint {
    this.checkBalance(context, payer, price);
    if (price > 0n) this.balances.burn(context, payer, price);
    return price;
  }

  /** No more can be sold than storage nodes offer. */
  private purchase(context: Context, space: bigint): void {
    const { state } = context;
    const purchased = this.purchasedSpace.get(state) + space;
    if (purchased > this.totalIdleSpace.get(state) + this.totalServiceSpace.get(state))
      throw this.refuse("InsufficientAvailableSpace");
    this.purchasedSpace.put(state, purchased);
  }

  private freezeAt(context: Context, deadline: number, token: string): void {
    this.frozen.put(context.state, true, deadline, token);
    const counter = this.frozenCounter.get(context.state, deadline) + 1;
    if (counter >= FROZEN_LIMIT) throw this.refuse("Overflow");
    this.frozenCounter.put(context.state, counter, deadline);
  }

  private later(from: number, days: number): number {
    const block = from + days * this.settings.dayBlocks;
    if (block >= 2 ** 32) throw this.refuse("Overflow");
    return block;
  }

  /** Changes the territory of a token; returns its key, or undefined when the token has none. */
  private each(
    context: Context,
    token: string,
    change: (found: TerritoryValue) => TerritoryValue,
  ): [string, string] | undefined {
    const key = this.territoryKey.get(context.state, token);
    const found = key && this.territory.get(context.state, ...key);
    if (key !== undefined && found !== undefined) this.put(context, ...key, change(found));
    return key;
  }

  private of(state: State, owner: string, name: string): TerritoryValue {
    const found = this.territory.get(state, owner, name);
    if (found === undefined) throw this.refuse("NotHaveTerritory");
    return found;
  }

  private active(context: Context, owner: string, name: string): TerritoryValue {
    const found = this.of(context.state, owner, name);
    if (found.state !== "Active") throw this.refuse("NotActive");
    return found;
  }

  private minus(from: bigint, amount: bigint): bigint {
    if (amount > from) throw this.refuse("Overflow");
    return from - amount;
  }

  private put(context: Context, owner: string, name: string, value: TerritoryValue): void {
    this.territory.put(context.state, value, owner, name);
  }
}
