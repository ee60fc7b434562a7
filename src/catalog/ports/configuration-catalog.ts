/** Two numbers, of which one grows with each change of what it counts. */
export interface ConfigurationMark {
  /** Of buckets and their documents. */
  readonly buckets: number;
  /** Of accounts, with their quotas, and of access keys. */
  readonly identities: number;
}

/**
 * How new that is which is kept in memory of buckets, bucket documents, accounts and keys, because every request needs
 * it. Where other processes write to the catalog, too, their changes are found by the mark, which every transaction raises
 * that makes one.
 */
export interface ConfigurationCatalog {
  /**
   * To be awaited when a request arrives, before anything is decided. From then on what is answered of buckets and
   * documents has every change that was durable before the call, whichever process made it. Calls of one moment share one
   * read. Where no other process writes, nothing is read.
   */
  refresh(): Promise<ConfigurationMark>;
  /** As `refresh`, but a mark is good for a second: for work that no request waits for. */
  recent(): Promise<ConfigurationMark>;
}
