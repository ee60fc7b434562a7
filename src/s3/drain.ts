import { S3Error } from "../gateway/s3-error.js";

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

  /** Of every answer. */
  get headers(): { readonly Connection?: "close" } {
    return this.begun ? { Connection: "close" } : {};
  }

  /** Throws ServiceUnavailable when no more requests are taken. */
  requireOpen(): void {
    if (this.refusing)
      throw new S3Error("ServiceUnavailable", { message: "This gateway is shutting down. Please try again." });
  }

  begin(): void {
    this.begun = true;
  }

  refuse(): void {
    this.begun = true;
    this.refusing = true;
  }
}
