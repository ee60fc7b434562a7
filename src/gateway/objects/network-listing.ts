import type { CessAccount } from "../../model/account.js";
import type { Fid } from "../../model/hash.js";
import type { HeldFiles, NetworkFiles } from "../../retrieval/network-files.js";
import type { ListRequest, ListResult } from "./objects.js";

type Page = Omit<ListResult, "keys"> & { readonly fids: readonly Fid[] };

/** A page of the files that an account holds on chain. `owner`: its Account.id. */
export async function listHeld(
  files: NetworkFiles,
  { id: owner, cessAccount }: { readonly id: string; readonly cessAccount: CessAccount },
  request: ListRequest,
  signal: AbortSignal,
): Promise<ListResult> {
  const { fids, ...page } = await pageOf(await files.held(cessAccount, signal), request);
  const sizes = await files.sizes(fids, signal);
  // As old as HEAD says: the chain does not know since when a file is there. One that was just deleted is left out.
  const keys = fids.flatMap((fid, n) => {
    const size = sizes[n];
    return size === undefined ? [] : [{ key: fid, size, etag: fid, owner, createdAt: 0 }];
  });
  return { ...page, keys };
}

async function pageOf(held: HeldFiles, { prefix, delimiter, after, limit }: ListRequest): Promise<Page> {
  const found: Fid[] = [];
  const prefixes: string[] = [];
  let last: string | undefined;
  for await (const fids of held.after(after, prefix)) {
    for (const fid of fids) {
      const end = delimiter === "" ? -1 : fid.indexOf(delimiter, prefix.length);
      const common = end < 0 ? undefined : fid.slice(0, end + delimiter.length);
      // All that begins with a common prefix is in the entry that was listed for the first of it.
      if (common !== undefined && (common === last || common === after)) continue;
      if (found.length + prefixes.length === limit)
        return { fids: found, prefixes, truncated: true, ...(last === undefined ? {} : { last }) };
      if (common === undefined) found.push(fid);
      else prefixes.push(common);
      last = common ?? fid;
    }
  }
  return { fids: found, prefixes, truncated: false };
}
