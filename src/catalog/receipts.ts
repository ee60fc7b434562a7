import type { CessAccount } from "../model/account.js";
import type { Fid } from "../model/hash.js";
import type { DeletedFile, FileBlocks, ReceiptCatalog } from "./catalog.js";
import { toRowId, type Store, type Tx } from "./store.js";

/** How long deletions are remembered, ms. */
const KEPT_MS = 2 * 365 * 86_400_000;

export class ReceiptTableCatalog implements ReceiptCatalog {
  constructor(private readonly store: Store) {}

  declaredIn(file: string, block: number): Promise<void> {
    return this.set(file, { declared_block: block });
  }

  deletedIn(file: string, block: number): Promise<void> {
    return this.set(file, { deleted_block: block });
  }

  private async set(
    file: string,
    columns: { readonly declared_block: number } | { readonly deleted_block: number },
  ): Promise<void> {
    await this.store.write((tx) =>
      tx
        .updateTable("files")
        .set(columns)
        .where("id", "=", toRowId(file) ?? 0)
        .execute(),
    );
  }

  async blocks(file: string): Promise<FileBlocks> {
    const row = await this.store.reads
      .selectFrom("files")
      .select("declared_block")
      .where("id", "=", toRowId(file) ?? 0)
      .executeTakeFirst();
    return row?.declared_block == null ? {} : { declared: row.declared_block };
  }

  async deletions(fid: Fid): Promise<readonly DeletedFile[]> {
    const rows = await this.store.reads
      .selectFrom("deleted_files")
      .selectAll()
      .where("fid", "=", fid)
      .orderBy("account")
      .execute();
    return rows.map(({ account, block, deleted_at }) => ({
      account: account as CessAccount,
      at: deleted_at,
      ...(block === null ? {} : { block }),
    }));
  }
}

/** In the transaction in which the file's row learns that the chain does not list `account` any more, before it goes. */
export async function recordDeletion(tx: Tx, now: number, file: number, account: CessAccount): Promise<void> {
  const row = await tx
    .selectFrom("files")
    .select(["fid", "deleted_block as block"])
    .where("id", "=", file)
    .executeTakeFirst();
  if (!row) return;
  const { fid, block } = row;
  await tx
    .deleteFrom("deleted_files")
    .where((eb) =>
      eb.or([eb("deleted_at", "<", now - KEPT_MS), eb.and([eb("fid", "=", fid), eb("account", "=", account)])]),
    )
    .execute();
  await tx.insertInto("deleted_files").values({ fid, account, block, deleted_at: now }).execute();
}
