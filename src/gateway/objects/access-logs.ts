/** Lines of a bucket's access log, to be put as an object. */
export interface SpooledLog {
  readonly bucket: string;
  /** Arrival of the first request, in milliseconds since 1970. All requests are of the same day. */
  readonly begun: number;
  readonly body: AsyncIterable<Uint8Array>;
  readonly size: number;
}

export interface AccessLogs {
  /** Puts a log object into the target bucket. False if the bucket no longer has one. Rejects like Objects.put. */
  deliver(log: SpooledLog, signal: AbortSignal): Promise<boolean>;
}
