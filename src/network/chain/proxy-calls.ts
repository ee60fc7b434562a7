import type { ApiPromise } from "@polkadot/api";
import type { SubmittableExtrinsic } from "@polkadot/api/types";
import { publicKeyOf } from "./accounts.js";
import { call } from "./extrinsics.js";
import type { SignedAuthorization } from "./proxy-authorization.js";
import type { WalletType } from "./wallets.js";

/** Both are misspelt on chain. */
export const proxyCalls = {
  sr25519: "proxyAuthorzie",
  ethereum: "evmProxyAuthorzie",
} as const satisfies Record<WalletType, string>;

/** Throws ChainUnavailable where the runtime lacks the call: older ones have none for Ethereum's signatures. */
export function proxyExtrinsic(
  api: ApiPromise,
  { account, type, payload, signature }: SignedAuthorization,
): SubmittableExtrinsic<"promise"> {
  return call(api, "oss", proxyCalls[type], [hex(publicKeyOf(account)), hex(signature), payload]);
}

const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString("hex")}`;
