import type { FileRow } from "../catalog/catalog.js";
import type { Account } from "../model/account.js";
import type { Fid } from "../model/hash.js";
import type { Chain, ChainFile } from "../network/chain/chain.js";

export interface FileMetadataComponents {
  readonly chain: Pick<Chain, "file" | "deal">;
  /** The account with this Account.id. */
  readonly owners: (id: string) => Account | undefined;
}

/** A file's metadata in the protocol of CESS gateways, which gives the names. */
export interface Metadata {
  readonly fid: Fid;
  /** Object bytes. */
  readonly size: number;
  readonly owner: readonly { readonly user: string; readonly file_name: string }[];
}

/** Finds a file's owner: from the chain, else from its pending deal, else from the catalog. */
export class FileMetadata {
  constructor(private readonly components: FileMetadataComponents) {}

  /** Rejects with ChainUnavailable. */
  async of({ fid, size, owner }: Pick<FileRow, "fid" | "size" | "owner">): Promise<Metadata> {
    const { chain, owners } = this.components;
    const stored = await chain.file(fid);
    if (stored) return this.listed(stored);
    const deal = await chain.deal(fid);
    if (deal) return { fid, size: deal.size ?? size, owner: [{ user: deal.owner, file_name: deal.fileName ?? "" }] };
    const account = owners(owner);
    return { fid, size, owner: account ? [{ user: account.cessAccount, file_name: "" }] : [] };
  }

  /** Of a file that the chain lists. */
  listed({ fid, size, owners }: ChainFile): Metadata {
    return {
      fid,
      size,
      owner: owners.map(({ account, fileName = "" }) => ({ user: account, file_name: fileName })),
    };
  }
}
