import { readChallenges } from "./challenges.js";
import type { Codec } from "@polkadot/types/types";
import type { CessAccount } from "../../model/account.js";
import type { Fid } from "../../model/hash.js";
import type { BlockName, ChainDeal, ChainFile, ChainNode, FileAtBlock, Territory } from "./chain.js";
import {
  asAccount,
  asBigInt,
  asFid,
  asHash,
  asNumber,
  asText,
  field,
  hashArgument,
  items,
  optionalField,
  textArgument,
} from "./codec.js";
import { formatAccount } from "./accounts.js";
import { gatewayEndpoint, OWN_KIND_PREFIX, type RegisteredGateway } from "./gateway-register.js";
import type { Connection } from "./connection.js";
import { readList, readMap, readStorage } from "./storage.js";

const NODE_STATES = ["positive", "frozen", "lock", "exit", "offline"] as const;
const TERRITORY_STATES = {
  Active: "active",
  Frozen: "frozen",
  Expired: "expired",
  OnConsignment: "on-consignment",
} as const satisfies Record<string, Territory["state"]>;

/** Reads the pallets' storage into this project's types. Chain index 1…12 becomes 0…11 here. */
export class ChainReader {
  constructor(private readonly connection: Connection) {}

  async file(fid: Fid, at?: "best" | "finalized"): Promise<ChainFile | undefined> {
    const info = await this.read("fileBank", "file", [hashArgument(fid)], at);
    return info === undefined ? undefined : toFile(fid, info);
  }

  /** The file as a block shows it: the newest final one, or one that is named. */
  fileAt(fid: Fid, named?: BlockName): Promise<FileAtBlock> {
    return this.connection.call(async (link) => {
      const block = named ?? (await this.connection.finalizedHead(link));
      const info = await readStorage(link, "fileBank", "file", [hashArgument(fid)], block.hash);
      return { block, file: info && toFile(fid, info) };
    });
  }

  /** The hash of a block of the best fork; undefined where there is none of that number yet. */
  blockHash(number: number): Promise<string | undefined> {
    return this.connection.call(async (link) => {
      const hash = await link.send("chain_getBlockHash", [number]);
      return typeof hash === "string" ? hash : undefined;
    });
  }

  /** FIDs of the files that an account owns, at the newest final block. */
  ownedFiles(owner: CessAccount): Promise<Fid[]> {
    return this.connection.call(async (link) => {
      const { hash } = await this.connection.finalizedHead(link);
      const fids: Fid[] = [];
      // The size there is what the territory is charged.
      for await (const slices of readList(link, "fileBank", "userHoldFileList", [owner], hash))
        fids.push(...slices.flatMap((slice) => asFid(field(slice, "fileHash")) ?? []));
      return fids;
    });
  }

  async deal(fid: Fid, at?: "best" | "finalized"): Promise<ChainDeal | undefined> {
    const info = await this.read("fileBank", "dealMap", [hashArgument(fid)], at);
    return info === undefined ? undefined : toDeal(fid, info);
  }

  async territory(owner: CessAccount, name: string): Promise<Territory | undefined> {
    const info = await this.read("storageHandler", "territory", [owner, textArgument(name)]);
    return info === undefined ? undefined : toTerritory(info);
  }

  /** Whom this account lets act for it. */
  async operators(owner: CessAccount): Promise<CessAccount[]> {
    const list = await this.read("oss", "authorityList", [owner]);
    return list === undefined ? [] : items(list).map(asAccount);
  }

  /** Tokens that an account has free; 0 where the chain does not know it. */
  freeTokens(account: CessAccount): Promise<number> {
    return this.connection.call(async (link) => {
      const info = await readStorage(link, "system", "account", [account]);
      const [decimals = 18] = link.api.registry.chainDecimals;
      return info === undefined ? 0 : Number(asBigInt(field(field(info, "data"), "free"))) / 10 ** decimals;
    });
  }

  async node(account: CessAccount): Promise<ChainNode | undefined> {
    const info = await this.read("sminer", "minerItems", [account]);
    return info === undefined ? undefined : toNode(account, info);
  }

  /** All of them, as of one block. */
  nodes(): Promise<ChainNode[]> {
    return this.connection.call(async (link) => {
      const best = (await link.send("chain_getBlockHash", [])) as string;
      const nodes: ChainNode[] = [];
      for await (const { key, value } of readMap(link, "sminer", "minerItems", best))
        nodes.push(toNode(formatAccount(key), value));
      return nodes;
    });
  }

  /** As `readChallenges`. */
  challenges(nodes: readonly CessAccount[]): ReturnType<typeof readChallenges> {
    return this.connection.call((link) => readChallenges(link, nodes));
  }

  /** Registered gateways, as of one block; those without a usable URL are left out. */
  gateways(): Promise<RegisteredGateway[]> {
    return this.connection.call(async (link) => {
      const best = (await link.send("chain_getBlockHash", [])) as string;
      const gateways: RegisteredGateway[] = [];
      for await (const { key, value } of readMap(link, "oss", "oss", best)) {
        const peerId = asText(field(value, "peerId"));
        const endpoint = gatewayEndpoint(asText(field(value, "domain")), peerId);
        if (endpoint === undefined) continue;
        const isOwnKind = peerId.startsWith(OWN_KIND_PREFIX);
        gateways.push({ account: formatAccount(key), endpoint, ...(isOwnKind && { isOwnKind }) });
      }
      return gateways;
    });
  }

  /** An account's entry among the gateways; undefined where it has none. */
  gatewayEntry(account: CessAccount): Promise<Codec | undefined> {
    return this.read("oss", "oss", [account]);
  }

  /** The time of the best block, ms since 1970; undefined where the runtime keeps none. */
  async blockTime(): Promise<number | undefined> {
    const now = await this.read("timestamp", "now", []);
    return now === undefined ? undefined : asNumber(now);
  }

  finalizedBlock(): Promise<number> {
    return this.connection.call(async (link) => (await this.connection.finalizedHead(link)).number);
  }

  private read(
    pallet: string,
    item: string,
    keys: readonly unknown[],
    at: "best" | "finalized" = "best",
  ): Promise<Codec | undefined> {
    return this.connection.call(async (link) =>
      readStorage(
        link,
        pallet,
        item,
        keys,
        at === "finalized" ? (await this.connection.finalizedHead(link)).hash : undefined,
      ),
    );
  }
}

function toDeal(fid: Fid, info: Codec): ChainDeal {
  const brief = field(info, "user");
  return {
    fid,
    owner: asAccount(field(brief, "user")),
    territory: asText(field(brief, "territoryName")),
    fileName: asText(field(brief, "fileName")),
    size: asNumber(field(info, "fileSize")),
    segments: items(field(info, "segmentList")).map((segment) => ({
      hash: asHash(field(segment, "hash")),
      fragments: items(field(segment, "fragmentList")).map(asHash),
    })),
    reports: items(field(info, "completeList")).map((report) => ({
      index: asNumber(field(report, "index")) - 1,
      node: asAccount(field(report, "miner")),
    })),
  };
}

function toFile(fid: Fid, info: Codec): ChainFile {
  return {
    fid,
    size: asNumber(field(info, "fileSize")),
    completed: asNumber(field(info, "completion")),
    owners: items(field(info, "owner")).map((brief) => ({
      account: asAccount(field(brief, "user")),
      territory: asText(field(brief, "territoryName")),
      fileName: asText(field(brief, "fileName")),
    })),
    segments: items(field(info, "segmentList")).map((segment) => ({
      hash: asHash(field(segment, "hash")),
      fragments: items(field(segment, "fragmentList")).map((fragment) => ({
        hash: asHash(field(fragment, "hash")),
        node: asAccount(field(fragment, "miner")),
        ...(optionalField(fragment, "avail")?.isEmpty === true ? { lost: true } : {}),
      })),
    })),
  };
}

export function toTerritory(info: Codec): Territory {
  const state = field(info, "state").toString();
  if (!(state in TERRITORY_STATES))
    throw new Error(`the chain has a territory state that this version does not know: ${state}`);
  return {
    total: asBigInt(field(info, "totalSpace")),
    used: asBigInt(field(info, "usedSpace")),
    locked: asBigInt(field(info, "lockedSpace")),
    remaining: asBigInt(field(info, "remainingSpace")),
    state: TERRITORY_STATES[state as keyof typeof TERRITORY_STATES],
    deadline: asNumber(field(info, "deadline")),
  };
}

function operatorOf(info: Codec): { operator?: CessAccount } {
  const beneficiary = optionalField(info, "beneficiary");
  return beneficiary === undefined ? {} : { operator: asAccount(beneficiary) };
}

function toNode(account: CessAccount, info: Codec): ChainNode {
  const state = asText(field(info, "state"));
  // Older runtimes keep the address in the 38 bytes that were meant for a libp2p peer id.
  const address = asText(optionalField(info, "endpoint") ?? field(info, "peerId"));
  return {
    account,
    endpoint: address === "" || /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`,
    state: NODE_STATES.find((known) => known === state) ?? "other",
    idleSpace: asBigInt(field(info, "idleSpace")),
    ...operatorOf(info),
  };
}
