import { mkdir, open, opendir, rm } from "node:fs/promises";
import { join } from "node:path";
import { abortable } from "../../async/abort.js";
import { Semaphore } from "../../async/semaphore.js";
import type { BlobSlice } from "../../model/object.js";
import { newBlobName } from "../blob-id.js";
import { writeAll } from "../write-all.js";

/** A part of a local file. */
export interface SpooledBytes {
  readonly position: number;
  readonly content: AsyncIterable<Uint8Array>;
}

export interface SpoolSettings {
  /** Created if it does not exist. Processes of one machine may share it. */
  readonly folder: string;
  /** Bytes of all copies that are in use or kept. What one caller needs is let in, however much it is. */
  readonly limit: number;
}

interface Copy {
  readonly path: string;
  readonly release: () => void;
  users: number;
  readonly ready: Promise<void>;
}

/**
 * Local copies of slices of blobs, for worker threads. A copy has its bytes where the blob has them, and holes elsewhere. It is
 * kept until its room is needed: a segment is read several times on its way.
 */
export class Spool {
  /** By slice; those that were used last are at the end. */
  private readonly copies = new Map<string, Copy>();
  private readonly room: Semaphore;

  private constructor(
    private readonly folder: string,
    limit: number,
  ) {
    this.room = new Semaphore({ permits: limit });
  }

  /** Removes what processes have left that have ended. */
  static async open({ folder, limit }: SpoolSettings): Promise<Spool> {
    await mkdir(folder, { recursive: true });
    for await (const { name } of await opendir(folder))
      if (!isAlive(Number(name.split("-")[0]))) await rm(join(folder, name), { recursive: true, force: true });
    const own = join(folder, `${process.pid}-${newBlobName()}`);
    await mkdir(own);
    return new Spool(own, limit);
  }

  /** Bytes that copies take. */
  get bytes(): number {
    return this.room.used;
  }

  /**
   * Runs `work` with the paths of copies of these slices. `fetch` gives what a copy is made of, `bytesOf` how much that is.
   * Rejects with the signal's reason, or as `fetch` does.
   */
  async with<T>(
    slices: readonly BlobSlice[],
    fetch: (slice: BlobSlice) => readonly SpooledBytes[],
    bytesOf: (slice: BlobSlice) => number,
    work: (paths: readonly string[]) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const used = this.use(slices) ?? (await this.make(slices, fetch, bytesOf, signal));
    try {
      await abortable(Promise.all(used.map(({ ready }) => ready)), [signal]);
      return await work(used.map(({ path }) => path));
    } finally {
      for (const copy of used) copy.users--;
      if (this.room.waiting > 0) await this.dropUnused();
    }
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Undefined unless there are copies of all. */
  private use(slices: readonly BlobSlice[]): Copy[] | undefined {
    const found = slices.map((slice) => this.copies.get(keyOf(slice)));
    if (!found.every((copy) => copy !== undefined)) return undefined;
    for (const [index, slice] of slices.entries()) this.lend(keyOf(slice), found[index] as Copy);
    return found;
  }

  /** While it waits for room it holds no copy, so that no two callers wait for each other. */
  private async make(
    slices: readonly BlobSlice[],
    fetch: (slice: BlobSlice) => readonly SpooledBytes[],
    bytesOf: (slice: BlobSlice) => number,
    signal: AbortSignal | undefined,
  ): Promise<Copy[]> {
    const release = await this.take(
      slices.reduce((sum, slice) => sum + bytesOf(slice), 0),
      signal,
    );
    return slices.map((slice) => {
      const bytes = bytesOf(slice);
      const found = this.copies.get(keyOf(slice));
      if (!found) return this.copy(slice, () => release(bytes), fetch);
      release(bytes);
      this.lend(keyOf(slice), found);
      return found;
    });
  }

  private lend(key: string, copy: Copy): void {
    copy.users++;
    this.copies.delete(key);
    this.copies.set(key, copy);
  }

  private async take(bytes: number, signal: AbortSignal | undefined): Promise<(bytes?: number) => void> {
    const free = this.room.tryAcquire({ permits: bytes });
    if (free) return free;
    const waiting = this.room.acquire({ permits: bytes, signal });
    await this.dropUnused();
    return waiting;
  }

  /** As many as those need who wait for room, the oldest first. */
  private async dropUnused(): Promise<void> {
    for (const [key, { users }] of [...this.copies]) {
      if (this.room.waiting === 0) return;
      if (users === 0) await this.drop(key);
    }
  }

  private copy(slice: BlobSlice, release: () => void, fetch: (slice: BlobSlice) => readonly SpooledBytes[]): Copy {
    const key = keyOf(slice);
    const path = join(this.folder, newBlobName());
    const ready = write(path, fetch(slice));
    const copy: Copy = { path, release, users: 1, ready };
    this.copies.set(key, copy);
    // A copy that failed is of no use to the next one.
    ready.catch(() => (this.copies.get(key) === copy ? this.drop(key) : undefined));
    return copy;
  }

  private async drop(key: string): Promise<void> {
    const copy = this.copies.get(key);
    if (!copy) return;
    this.copies.delete(key);
    await rm(copy.path, { force: true }).catch(() => undefined);
    copy.release();
  }
}

async function write(path: string, parts: readonly SpooledBytes[]): Promise<void> {
  const file = await open(path, "wx");
  try {
    for (const { position, content } of parts) {
      let at = position;
      for await (const chunk of content) {
        await writeAll(file, chunk, at);
        at += chunk.length;
      }
    }
  } finally {
    await file.close();
  }
}

function keyOf({ blob, offset, length }: BlobSlice): string {
  return `${blob}/${offset}/${length}`;
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
