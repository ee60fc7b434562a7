/** A few small files at the place of staged bytes, beside them, by which gateways know the place. */
export interface PlaceFiles {
  /** Where it is, for messages. */
  readonly name: string;
  /** Undefined where there is no such file. Another gateway's write is seen soon, not at once. */
  read(file: string): Promise<string | undefined>;
  /** Replaces the file whole. It would survive a power cut when this resolves. */
  write(file: string, text: string): Promise<void>;
}
