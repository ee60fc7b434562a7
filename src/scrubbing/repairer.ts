import type { Logger } from "pino";
import type { Progress, Worker } from "../background/worker.js";
import type { Blobs } from "../blobs/blobs.js";
import type { Catalog, FileRow, FileToCheck } from "../catalog/catalog.js";
import type { CessAccount } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import { DomainError } from "../model/errors.js";
import { PLAIN, type CessFile } from "../model/file.js";
import { SEGMENT_SIZE } from "../model/sizes.js";
import type { ChainFile } from "../network/chain/chain.js";
import type { Retrieval } from "../retrieval/retrieval.js";
import { DailyBudget } from "../async/daily-budget.js";
import type { FileLooks } from "./file-look.js";
import type { ScrubSettings } from "./settings.js";

/** Between two looks for files to repair, ms. */
const LOOK_MS = 60_000;
/** Candidates looked at in one step. */
const BATCH = 16;
/** Objects that are named when a file cannot be repaired. */
const NAMED_OBJECTS = 5;

export interface RepairerComponents {
  readonly catalog: Pick<Catalog, "checks" | "files" | "orphans">;
  readonly blobs: Pick<Blobs, "write" | "requireFresh" | "settle" | "remove" | "free">;
  readonly retrieval: Retrieval;
  readonly looks: FileLooks;
  readonly owners: (id: string) => { readonly cessAccount: CessAccount } | undefined;
  readonly clock: Clock;
  readonly log: Pick<Logger, "warn" | "error">;
  /** Wakes the worker of this name (Supervisor.wake). */
  readonly wake: (worker: string) => void;
}

/** What became of files that were to be repaired, since start. */
export interface RepairCounts {
  /** Restored into staging, to be deleted on the chain and ordered anew. */
  restored: number;
  /** Packs that are to be merged. */
  packs: number;
  unreadable: number;
  /** Another owner on the chain has the file, too: it would not go, so it cannot be stored anew. */
  shared: number;
}

/**
 * Repairs files of which too few fragments are left, after the network has had its time to do so. The bytes come first:
 * they are staged durably, and only then is the old file deleted on the chain. From there on the ordinary jobs go on:
 * delete, order, deliver; staging is released when a final block lists the new file. A pack is merged instead.
 */
export class Repairer implements Worker {
  readonly name = "repairer";
  readonly counts: RepairCounts = { restored: 0, packs: 0, unreadable: 0, shared: 0 };
  private readonly budget: DailyBudget;
  /** Files that could not be repaired, and until when they are left alone. */
  private readonly resting = new Map<string, number>();

  constructor(
    private readonly components: RepairerComponents,
    private readonly settings: ScrubSettings,
  ) {
    this.budget = new DailyBudget(components.clock, settings.repairBytesPerDay);
  }

  async step(signal: AbortSignal): Promise<Progress> {
    const { catalog, clock } = this.components;
    const { walkMs, restoralMs, repairBelow, repairs } = this.settings;
    if (walkMs === 0 || repairBelow === 0) return { kind: "idle" };
    const now = clock.now();
    for (const [file, until] of this.resting) if (until <= now) this.resting.delete(file);
    const { restored } = await catalog.checks.summary();
    // The resting ones must not hide the others.
    const candidates = await catalog.checks.degraded(now - restoralMs, BATCH + this.resting.size);
    for (const file of candidates) {
      if (this.resting.has(file.file) || (file.layout === "own-file" && restored >= repairs)) continue;
      // Whatever comes of it: it is not tried again at once.
      this.resting.set(file.file, now + this.settings.recheckMs);
      if (await this.repair(file, signal)) return { kind: "busy" };
    }
    return { kind: "idle", until: now + Math.min(LOOK_MS, this.settings.recheckMs) };
  }

  /** Whether something was done about the file. */
  private async repair(file: FileToCheck, signal: AbortSignal): Promise<boolean> {
    const { catalog, looks, wake } = this.components;
    const seen = await looks.look(file, false, signal);
    if (!seen || seen.kept >= this.settings.repairBelow) return false;
    if (file.layout === "pack") {
      await catalog.checks.renewPack(file.file);
      this.counts.packs++;
      wake("packer");
      return true;
    }
    return this.renew(file, seen.file, signal);
  }

  private async renew(file: FileToCheck, listed: ChainFile | undefined, signal: AbortSignal): Promise<boolean> {
    const { catalog, log, wake } = this.components;
    const rows = await catalog.files.withFid(file.fid);
    // Another job is about to change what the chain lists.
    if (
      rows.length === 0 ||
      rows.some(({ state, needed, layout }) => state !== "stored" || !needed || layout === "pack")
    )
      return false;
    if (listed && this.hasStrangers(listed, rows)) {
      this.counts.shared++;
      log.warn(
        { fid: file.fid, owners: listed.owners.map(({ account }) => account) },
        "a file has too few fragments left and cannot be stored anew, because accounts that are not configured here own it, too",
      );
      return false;
    }
    const sizes = rows.map(restoredSize);
    const size = Math.max(...sizes);
    if (!(await this.hasRoom(size))) return false;
    const restored = await this.restore(
      { fid: file.fid, segments: rows[0]?.segments ?? [], size },
      rows,
      sizes,
      signal,
    );
    if (restored === "unreadable") {
      this.counts.unreadable++;
      log.error(
        { fid: file.fid, objects: await catalog.checks.objects(file.file, NAMED_OBJECTS) },
        "a file is lost: fewer than 4 of its 12 fragments can be had from nodes, cache and peers",
      );
      return false;
    }
    if (!restored) return false;
    this.counts.restored++;
    wake("delete");
    return true;
  }

  private hasStrangers({ owners }: ChainFile, rows: readonly FileRow[]): boolean {
    const ours = new Set(rows.map(({ owner }) => this.components.owners(owner)?.cessAccount));
    return owners.some(({ account }) => !ours.has(account));
  }

  private async hasRoom(size: number): Promise<boolean> {
    const { blobs, log } = this.components;
    const free = await blobs.free();
    if (free < size) {
      log.warn({ bytes: size, free }, "a file waits for its repair: the disk has no room for its bytes");
      return false;
    }
    return this.budget.take(size);
  }

  /** Bytes first, row second: the rows change when what was restored would survive a power cut. */
  private async restore(
    { fid, segments, size }: Pick<CessFile, "fid" | "segments" | "size">,
    rows: readonly FileRow[],
    sizes: readonly number[],
    signal: AbortSignal,
  ): Promise<boolean | "unreadable"> {
    const { catalog, blobs, retrieval } = this.components;
    let blob;
    try {
      const range = { start: 0, end: size };
      // The segments as they are, not decrypted: no key is needed.
      const content = await retrieval.open([{ file: { fid, segments, size, format: PLAIN }, range }], signal);
      blob = await blobs.write(content, { signal, size });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof DomainError && error.problem.kind === "objectUnavailable") return "unreadable";
      throw error;
    }
    try {
      if (blob.size !== size) throw new Error(`${blob.size} of the ${size} bytes of ${fid} were restored`);
      blobs.requireFresh([blob.id]);
      return await catalog.checks.beginRepair(
        rows.map(({ id }, index) => ({
          file: id,
          slices: [{ blob: blob.id, offset: 0, length: sizes[index] ?? size }],
        })),
      );
    } finally {
      blobs.settle([blob.id]);
      await blobs.remove(await catalog.orphans([blob.id]));
    }
  }
}

/** Bytes of a file's segments, one after another; of a plain file without the zeros at the end. */
function restoredSize({ format, size, segments }: FileRow): number {
  const whole = segments.length * SEGMENT_SIZE;
  return format.name === "plain" ? Math.min(size, whole) : whole;
}
