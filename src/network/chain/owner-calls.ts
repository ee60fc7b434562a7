import type { ApiPromise } from "@polkadot/api";
import type { SubmittableExtrinsic } from "@polkadot/api/types";
import { asBigInt, hashArgument, textArgument } from "./codec.js";
import { call } from "./extrinsics.js";
import type { BlockEvent } from "./finalized-blocks.js";
import type { OwnerCall } from "./territory-chain.js";

/** The pallets' names of the calls. */
export const OWNER_CALL_NAMES: Readonly<Record<OwnerCall["kind"], string>> = {
  buy: "storageHandler.mintTerritory",
  expand: "storageHandler.expandingTerritory",
  renew: "storageHandler.renewalTerritory",
  reactivate: "storageHandler.reactivateTerritory",
  order: "storageHandler.createOrder",
  "pay-order": "storageHandler.execOrder",
  move: "fileBank.territoryFileDelivery",
  authorize: "oss.authorize",
  revoke: "oss.cancelAuthorize",
};

/** For so long an order can be executed: the most that the chain takes. */
const ORDER_MINUTES = 99;

/** The call in the shape of the node's metadata. Throws ChainUnavailable where the runtime lacks it. */
export function ownerExtrinsic(api: ApiPromise, asked: OwnerCall): SubmittableExtrinsic<"promise"> {
  const [pallet = "", name = ""] = OWNER_CALL_NAMES[asked.kind].split(".");
  return call(api, pallet, name, argumentsOf(asked));
}

/** One extrinsic with these calls, at least one; several are a batch, of which each succeeds or is refused by itself. */
export function ownerExtrinsics(api: ApiPromise, asked: readonly OwnerCall[]): SubmittableExtrinsic<"promise"> {
  const [first, ...others] = asked.map((each) => ownerExtrinsic(api, each));
  if (first === undefined) throw new RangeError("there is no call");
  return others.length === 0
    ? first
    : call(api, "utility", "forceBatch", [[first, ...others].map(({ method }) => method)]);
}

function argumentsOf(asked: OwnerCall): readonly unknown[] {
  switch (asked.kind) {
    case "buy":
      return [asked.gib, textArgument(asked.territory), asked.days];
    case "expand":
      return [textArgument(asked.territory), asked.gib];
    case "renew":
    case "reactivate":
      return [textArgument(asked.territory), asked.days];
    case "order":
      return [asked.payee, textArgument(asked.territory), "Buy", asked.gib, asked.days, ORDER_MINUTES];
    case "pay-order":
      return [asked.order];
    case "move":
      return [asked.owner, hashArgument(asked.fid), textArgument(asked.territory)];
    case "authorize":
    case "revoke":
      return [asked.operator];
  }
}

/** What a territory's call has cost, by its event; 0 for other calls. */
export function spentBy(events: readonly BlockEvent[]): bigint {
  const spend = events.find(({ section }) => section === "storageHandler")?.field("spend");
  return spend === undefined ? 0n : asBigInt(spend);
}

/** The id of the order that a call has made; undefined where it made none. */
export function orderMadeBy(events: readonly BlockEvent[]): `0x${string}` | undefined {
  const made = events.find(({ section, method }) => section === "storageHandler" && method === "CreatePayOrder");
  const id = made?.field("orderHash");
  return id === undefined ? undefined : `0x${Buffer.from(id.toU8a(true)).toString("hex")}`;
}
