/** Where small state is kept between two processes, which may be lost: a Keyv is one. */
export interface KeyValueStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<unknown>;
}
