/** Which catalog this is, and how far it has come. */
export interface CatalogMark {
  /** 128 random bits in hex. Copies of a catalog have the same. */
  readonly catalog: string;
  /** Grows while the catalog changes, never faster than it is told to. */
  readonly generation: number;
}

/** The catalog's own side of the mark by which a catalog that went back is noticed. */
export interface MarkCatalog {
  read(): Promise<CatalogMark>;
  /** The next generation. A catalog that has it has all that was written before. */
  advance(): Promise<CatalogMark>;
  /** From now on it counts as another catalog than every copy of it; its generation is above `generation`. */
  renew(generation: number): Promise<CatalogMark>;
  /** Rows changed since this process opened the catalog; to move the mark on is one. */
  changes(): number;
}
