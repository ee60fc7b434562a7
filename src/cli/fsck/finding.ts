/** Something that does not fit together. */
export interface Finding {
  /** In kebab case: `blob-missing`. */
  readonly kind: string;
  /** What it is about: an object, a blob, a file. */
  readonly subject: string;
  readonly meaning: string;
  /** What to do; for `--repair`, what was done. */
  readonly remedy: string;
  readonly repaired: boolean;
}

export type Findings = AsyncGenerator<Finding, void>;
