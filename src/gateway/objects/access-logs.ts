/** Lines of a bucket's access log that are to become an object. */
export interface SpooledLog {
  readonly bucket: string;
  /** When the first of its requests came, in milliseconds since 1970; all are of that day. */
  readonly begun: number;
  readonly body: AsyncIterable<Uint8Array>;
  readonly size: number;
}

export interface AccessLogs {
  /** Puts a log object where the bucket's logs go. False: they go nowhere any more. Rejects as Objects.put. */
  deliver(log: SpooledLog, signal: AbortSignal): Promise<boolean>;
}
