/** The mark by which the place of a catalog's staged bytes is known, where that is not its own data folder. */
export interface StagingMark {
  /** 128 random bits in hex, for good. Copies of a catalog have the same. */
  readonly name: string;
  /** A place was marked with it. */
  readonly marked: boolean;
}

export interface StagingCatalog {
  read(): Promise<StagingMark>;
  /** From now on staged bytes are where the mark is, and nowhere else. */
  setMarked(): Promise<void>;
}
