// Gives a fresh local CESS chain funded accounts, storage miners and sellable space.
import { connect as tcp } from "node:net";
import { ApiPromise, Keyring, WsProvider } from "@polkadot/api";
import { stringToU8a } from "@polkadot/util";
import { cryptoWaitReady } from "@polkadot/util-crypto";

export const SS58 = 11330;
export const TOKEN = 10n ** 18n;
export const MIB = 1n << 20n;
export const GIB = 1n << 30n;
export const TIB = 1n << 40n;
export const FRAGMENTS = 12;

// The runtime's only non-standard signed extension is CheckMqSequence: no payload in the
// extrinsic, none in the signed data. polkadot-js must only be told that it exists.
export const USER_EXTENSIONS = { CheckMqSequence: { extrinsic: {}, payload: {} } };

// Waits for the port first: with Node's own WebSocket, WsProvider does not retry a refused first connection.
export const connect = async (ws, waitMs = 60_000) => {
  const { hostname, port } = new URL(ws);
  const listening = () =>
    new Promise((resolve) => {
      const socket = tcp(Number(port), hostname);
      socket.once("connect", () => resolve(true) || socket.destroy());
      socket.once("error", () => resolve(false));
    });
  for (const end = Date.now() + waitMs; !(await listening()); await new Promise((r) => setTimeout(r, 250))) {
    if (Date.now() > end) throw new Error(`nothing listens at ${ws}`);
  }
  return ApiPromise.create({ provider: new WsProvider(ws), signedExtensions: USER_EXTENSIONS, noInitWarn: true });
};

export const devAccounts = async (miners = 14) => {
  await cryptoWaitReady();
  const ring = new Keyring({ type: "sr25519", ss58Format: SS58 });
  const add = (uri) => ring.addFromUri(uri);
  return {
    alice: add("//Alice"),
    bob: add("//Bob"),
    gateway: add("//Gateway"),
    miners: Array.from({ length: miners }, (_, i) => add(`//Miner${i}`)),
  };
};

const fixedBytes = (text, size) => {
  const bytes = stringToU8a(text);
  if (bytes.length > size) throw new Error(`"${text}" is ${bytes.length} bytes, the chain field holds ${size}`);
  const out = new Uint8Array(size);
  out.set(bytes);
  return out;
};

/** Writes the starting state straight into storage (dev_setStorage), without extrinsics. */
export const provision = async (
  api,
  { accounts, minerUrl, minerSpace = TIB, balance = 1_000_000n * TOKEN, unitPrice },
) => {
  const set = [];
  const put = (entry, args, type, value) => set.push([entry.key(...args), api.createType(type, value).toHex(true)]);
  const q = api.query;

  let minted = 0n;
  for (const pair of [accounts.alice, accounts.bob, accounts.gateway, ...accounts.miners]) {
    const info = await q.system.account(pair.address);
    const free = info.data.free.toBigInt();
    if (free >= balance) continue;
    minted += balance - free;
    const json = info.toJSON();
    put(q.system.account, [pair.address], "FrameSystemAccountInfo", {
      ...json,
      providers: Math.max(1, info.providers.toNumber()),
      data: { ...json.data, free: balance },
    });
  }
  put(q.balances.totalIssuance, [], "u128", (await q.balances.totalIssuance()).toBigInt() + minted);

  const all = (await q.sminer.allMiner()).map((a) => a.toString());
  let added = 0n;
  for (const [i, pair] of accounts.miners.entries()) {
    const old = await q.sminer.minerItems(pair.address);
    if (old.isSome) continue;
    added += minerSpace;
    all.push(pair.address);
    put(q.sminer.minerItems, [pair.address], "PalletSminerMinerInfo", {
      beneficiary: pair.address,
      stakingAccount: pair.address,
      peerId: fixedBytes(minerUrl(i), 38),
      collaterals: 4000n * TOKEN,
      debt: 0,
      state: "positive",
      declarationSpace: minerSpace * 2n,
      idleSpace: minerSpace,
      serviceSpace: 0,
      lockSpace: 0,
      spaceProofInfo: {
        miner: pair.address,
        front: 0,
        rear: minerSpace / (64n * MIB),
        poisKey: { g: new Uint8Array(256), n: new Uint8Array(256) },
        accumulator: new Uint8Array(256),
      },
      serviceBloomFilter: new Array(256).fill(0),
      teeSignature: new Uint8Array(64),
    });
    put(q.sminer.rewardMap, [pair.address], "PalletSminerReward", { totalReward: 0, rewardIssued: 0, orderList: [] });
    put(q.sminer.stakingStartBlock, [pair.address], "u32", (await q.system.number()).toNumber());
  }
  put(q.sminer.allMiner, [], "Vec<AccountId32>", all);
  put(q.sminer.counterForMinerItems, [], "u32", all.length);

  put(q.storageHandler.totalIdleSpace, [], "u128", (await q.storageHandler.totalIdleSpace()).toBigInt() + added);
  const price = await q.storageHandler.unitPrice();
  if (unitPrice !== undefined || price.isNone) put(q.storageHandler.unitPrice, [], "u128", unitPrice ?? 30n * TOKEN);

  await api.rpc("dev_setStorage", set);
  return { keys: set.length, miners: all.length };
};

/**
 * Signs, submits and waits for the block; never throws on a dispatch error, it returns its name.
 * Both InBlock and Finalized end the wait: polkadot-js drops an InBlock result when Finalized
 * comes while it is still fetching that block's events.
 */
export const send = (api, pair, tx) =>
  new Promise((resolve, reject) => {
    const started = Date.now();
    tx.signAndSend(pair, { nonce: -1 }, (result) => {
      if (result.isError) return reject(new Error(`transaction ${result.status.type}`));
      if (!result.status.isInBlock && !result.status.isFinalized) return;
      const events = result.events.map(({ event }) => event);
      let error = null;
      if (result.dispatchError?.isModule) {
        const { section, name } = api.registry.findMetaError(result.dispatchError.asModule);
        error = `${section}.${name}`;
      } else if (result.dispatchError) error = result.dispatchError.toString();
      const fee = events.find((e) => e.method === "TransactionFeePaid");
      resolve({
        ok: error === null,
        error,
        block: result.blockNumber?.toNumber(),
        ms: Date.now() - started,
        fee: fee ? fee.data[1].toBigInt().toString() : null,
        events: events
          .filter((e) => ["fileBank", "oss", "storageHandler", "sminer"].includes(e.section))
          .map((e) => ({ name: `${e.section}.${e.method}`, data: e.data.toHuman() })),
      });
    }).catch(reject);
  });
