import type { ApiPromise } from "@polkadot/api";
import type { Codec } from "@polkadot/types/types";
import type { CessAccount } from "../../model/account.js";
import { toTerritory } from "./chain-reader.js";
import type { ChainSession } from "./chain-session.js";
import { ChainUnavailable } from "./chain.js";
import { asAccount, asBigInt, asFid, asNumber, asText, field, items, optionalField } from "./codec.js";
import { feeOf } from "./fees.js";
import { ownerExtrinsics } from "./owner-calls.js";
import { readMap, readStorage } from "./storage.js";
import type {
  AccountBalance,
  CallQuote,
  HeldFile,
  NamedTerritory,
  OwnerCall,
  TerritoryChain,
  TerritoryOrder,
  TerritoryTerms,
} from "./territory-chain.js";

/** Of the CESS runtimes, where the metadata does not say: ms. */
const BLOCK_MS = 6_000;
/** A runtime whose price is for a month counts so many days in it. */
const MONTH_DAYS = 30n;

/** Reads what owners need to know, by the metadata of the node that answers. */
export class TerritoryReader implements TerritoryChain {
  constructor(private readonly session: Pick<ChainSession, "connection">) {}

  terms(): Promise<TerritoryTerms> {
    return this.session.connection.call(async (link) => {
      const { api } = link;
      const read = async (item: string) => asBigInt((await readStorage(link, "storageHandler", item, [])) ?? NOTHING);
      const [unit, idle, service, purchased, header] = await Promise.all([
        read("unitPrice"),
        read("totalIdleSpace"),
        read("totalServiceSpace"),
        read("purchasedSpace"),
        link.send("chain_getHeader", []),
      ]);
      const perDayOfMonth = unit / MONTH_DAYS;
      const forSale = idle + service - purchased;
      return {
        perGibDay: isDailyPrice(api) ? unit : perDayOfMonth,
        orderPerGibDay: unit,
        // All runtimes still take the price for a month's here.
        reactivationPerGibDay: perDayOfMonth,
        reactivationGivesSpace: api.tx["storageHandler"]?.["fixTerritorySpaceForReactivate"] !== undefined,
        forSale: forSale > 0n ? forSale : 0n,
        dayBlocks: asNumber(constantOf(api, "storageHandler", "oneDay")),
        frozenBlocks: asNumber(constantOf(api, "storageHandler", "frozenDays")),
        block: Number((header as { number: string }).number),
        blockMs: Number(api.consts["babe"]?.["expectedBlockTime"]?.toString() ?? BLOCK_MS),
        token: { symbol: api.registry.chainTokens[0] ?? "tokens", decimals: api.registry.chainDecimals[0] ?? 18 },
        existentialDeposit: asBigInt(constantOf(api, "balances", "existentialDeposit")),
      };
    });
  }

  async territories(owner: CessAccount): Promise<readonly NamedTerritory[]> {
    const found = await this.session.connection.call(async (link) => {
      const best = (await link.send("chain_getBlockHash", [])) as string;
      const territories: NamedTerritory[] = [];
      for await (const { key, value } of readMap(link, "storageHandler", "territory", best, owner))
        territories.push({ name: asText(link.api.registry.createType("Bytes", key)), ...toTerritory(value) });
      return territories;
    });
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  balance(account: CessAccount): Promise<AccountBalance> {
    return this.session.connection.call(async (link) => {
      const info = await readStorage(link, "system", "account", [account]);
      if (info === undefined) return { free: 0n, reserved: 0n, frozen: 0n };
      const data = field(info, "data");
      const frozen = optionalField(data, "frozen") ?? optionalField(data, "miscFrozen");
      return {
        free: asBigInt(field(data, "free")),
        reserved: asBigInt(field(data, "reserved")),
        frozen: frozen === undefined ? 0n : asBigInt(frozen),
      };
    });
  }

  async order(id: `0x${string}`): Promise<(TerritoryOrder & { readonly price: bigint }) | undefined> {
    const info = await this.session.connection.call((link) => readStorage(link, "storageHandler", "payOrder", [id]));
    if (info === undefined || field(info, "orderType").toString() !== "Buy") return undefined;
    return {
      payee: asAccount(field(info, "targetAcc")),
      territory: asText(field(info, "territoryName")),
      gib: asNumber(field(info, "gibCount")),
      days: asNumber(field(info, "days")),
      price: asBigInt(field(info, "pay")),
    };
  }

  async operators(owner: CessAccount): Promise<readonly CessAccount[]> {
    const list = await this.session.connection.call((link) => readStorage(link, "oss", "authorityList", [owner]));
    return list === undefined ? [] : items(list).map(asAccount);
  }

  async heldFiles(owner: CessAccount): Promise<readonly HeldFile[]> {
    const { connection } = this.session;
    const list = await connection.call(async (link) =>
      readStorage(link, "fileBank", "userHoldFileList", [owner], (await connection.finalizedHead(link)).hash),
    );
    return (list === undefined ? [] : items(list)).flatMap((slice) => {
      const fid = asFid(field(slice, "fileHash"));
      return fid === undefined ? [] : [{ fid, territory: asText(field(slice, "territoryName")) }];
    });
  }

  unsettledExtrinsics(account: CessAccount): Promise<number> {
    const { connection } = this.session;
    return connection.call(async (link) => {
      const { hash } = await connection.finalizedHead(link);
      const [next, info] = await Promise.all([
        link.send("system_accountNextIndex", [account]),
        readStorage(link, "system", "account", [account], hash),
      ]);
      return Number(next) - (info === undefined ? 0 : asNumber(field(info, "nonce")));
    });
  }

  quote(calls: readonly OwnerCall[], account: CessAccount): Promise<CallQuote> {
    return this.session.connection.call(async (link) => {
      const extrinsic = ownerExtrinsics(link.api, calls);
      return {
        hex: extrinsic.method.toHex(),
        readable: extrinsic.method.toHuman(),
        fee: await feeOf(link, extrinsic, account),
      };
    });
  }
}

const NOTHING = { toString: () => "0" } as Codec;

/**
 * Older runtimes take the price for that of a GiB and month, and divide it. The call that sets it came with the change:
 * of both nothing else in the metadata tells.
 */
function isDailyPrice(api: ApiPromise): boolean {
  return api.tx["storageHandler"]?.["defineUpdatePrice"] !== undefined;
}

function constantOf(api: ApiPromise, pallet: string, name: string): Codec {
  const found = api.consts[pallet]?.[name];
  if (found === undefined) throw new ChainUnavailable(`this runtime has no constant ${pallet}.${name}`);
  return found;
}
