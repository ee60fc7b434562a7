/** Where small state is kept between two processes, which may be lost: a Keyv is one. */
export interface Shelf {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<unknown>;
}
