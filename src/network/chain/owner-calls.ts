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
  move: "fileBank.territoryFileDelivery",
  authorize: "oss.authorize",
  revoke: "oss.cancelAuthorize",
};

/** The call in the shape of the node's metadata. Throws ChainUnavailable where the runtime lacks it. */
export function ownerExtrinsic(api: ApiPromise, asked: OwnerCall): SubmittableExtrinsic<"promise"> {
  const [pallet = "", name = ""] = OWNER_CALL_NAMES[asked.kind].split(".");
  return call(api, pallet, name, argumentsOf(asked));
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
