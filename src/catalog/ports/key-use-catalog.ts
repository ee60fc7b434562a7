/** Ids of the keys that wrapped something here; each is recorded before the first row that needs it. */
export interface KeyUseCatalog {
  all(): Promise<readonly string[]>;
  record(keyId: string): Promise<void>;
}
