import { blake2AsU8a } from "@polkadot/util-crypto";
import { AccountId, TerritoryName, type Spec } from "../cess-types.js";
import { signedCall, type Call, type Context, type DispatchFailure, type Pallet } from "../pallet.js";
import { fromLatin1, u32, type Value } from "../scale/types.js";
import type { State, WritableState } from "../state.js";
import type { Balances } from "./balances.js";
import { OrderId, OrderType, type OrderInfo, type StorageError, type TerritoryValue } from "./storage-handler-types.js";

const GIB = 1024n ** 3n;
/** The real runtime counts ten seconds for a block here, and takes orders for less than an hour. */
const BLOCKS_PER_MINUTE = 6;
const HOUR_BLOCKS = 600;

type Order = Value<typeof OrderInfo>;
type Asked = Pick<Order, "targetAcc" | "territoryName" | "orderType" | "gibCount" | "days">;

/** What orders need of the pallet of territories. */
interface OrderedSpace extends Pallet {
  readonly settings: { readonly spec: Spec };
  readonly balances: Pick<Balances, "burn">;
  readonly payOrder: {
    get(state: State, id: string): Order | undefined;
    put(state: WritableState, order: Order, id: string): void;
  };
  refuse(error: StorageError): DispatchFailure;
  currentUnitPrice(state: State): bigint;
  exists(state: State, owner: string, name: string): boolean;
  of(state: State, owner: string, name: string): TerritoryValue;
  daysLeft(context: Context, territory: TerritoryValue): number;
  store(context: Context, owner: string, name: string, gibCount: number, days: number): unknown;
  enlarge(context: Context, owner: string, name: string, gibCount: number): unknown;
  extend(context: Context, owner: string, name: string, days: number): void;
}

/** Orders for another account: whoever executes one pays it. All runtimes take the unit price for a day's here. */
export function orderCalls(space: OrderedSpace): Record<string, Call> {
  const args = { targetAcc: AccountId, territoryName: TerritoryName, orderType: OrderType, gibCount: u32, days: u32 };
  return {
    createOrder: signedCall(6, { ...args, expired: u32 }, (context, signer, { expired: minutes, ...asked }) => {
      if (minutes * BLOCKS_PER_MINUTE >= HOUR_BLOCKS) throw space.refuse("ParamError");
      const id = idOf(space, context, signer);
      const expired = context.block + minutes * BLOCKS_PER_MINUTE;
      space.payOrder.put(context.state, { ...asked, pay: priceOf(space, context, asked), expired }, id);
      context.emit(space, "CreatePayOrder", { orderHash: id });
    }),
    execOrder: signedCall(7, { orderId: OrderId }, (context, payer, { orderId }) => {
      const order = space.payOrder.get(context.state, orderId);
      if (order === undefined) throw space.refuse("NoOrder");
      if (order.expired <= context.block) throw space.refuse("OrderExpired");
      if (order.orderType !== "Buy" && priceOf(space, context, order) !== order.pay) throw space.refuse("InvalidOrder");
      execute(space, context, order);
      if (order.pay > 0n) space.balances.burn(context, payer, order.pay);
      context.emit(space, "PaidOrder", { orderHash: orderId });
    }),
  };
}

/** Only 133 tells the orders of one block apart, by who makes them: elsewhere a later one takes the place of the first. */
function idOf(space: OrderedSpace, { block }: Context, signer: string): string {
  const seed = space.settings.spec === 133 ? `${block}/${signer}` : String(block);
  return fromLatin1(blake2AsU8a(`order ${seed}`, 256));
}

function priceOf(space: OrderedSpace, context: Context, { targetAcc, territoryName, ...asked }: Asked): bigint {
  const unit = space.currentUnitPrice(context.state);
  if (asked.orderType === "Buy") {
    if (space.exists(context.state, targetAcc, territoryName)) throw space.refuse("PurchasedSpace");
    return unit * BigInt(asked.gibCount) * BigInt(asked.days);
  }
  const found = space.of(context.state, targetAcc, territoryName);
  if (asked.orderType === "Renewal") return unit * (found.totalSpace / GIB) * BigInt(asked.days);
  return unit * BigInt(asked.gibCount) * BigInt(space.daysLeft(context, found));
}

/** As in the real runtime, nothing is asked of the territory's state. */
function execute(space: OrderedSpace, context: Context, order: Order): void {
  const { targetAcc, territoryName, orderType, gibCount, days } = order;
  switch (orderType) {
    case "Buy":
      if (space.exists(context.state, targetAcc, territoryName)) throw space.refuse("PurchasedSpace");
      space.store(context, targetAcc, territoryName, gibCount, days);
      return;
    case "Expansion":
      space.enlarge(context, targetAcc, territoryName, gibCount);
      return;
    case "Renewal":
      space.extend(context, targetAcc, territoryName, days);
  }
}
