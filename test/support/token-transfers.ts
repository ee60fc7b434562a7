import type { ChainSession } from "../../src/network/chain/chain-session.js";
import { formatAccount } from "../../src/network/chain/accounts.js";
import { asBigInt, field } from "../../src/network/chain/codec.js";
import { call } from "../../src/network/chain/extrinsics.js";
import { readStorage } from "../../src/network/chain/storage.js";
import type { BuildExtrinsic } from "../../src/network/chain/submitter.js";

/** The smallest units of one token. */
export const TOKEN = 10n ** 18n;

/** For sessions of tests: what fails is tried again at once. */
export const QUICK = {
  callTimeoutMs: 60_000,
  healthIntervalMs: 100,
  retryDelayMs: 20,
  maxRetryDelayMs: 200,
  retryMs: 20,
};

/** Moves one token to an account that nobody else uses, so that a balance counts how often it was done. */
export function transfer(to: string, amount = TOKEN): BuildExtrinsic {
  return (api) => call(api, "balances", "transferKeepAlive", [to, amount]);
}

let keys = 0;
/** An account that nobody has had in this process. */
export function freshAccount(): string {
  const key = new Uint8Array(32).fill(7);
  new DataView(key.buffer).setUint32(0, ++keys);
  return formatAccount(key);
}

/** Whole tokens of an account, at the best block. */
export async function tokensOf(session: ChainSession, account: string): Promise<number> {
  const info = await session.connection.call((link) => readStorage(link, "system", "account", [account]));
  return info === undefined ? 0 : Number(asBigInt(field(field(info, "data"), "free")) / TOKEN);
}
