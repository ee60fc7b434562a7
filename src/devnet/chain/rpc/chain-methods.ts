import { extrinsicsOf, headerOf } from "../block.js";
import type { Chain } from "../chain.js";
import type { StoredBlock } from "../store.js";
import { blockAt, prefixed, type Method, Params, type Methods, type Notify, type Subscriber } from "./method.js";

/** `chain_…`: blocks and headers. */
export const chainMethods: Methods = {
  chain_getBlock(params, { chain }) {
    const block = knownBlock(chain, params);
    if (block === undefined) return null;
    return {
      block: { header: renderHeader(block), extrinsics: extrinsicsOf(block).map(prefixed) },
      justifications: null,
    };
  },
  chain_getHeader(params, { chain }) {
    const block = knownBlock(chain, params);
    return block === undefined ? null : renderHeader(block);
  },
  chain_getBlockHash(params, { chain }) {
    const [wanted] = params.all;
    if (Array.isArray(wanted)) return wanted.map((_number, i) => hashOf(chain, new Params(wanted), i));
    return params.has(0) ? hashOf(chain, params, 0) : prefixed(chain.best.hash);
  },
  chain_getFinalizedHead: (_params, { chain }) => prefixed(chain.finalized.hash),
  chain_subscribeNewHeads: heads("chain_newHead", "block"),
  chain_subscribeNewHead: heads("chain_newHead", "block"),
  chain_subscribeAllHeads: heads("chain_allHead", "block"),
  chain_subscribeFinalizedHeads: heads("chain_finalizedHead", "finalized"),
  chain_unsubscribeNewHeads: unsubscribe,
  chain_unsubscribeNewHead: unsubscribe,
  chain_unsubscribeAllHeads: unsubscribe,
  chain_unsubscribeFinalizedHeads: unsubscribe,
};

function unsubscribe(params: Params, _components: unknown, subscriber: Subscriber): boolean {
  return subscriber.unsubscribe(params.text(0));
}

function heads(notification: string, event: "block" | "finalized"): Method {
  return (_params, { chain }, subscriber) =>
    subscriber.subscribe(notification, (notify: Notify) => {
      const tell = (block: StoredBlock): void => notify(renderHeader(block));
      chain.on(event, tell);
      tell(event === "block" ? chain.best : chain.finalized);
      return () => void chain.off(event, tell);
    });
}

/** An unknown hash is no error here: clients ask before they have seen a block. */
function knownBlock(chain: Chain, params: Params): StoredBlock | undefined {
  return params.has(0) ? chain.components.store.byHash(params.hex(0)) : blockAt(chain, params, 0);
}

function hashOf(chain: Chain, params: Params, index: number): string | null {
  const block = chain.components.store.byNumber(params.number(index));
  return block === undefined ? null : prefixed(block.hash);
}

function renderHeader(block: StoredBlock): unknown {
  const { parentHash, number, stateRoot, extrinsicsRoot } = headerOf(block);
  return {
    parentHash: prefixed(parentHash),
    number: `0x${number.toString(16)}`,
    stateRoot: prefixed(stateRoot),
    extrinsicsRoot: prefixed(extrinsicsRoot),
    digest: { logs: [] },
  };
}
