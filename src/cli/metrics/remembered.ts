/** The share of the time, at most, in which what is remembered is found out anew. */
const SHARE = 1 / 20;

/**
 * What costs something to find out, such as sums over the catalog: it is found out when asked for, but for at most a
 * twentieth of the time, so that asking often cannot hold up others. Who asks at the same time shares it.
 */
export class Remembered<T> {
  private known: { readonly value: T; readonly until: number } | undefined;
  private finding: Promise<T> | undefined;

  /** `now`: milliseconds, from any beginning. */
  constructor(
    private readonly find: () => Promise<T>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  readonly get = (): Promise<T> => {
    if (this.known && this.now() < this.known.until) return Promise.resolve(this.known.value);
    return (this.finding ??= this.findNow().finally(() => (this.finding = undefined)));
  };

  private async findNow(): Promise<T> {
    const began = this.now();
    const value = await this.find();
    const ended = this.now();
    this.known = { value, until: ended + (ended - began) / SHARE };
    return value;
  }
}
