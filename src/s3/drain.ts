/**
 * How far the end of the process has come. From `begin` on, answers tell clients to close their connections, so that they
 * go elsewhere; from `refuse` on, new requests on connections that are still open are answered ServiceUnavailable.
 */
export class Drain {
  private begun = false;
  private refusing = false;

  get isBegun(): boolean {
    return this.begun;
  }

  get isRefusing(): boolean {
    return this.refusing;
  }

  begin(): void {
    this.begun = true;
  }

  refuse(): void {
    this.begun = true;
    this.refusing = true;
  }
}
