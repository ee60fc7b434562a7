/** How a file goes: whole, or in parts. Sizes in bytes. */

const MIB = 2 ** 20;
/** Files of at most this size go in one request. */
export const WHOLE_BYTES = 16 * MIB;
const PART_BYTES = 16 * MIB;
/** S3's limit. */
const MAX_PARTS = 10_000;

export interface Part {
  /** From 1. */
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** Whole MiB, and no more parts than S3 takes. */
export const partBytes = (size: number): number => Math.max(PART_BYTES, Math.ceil(size / MAX_PARTS / MIB) * MIB);

export function partsOf(size: number, bytes: number): Part[] {
  const count = Math.max(1, Math.ceil(size / bytes));
  return Array.from({ length: count }, (_, at) => ({
    number: at + 1,
    start: at * bytes,
    end: Math.min(size, (at + 1) * bytes),
  }));
}

/** An upload in parts that was begun, so that it can go on after a reload, when the same file is chosen again. */
export interface Begun {
  readonly accessKeyId: string;
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  /** The file's size, and its time of change, ms since 1970. */
  readonly size: number;
  readonly modified: number;
  readonly partBytes: number;
  /** Parts carry their SHA-256, by which those that are there are known to be the file's. */
  readonly hashed: boolean;
  /** ms since 1970 */
  readonly started: number;
}

/** Uploads that are remembered at most; the oldest are forgotten first. */
const MAX_BEGUN = 200;

/** What was begun, in storage that outlives the page; nothing secret is in it. */
export class BegunUploads {
  constructor(
    private readonly storage: { getItem(name: string): string | null; setItem(name: string, text: string): void },
    private readonly name = "cess-s3.uploads",
  ) {}

  /** Those of one access key. */
  all(accessKeyId: string): Begun[] {
    return this.read().filter((each) => each.accessKeyId === accessKeyId);
  }

  /** That of the same file to the same place. */
  find(wanted: Pick<Begun, "accessKeyId" | "bucket" | "key" | "size" | "modified">): Begun | undefined {
    return this.read().find(
      ({ accessKeyId, bucket, key, size, modified }) =>
        accessKeyId === wanted.accessKeyId &&
        bucket === wanted.bucket &&
        key === wanted.key &&
        size === wanted.size &&
        modified === wanted.modified,
    );
  }

  add(begun: Begun): void {
    this.write([...this.read(), begun].slice(-MAX_BEGUN));
  }

  remove(uploadId: string): void {
    this.write(this.read().filter((each) => each.uploadId !== uploadId));
  }

  private read(): Begun[] {
    try {
      const found = JSON.parse(this.storage.getItem(this.name) ?? "[]") as unknown;
      return Array.isArray(found) ? (found as Begun[]) : [];
    } catch {
      return [];
    }
  }

  private write(all: readonly Begun[]): void {
    try {
      this.storage.setItem(this.name, JSON.stringify(all));
    } catch {
      // A full or forbidden storage costs only that uploads do not go on after a reload.
    }
  }
}
