import { CatalogFile } from "../../catalog/sqlite/catalog-file.js";
import { serveCalls } from "../../threads/thread-calls.js";

export interface CatalogCopy {
  readonly from: string;
  readonly to: string;
}

const calls = {
  /** Copying a large catalog takes minutes, in which the command's own thread has a hold to extend. */
  copy: async ({ from, to }: CatalogCopy): Promise<void> => {
    const catalog = await CatalogFile.open(from);
    try {
      catalog.copyTo(to);
    } finally {
      catalog.close();
    }
  },
};
export type CatalogCalls = typeof calls;

serveCalls(calls);
