import type { Catalog, JournalCatalog } from "../../src/catalog/catalog.js";

/** Where a journal is when something happens; `any`: wherever. */
export const STAGES = ["any", "begin", "take", "order", "stored", "forget"] as const;
export type Stage = (typeof STAGES)[number];

export interface JournalWitness {
  /** The journal comes to this stage. */
  readonly reached: (stage: Stage) => void;
  /** It begins to read changes from the first one; resolves with what is to be called if that has left none. */
  readonly reading: () => (number: number) => void;
  /** The network has this journal. */
  readonly stored: (number: number) => void;
}

/** The catalog as the journal reaches it, with somebody who sees how far journals are. */
export function watchedJournal(catalog: Catalog, { reached, reading, stored }: JournalWitness): Catalog {
  const { journal } = catalog;
  const watched: Partial<JournalCatalog> = {
    begin: () => {
      reached("begin");
      return journal.begin();
    },
    take: async (number, after, limit) => {
      reached("take");
      const read = after ? undefined : reading();
      const page = await journal.take(number, after, limit);
      if (!page.next) read?.(number);
      return page;
    },
    order: (...given) => {
      reached("order");
      return journal.order(...given);
    },
    stored: async (number) => {
      reached("stored");
      await journal.stored(number);
      stored(number);
    },
    forget: (...given) => {
      reached("forget");
      return journal.forget(...given);
    },
  };
  return Object.assign(Object.create(catalog) as Catalog, {
    journal: Object.assign(Object.create(journal) as JournalCatalog, watched),
  });
}
