import type { CessAccount } from "../model/account.js";
import type { CessFile } from "../model/file.js";
import type { Fid } from "../model/hash.js";
import type { Chain, ChainDeal, ChainFile } from "../network/chain/chain.js";

/** What the chain shows of one FID. */
export interface ChainView {
  readonly deal: ChainDeal | undefined;
  readonly file: ChainFile | undefined;
}

/**
 * Reads the deal first: the twelfth report turns a deal into a file. In the other order, a deal that completes between
 * the two reads would be seen as neither, and be declared again.
 */
export async function readFileStatus(chain: Chain, fid: Fid, at: "best" | "finalized"): Promise<ChainView> {
  const deal = await chain.deal(fid, at);
  const file = await chain.file(fid, at);
  return { deal, file };
}

export function isOwner(file: ChainFile, account: CessAccount): boolean {
  return file.owners.some((owner) => owner.account === account);
}

/**
 * Whether the chain's content under this FID is ours. The chain checks neither that a FID is the root of its segments
 * nor that fragments belong to a segment, so anybody can declare other content under a FID.
 */
export function sameContent(ours: CessFile, theirs: ChainDeal | ChainFile): boolean {
  return (
    ours.segments.length === theirs.segments.length &&
    ours.segments.every((segment, s) => {
      const other = theirs.segments[s];
      return (
        other?.hash === segment.hash &&
        other.fragments.length === segment.fragments.length &&
        segment.fragments.every((hash, f) => hash === hashOf(other.fragments[f]))
      );
    })
  );
}

/** A deal names its fragments by hash alone, a file with the node that keeps each. */
function hashOf(fragment: string | { readonly hash: string } | undefined): string | undefined {
  return typeof fragment === "object" ? fragment.hash : fragment;
}
