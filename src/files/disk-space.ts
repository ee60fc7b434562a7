import { stat, statfs } from "node:fs/promises";
import type { Clock } from "../model/clock.js";
import { DomainError } from "../model/errors.js";
import { GIB, MIB } from "../model/sizes.js";

export const DISK_SPACE_DEFAULTS = {
  /** How long a measurement is used, ms … */
  freshMs: 1_000,
  /** … and for how many bytes, since other programs may write as well. */
  freshBytes: 64 * MIB,
};

export interface DiskSpaceSettings extends Partial<typeof DISK_SPACE_DEFAULTS> {
  /** Bytes that bodies leave free. By default `defaultReserve` of the disk. */
  readonly reserveBytes?: number | undefined;
}

/** Bytes of a disk. */
export interface DiskMeasure {
  /** What this user may still write. */
  readonly free: number;
  readonly total: number;
}

export interface DiskSpaceComponents {
  readonly clock: Clock;
  /** Measures the disk. */
  readonly measure: () => Promise<DiskMeasure>;
}

/** Bytes. */
export interface DiskStatus {
  readonly free: number;
  readonly reserve: number;
  /** What was promised to bodies and is not written yet. */
  readonly inFlight: number;
  /** What bodies may still be promised; negative when they are already in the reserve. */
  readonly available: number;
}

/** Part of the disk that was promised to somebody who writes, and shrinks as they do. */
export interface DiskClaim {
  /** Makes sure that so many more bytes are promised. Rejects with DomainError `storageFull`. */
  cover(bytes: number): Promise<void>;
  /** So many bytes of it were written. */
  wrote(bytes: number): void;
  /** Gives back what was not written. */
  release(): void;
}

export interface ClaimOptions {
  /** For what frees more than it takes: half of the reserve is open to it. */
  readonly intoReserve?: boolean;
}

/** A claim whose size is not known grows by at least this while there is so much, bytes. */
const STEP = MIB;

/**
 * Bytes kept free by default: 256 MiB or 2 % of the disk, whichever is more; at most 8 GiB, which a catalog of hundreds of
 * millions of objects does not need more of, and at most a tenth of a small disk.
 */
export function defaultReserve(total: number): number {
  return Math.floor(Math.min(Math.max(256 * MIB, total / 50), 8 * GIB, total / 10));
}

/**
 * Shares out a disk. Bodies get what is free beyond a reserve, which is left to the catalog and to whatever frees space:
 * when all that is written stopped at a full disk, nothing could be deleted any more. What was promised and is not written
 * yet counts as taken. Other programs on the disk can still fill it.
 */
export class DiskSpace {
  private readonly settings: typeof DISK_SPACE_DEFAULTS & { readonly reserveBytes?: number | undefined };
  private readonly reliefs: ((bytes: number) => Promise<void>)[] = [];
  private measured:
    (DiskMeasure & { readonly at: number; readonly written: number; readonly claimed: number }) | undefined;
  private measuring: Promise<void> | undefined;
  private inFlight = 0;
  /** Bytes since the start. */
  private written = 0;
  private claimed = 0;

  constructor(
    private readonly components: DiskSpaceComponents,
    settings: DiskSpaceSettings = {},
  ) {
    this.settings = { ...DISK_SPACE_DEFAULTS, ...settings };
  }

  /** Of the disk that an existing folder is on. */
  static of(folder: string, clock: Clock, settings: DiskSpaceSettings = {}): DiskSpace {
    return new DiskSpace({ clock, measure: () => measureDisk(folder) }, settings);
  }

  /** `free` is asked to free so many bytes of what may be lost before bodies are refused. */
  relieveBy(free: (bytes: number) => Promise<void>): void {
    this.reliefs.push(free);
  }

  /** Promises so many bytes. Rejects with DomainError `storageFull`. The caller releases it. */
  async claim(bytes: number, options: ClaimOptions = {}): Promise<DiskClaim> {
    let left = 0;
    let released = false;
    const take = async (more: number) => {
      await this.take(more, options.intoReserve === true);
      left += more;
    };
    const shrink = (by: number) => {
      left -= by;
      this.inFlight -= by;
    };
    if (bytes > 0) await take(bytes);
    return {
      cover: async (wanted) => {
        const more = wanted - left;
        if (more > 0) await take(this.now().available < STEP ? more : Math.max(more, STEP));
      },
      wrote: (done) => {
        this.written += done;
        shrink(Math.min(done, left));
      },
      release: () => {
        if (!released) shrink(left);
        released = true;
      },
    };
  }

  /** Whether so many bytes are free beyond twice the reserve: for what may be lost, and must not press bodies. */
  async isAmple(bytes: number): Promise<boolean> {
    const { available, reserve } = await this.status();
    return available - bytes >= reserve;
  }

  /** Whether a body of so many bytes would be taken now. */
  async fits(bytes: number): Promise<boolean> {
    return (await this.status()).available >= bytes;
  }

  /** By a measurement that is fresh. */
  async status(): Promise<DiskStatus> {
    await this.refresh();
    return this.now();
  }

  private async take(bytes: number, intoReserve: boolean): Promise<void> {
    const missing = () => {
      const { available, reserve } = this.now();
      return bytes - available - (intoReserve ? Math.floor(reserve / 2) : 0);
    };
    await this.refresh();
    // Something may have been deleted since the last measurement.
    if (missing() > 0) await this.measure();
    for (const free of this.reliefs) {
      if (missing() <= 0) break;
      await free(missing());
      await this.measure();
    }
    if (missing() > 0)
      throw new DomainError(
        { kind: "storageFull" },
        "The gateway's disk is full but for its reserve. Objects can be deleted and read; try to write again later.",
      );
    this.inFlight += bytes;
    this.claimed += bytes;
  }

  private now(): DiskStatus {
    const { free = 0, total = 0, written = 0 } = this.measured ?? {};
    const reserve = this.settings.reserveBytes ?? defaultReserve(total);
    const left = free - (this.written - written);
    return { free: Math.max(0, left), reserve, inFlight: this.inFlight, available: left - this.inFlight - reserve };
  }

  private async refresh(): Promise<void> {
    const { measured } = this;
    const { freshMs, freshBytes } = this.settings;
    const age = measured === undefined ? Infinity : Math.abs(this.components.clock.now() - measured.at);
    if (age < freshMs && this.claimed - (measured?.claimed ?? 0) < freshBytes) return;
    this.measuring ??= this.read().finally(() => (this.measuring = undefined));
    await this.measuring;
  }

  /** Measures anew. One measurement serves all who came before it began. */
  private async measure(): Promise<void> {
    await this.measuring?.catch(() => undefined);
    this.measuring ??= this.read().finally(() => (this.measuring = undefined));
    await this.measuring;
  }

  private async read(): Promise<void> {
    // What is written meanwhile may be in the measurement or not: it counts as not.
    const { written, claimed } = this;
    const at = this.components.clock.now();
    this.measured = { ...(await this.components.measure()), at, written, claimed };
  }
}

/** The disk that an existing folder is on. */
export async function measureDisk(folder: string): Promise<DiskMeasure> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { free: bavail * bsize, total: blocks * bsize };
}

/** Whether two existing folders are on one disk. */
export async function onOneDisk(first: string, second: string): Promise<boolean> {
  const [one, other] = await Promise.all([stat(first), stat(second)]);
  return one.dev === other.dev;
}
