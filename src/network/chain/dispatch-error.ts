import type { DispatchError } from "@polkadot/types/interfaces";
import { ChainRefusal } from "./chain.js";
import type { BlockEvent } from "./finalized-blocks.js";

/**
 * What the runtime said to the extrinsic at this position of a block: undefined when it succeeded. Errors of pallets
 * get their names from the metadata (`fileBank`, `NoPermission`), others from the kind (`token`, `FundsUnavailable`).
 */
export function dispatchRefusal(events: readonly BlockEvent[], position: number): Error | undefined {
  const outcome = events.find(
    ({ extrinsic, section, method }) =>
      extrinsic === position && section === "system" && (method === "ExtrinsicSuccess" || method === "ExtrinsicFailed"),
  );
  if (outcome === undefined) return new Error(`the block has no result for its extrinsic ${position}`);
  if (outcome.method === "ExtrinsicSuccess") return undefined;
  return refusal(outcome.field("dispatchError") ?? outcome.data[0]);
}

/** A DispatchError of the runtime by its name. */
export function refusal(codec: unknown): ChainRefusal {
  const error = codec as DispatchError;
  if (error.isModule) {
    const { section, name } = error.registry.findMetaError(error.asModule);
    return new ChainRefusal(section, name);
  }
  const kind = error.type.charAt(0).toLowerCase() + error.type.slice(1);
  const inner = error.inner as unknown as { type?: unknown };
  return typeof inner.type === "string" ? new ChainRefusal(kind, inner.type) : new ChainRefusal("dispatch", error.type);
}
