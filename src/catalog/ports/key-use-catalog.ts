/** Ids of the keys that wrapped secrets in the catalog. Each is recorded before the first row that needs it. */
export interface KeyUseCatalog {
  all(): Promise<readonly string[]>;
  record(keyId: string): Promise<void>;
}
