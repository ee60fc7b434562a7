import { decodeAddress } from "@polkadot/util-crypto";
import type { Chain } from "../chain.js";
import type { SignedExtrinsic } from "../extrinsic.js";
import { PoolRefused, type PoolStatus } from "../pool.js";
import type { Invalidity } from "../runtime.js";
import { toHex } from "../scale/bytes.js";
import type { StoredBlock } from "../store.js";
import { prefixed, type Methods, type Notify, type Params, type RpcComponents } from "./method.js";
import { invalidParams, RpcError } from "./rpc-error.js";

/** `author_…` and the nonce that goes with it: extrinsics on their way into a block. */
export const authorMethods: Methods = {
  author_submitExtrinsic(params, components) {
    const extrinsic = read(params, components);
    submit(components.chain, extrinsic);
    return prefixed(extrinsic.hash);
  },
  author_submitAndWatchExtrinsic(params, components, subscriber) {
    const extrinsic = read(params, components);
    const { chain } = components;
    return subscriber.subscribe("author_extrinsicUpdate", (notify, end) => {
      const stop = watch(chain, extrinsic.hash, notify, end);
      try {
        submit(chain, extrinsic, notify);
      } catch (error) {
        stop();
        throw error;
      }
      return stop;
    });
  },
  author_unwatchExtrinsic: (params, _components, subscriber) => subscriber.unsubscribe(params.text(0)),
  author_pendingExtrinsics: (_params, { chain }) => chain.pool.all().map(({ bytes }) => prefixed(bytes)),
  system_accountNextIndex: nextIndex,
  account_nextIndex: nextIndex,
};

function nextIndex(params: Params, { chain }: RpcComponents): number {
  try {
    return chain.pool.nextNonce(toHex(decodeAddress(params.text(0))), chain.state);
  } catch (error) {
    throw error instanceof RpcError ? error : invalidParams("an SS58 address is wanted");
  }
}

function read(params: Params, { runtime }: RpcComponents): SignedExtrinsic {
  const bytes = params.bytes(0);
  try {
    return runtime.decode(bytes);
  } catch (error) {
    // Any error of the decoder (even nesting too deep for the stack) means that these bytes are not an extrinsic.
    throw new RpcError(
      1002,
      `Verification Error: the extrinsic does not decode: ${error instanceof Error ? error.message : "unknown"}`,
    );
  }
}

function submit(chain: Chain, extrinsic: SignedExtrinsic, notify?: Notify): void {
  try {
    chain.submit(extrinsic);
  } catch (error) {
    if (error instanceof PoolRefused) throw refusal(error);
    throw error;
  }
  // One that became ready has been told so by the pool.
  const { nonce, signer } = extrinsic;
  if (nonce >= chain.pool.nextNonce(signer, chain.state)) notify?.("future");
}

/** Follows one extrinsic to its end: the block that holds it final, or dropped, invalid, replaced. */
function watch(chain: Chain, hash: string, notify: Notify, end: () => void): () => void {
  let inBlock: string | undefined;
  const onStatus = (told: string, status: PoolStatus | { readonly inBlock: string }): void => {
    if (told !== hash) return;
    if (typeof status === "object" && "inBlock" in status) {
      inBlock = status.inBlock;
      notify({ inBlock: prefixed(inBlock) });
    } else if (typeof status === "object") {
      notify({ usurped: prefixed(status.usurped) });
      end();
    } else {
      notify(status);
      if (status === "dropped" || status === "invalid") end();
    }
  };
  const onFinalized = (block: StoredBlock): void => {
    if (block.hash !== inBlock) return;
    notify({ finalized: prefixed(block.hash) });
    end();
  };
  chain.on("status", onStatus);
  chain.on("finalized", onFinalized);
  return () => {
    chain.off("status", onStatus);
    chain.off("finalized", onFinalized);
  };
}

const INVALID_TEXT: Readonly<Record<Invalidity, string>> = {
  Stale: "Transaction is outdated",
  Future: "Transaction will be valid in the future",
  BadProof: "Transaction has a bad signature",
  Payment: "Inability to pay some fees (e.g. account balance too low)",
  AncientBirthBlock: "Transaction has an ancient birth block",
  ExhaustsResources: "Transaction would exhaust the block limits",
};

/** The codes and texts of a Substrate node, which clients match on. */
function refusal({ refusal: { kind, ...rest } }: PoolRefused): RpcError {
  switch (kind) {
    case "invalid":
      return new RpcError(1010, "Invalid Transaction", INVALID_TEXT[(rest as { reason: Invalidity }).reason]);
    case "known":
      return new RpcError(1013, "Transaction Already Imported");
    case "low-priority":
      return new RpcError(
        1014,
        "Priority is too low: (the same nonce is taken)",
        "The transaction has too low priority to replace another transaction already in the pool.",
      );
    case "full":
      return new RpcError(1016, "Immediately Dropped", "The transaction couldn't enter the pool because of the limit");
  }
}
