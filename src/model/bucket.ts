export interface Bucket {
  readonly name: string;
  /** Account.id of the owner. */
  readonly owner: string;
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}
