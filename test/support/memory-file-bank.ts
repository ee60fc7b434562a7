import type { CessAccount } from "../../src/model/account.js";
import type { Fid, Hash } from "../../src/model/hash.js";
import { CHARGED_PER_SEGMENT, FRAGMENT_SIZE, FRAGMENTS } from "../../src/model/sizes.js";
import type { DealOrder } from "../../src/network/chain/chain.js";
import { refuse, type EventKind, type State } from "./memory-chain-state.js";

/** The chain's rules for deals, reports and files: each call changes a block's state, or is refused. */
export class MemoryFileBank {
  /** Orders and deletions as they were applied. */
  readonly log: string[] = [];
  overwrites = 0;
  doubleListings = 0;

  constructor(private readonly spec: 100 | 133) {}

  declare(state: State, order: DealOrder): EventKind {
    const { fid, owner, territory, segments, fileName, size } = order;
    if (!state.authorizers.has(owner)) refuse("fileBank", "NoPermission");
    if (fileName.length < 3 || segments.some(({ fragments }) => fragments.length !== FRAGMENTS))
      refuse("fileBank", "SpecError");
    const full = BigInt(CHARGED_PER_SEGMENT * segments.length);
    const file = state.files.get(fid);
    if (file) {
      const position = file.owners.findIndex(({ account }) => account === owner);
      const spec100 = this.spec === 100;
      const sameTerritory = file.owners.some((entry) => entry.account === owner && entry.territory === territory);
      if (spec100 ? position > 0 : sameTerritory) refuse("fileBank", "Existed");
      charge(state, owner, territory, spec100 ? full / 2n : full, "used");
      if (position >= 0) this.doubleListings++;
      state.files.set(fid, { ...file, owners: [...file.owners, { account: owner, territory, fileName }] });
      this.log.push(`join ${owner} ${fid.slice(0, 8)}`);
      return "declared";
    }
    charge(state, owner, territory, full, "locked");
    if (state.deals.has(fid)) this.overwrites++;
    state.deals.set(fid, { fid, owner, territory, segments, fileName, size, reports: [] });
    this.log.push(`declare ${owner} ${fid.slice(0, 8)}`);
    return "declared";
  }

  report(state: State, node: CessAccount, index: number, fid: Fid): EventKind {
    const deal = state.deals.get(fid) ?? refuse("fileBank", "NonExistent");
    const miner = state.nodes.get(node) ?? refuse("sminer", "NotMiner");
    if (miner.state !== "positive") refuse("fileBank", "MinerStateError");
    if (deal.reports.some((report) => report.index === index || report.node === node)) refuse("fileBank", "Existed");
    const bytes = BigInt(FRAGMENT_SIZE * deal.segments.length);
    if (miner.idleSpace < bytes) refuse("fileBank", "MinerPowerInsufficient");
    state.nodes.set(node, { ...miner, idleSpace: miner.idleSpace - bytes });
    const reports = [...deal.reports, { index, node }];
    if (reports.length < FRAGMENTS) {
      state.deals.set(fid, { ...deal, reports });
      return "reported";
    }
    const space = state.territories.get(`${deal.owner}/${deal.territory}`)!;
    const charged = BigInt(CHARGED_PER_SEGMENT * deal.segments.length);
    space.locked -= charged;
    space.used += charged;
    state.deals.delete(fid);
    const keeper = (index_: number) => reports.find((report) => report.index === index_)!.node;
    state.files.set(fid, {
      fid,
      size: deal.size ?? 0,
      owners: [{ account: deal.owner, territory: deal.territory, fileName: deal.fileName ?? "" }],
      segments: deal.segments.map(({ hash, fragments }) => ({
        hash,
        fragments: fragments.map((fragment: Hash, i) => ({ hash: fragment, node: keeper(i) })),
      })),
    });
    return "stored";
  }

  delete(state: State, owner: CessAccount, fid: Fid): EventKind {
    if (!state.authorizers.has(owner)) refuse("fileBank", "NoPermission");
    const file = state.files.get(fid) ?? refuse("fileBank", "NonExistent");
    this.log.push(`delete ${owner} ${fid.slice(0, 8)}`);
    const listings = file.owners.filter(({ account }) => account === owner);
    for (const { territory } of listings) {
      const space = state.territories.get(`${owner}/${territory}`)!;
      const back = BigInt(CHARGED_PER_SEGMENT * file.segments.length);
      if (space.used < back) refuse("storageHandler", "Overflow");
      space.used -= back;
    }
    const owners = file.owners.filter(({ account }) => account !== owner);
    // At spec 133 an owner listed twice leaves a file that nobody owns.
    const orphaned = this.spec === 133 && listings.length > 1;
    if (owners.length === 0 && listings.length > 0 && !orphaned) state.files.delete(fid);
    else state.files.set(fid, { ...file, owners });
    return "deleted";
  }
}

function charge(state: State, owner: CessAccount, territory: string, bytes: bigint, field: "used" | "locked"): void {
  const space = state.territories.get(`${owner}/${territory}`) ?? refuse("storageHandler", "NotHaveTerritory");
  if (space.state !== "active") refuse("storageHandler", "NotActive");
  if (space.total - space.used - space.locked <= bytes) refuse("fileBank", "InsufficientAvailableSpace");
  space[field] += bytes;
}
