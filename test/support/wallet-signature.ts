import type { Signer } from "../../src/network/chain/accounts.js";
import type { ChainSession } from "../../src/network/chain/chain-session.js";

/** What a wallet extension answers for a payload: its signature, by the metadata of the chain. */
export function walletSignature(
  session: ChainSession,
  { pair }: Signer,
  payload: { readonly version: number },
): Promise<`0x${string}`> {
  return session.connection.call(({ api }) => {
    const { version } = payload;
    return Promise.resolve(api.registry.createType("ExtrinsicPayload", payload, { version }).sign(pair).signature);
  });
}
