/**
 * Where small state is kept that may be lost, as text or as what JSON can hold: a Keyv is one. It may be shared by several
 * processes: what is read may be another one's, and of any version.
 */
export interface KeyValueStore {
  get(key: string): Promise<unknown>;
  /** `ttlMs`: how long it is kept, ms; for ever when undefined. */
  set(key: string, value: unknown, ttlMs?: number): Promise<unknown>;
}
