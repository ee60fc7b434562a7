import type { ListedVersion } from "../../catalog/catalog.js";
import type { HeldFiles } from "../../retrieval/held-files.js";
import type { ListRequest, ListResult } from "./objects.js";

/** A page of the files that an account holds on chain. `owner`: its Account.id. */
export async function listHeld(held: HeldFiles, owner: string, request: ListRequest): Promise<ListResult> {
  const { prefix, delimiter, after, limit } = request;
  const keys: ListedVersion[] = [];
  const prefixes: string[] = [];
  let last: string | undefined;
  for await (const files of held.after(after, prefix)) {
    for (const { fid, size } of files) {
      const end = delimiter === "" ? -1 : fid.indexOf(delimiter, prefix.length);
      const common = end < 0 ? undefined : fid.slice(0, end + delimiter.length);
      // All that begins with a common prefix is in the entry that was listed for the first of it.
      if (common !== undefined && (common === last || common === after)) continue;
      if (keys.length + prefixes.length === limit)
        return { keys, prefixes, truncated: true, ...(last === undefined ? {} : { last }) };
      // As old as HEAD says: the chain does not know since when a file is there.
      if (common === undefined) keys.push({ key: fid, size, etag: fid, owner, createdAt: 0 });
      else prefixes.push(common);
      last = common ?? fid;
    }
  }
  return { keys, prefixes, truncated: false };
}
