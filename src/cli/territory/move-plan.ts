import { Semaphore } from "../../async/semaphore.js";
import type { CessAccount } from "../../model/account.js";
import { isHash, type Fid } from "../../model/hash.js";
import { CHARGED_PER_SEGMENT } from "../../model/sizes.js";
import type { ChainFile } from "../../network/chain/chain.js";
import type { HeldFile, NamedTerritory, OwnerCall, TerritoryChain } from "../../network/chain/territory-chain.js";
import { CommandError } from "../command-error.js";
import { bytesText, plainText } from "../text.js";
import { existingTerritory, territoryName } from "./words.js";

/** Records of files that are read at a time. */
const READS = 8;

export interface MoveRequest {
  readonly owner: CessAccount;
  readonly from: string;
  readonly to: string;
  /** Undefined: all files of `from`. */
  readonly fids: readonly string[] | undefined;
}

export interface MoveChain {
  heldFiles(owner: CessAccount): Promise<readonly HeldFile[]>;
  file(fid: Fid): Promise<ChainFile | undefined>;
}

export interface MovePlan {
  readonly fids: readonly Fid[];
  /** Bytes that the move frees in the one territory and takes in the other. */
  readonly bytes: bigint;
  /** Files that are in the target already. */
  readonly there: number;
  /** Why others stay where they are, by file. */
  readonly left: readonly { readonly fid: string; readonly why: string }[];
}

/** What is to be moved, by what the chain says now. Rejects with CommandError for what is no FID. */
export async function planMove(chain: MoveChain, { owner, from, to, fids }: MoveRequest): Promise<MovePlan> {
  for (const fid of fids ?? [])
    if (!isHash(fid)) throw new CommandError(`${fid} is no FID: 64 hexadecimal digits in lower case`);
  const held = new Map<string, Set<string>>();
  for (const { fid, territory } of await chain.heldFiles(owner))
    held.set(fid, (held.get(fid) ?? new Set()).add(territory));
  const wanted =
    fids === undefined ? [...held].flatMap(([fid, of]) => (of.has(from) ? [fid] : [])) : [...new Set(fids)];
  const there = fids === undefined ? [...held.values()].filter((of) => of.has(to)).length : 0;
  const reads = new Semaphore({ permits: READS });
  const verdicts = await Promise.all(
    wanted.map((fid) => reads.run(() => judge(chain, { owner, from, to }, fid as Fid, held.get(fid)))),
  );
  const moved = verdicts.filter((each) => each.kind === "moves");
  return {
    fids: moved.map(({ fid }) => fid),
    bytes: moved.reduce((sum, { bytes }) => sum + bytes, 0n),
    there: there + verdicts.filter(({ kind }) => kind === "there").length,
    left: verdicts.flatMap((each) => (each.kind === "stays" ? [{ fid: each.fid, why: each.why }] : [])),
  };
}

export type MoveCall = Extract<OwnerCall, { readonly kind: "move" }>;

/** A move as it is shown before it is signed. Only fees are paid for it. */
export interface MoveAct {
  readonly plan: MovePlan;
  /** A call for each file that is moved. */
  readonly calls: readonly MoveCall[];
  readonly what: string;
  readonly warnings: readonly string[];
  readonly source: NamedTerritory;
}

const KEPT_RECORD =
  "the chain charges moved files to the new territory, and they end with it, but their own records keep the old name: " +
  "deleting one later gives its space back to the old territory, and is refused while that has less in use";

/** A move, as the chain would take it. Rejects with CommandError where it would not. There may be nothing to move. */
export async function planMoveAct(
  chain: MoveChain & Pick<TerritoryChain, "territories">,
  request: MoveRequest,
): Promise<MoveAct> {
  const { owner, from, to } = { ...request, from: territoryName(request.from), to: territoryName(request.to) };
  if (from === to)
    throw new CommandError("the files are to go to the territory that they are in: nothing would change");
  const owned = { chain, account: owner };
  const [source, target] = [await existingTerritory(owned, from), await existingTerritory(owned, to)];
  if (target.state !== "active")
    throw new CommandError(`the territory ${plainText(to)} is ${target.state}, and takes no files`);
  const plan = await planMove(chain, request);
  if (plan.bytes > target.remaining)
    throw new CommandError(
      `the files need ${bytesText(Number(plan.bytes))}, and ${plainText(to)} has ${bytesText(Number(target.remaining))} left: ` +
        "cess-s3 territory expand it, or name fewer files",
    );
  const calls = plan.fids.map((fid) => ({ kind: "move", owner, fid, territory: to }) as const);
  const what = `move ${plan.fids.length} files (${bytesText(Number(plan.bytes))} of space) from ${plainText(from)} to ${plainText(to)}`;
  return { plan, calls, what, warnings: [KEPT_RECORD], source };
}

type Verdict =
  | { readonly kind: "moves"; readonly fid: Fid; readonly bytes: bigint }
  | { readonly kind: "there"; readonly fid: Fid }
  | { readonly kind: "stays"; readonly fid: Fid; readonly why: string };

async function judge(
  chain: MoveChain,
  { owner, from, to }: Pick<MoveRequest, "owner" | "from" | "to">,
  fid: Fid,
  territories: ReadonlySet<string> | undefined,
): Promise<Verdict> {
  if (territories === undefined) return { kind: "stays", fid, why: "the account does not hold this file" };
  if (!territories.has(from)) {
    if (territories.has(to)) return { kind: "there", fid };
    return { kind: "stays", fid, why: `it is charged to ${[...territories].join(", ")}` };
  }
  const file = await chain.file(fid);
  if (file === undefined) return { kind: "stays", fid, why: "the chain has no record of it" };
  const listings = file.owners.filter(({ account }) => account === owner);
  // The chain takes the space from where the file's own record says, which it does not change when a file is moved.
  const recorded = listings.find(({ territory }) => territory !== from);
  if (recorded !== undefined)
    return {
      kind: "stays",
      fid,
      why: `its record still names ${recorded.territory}: moving it again would take the space from there`,
    };
  return { kind: "moves", fid, bytes: BigInt(listings.length * file.segments.length) * BigInt(CHARGED_PER_SEGMENT) };
}
