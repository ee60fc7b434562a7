import type { FileHandle } from "node:fs/promises";
import { MIB } from "../model/sizes.js";
import { writeAll } from "./write-all.js";

/** After each so many bytes a sync starts while more arrive, so the last sync has little left to do. */
const SYNC_BYTES = 8 * MIB;

/**
 * Writes chunks in order, one write at a time. Small chunks are gathered to `capacity` bytes; larger ones are written
 * without copying. When `add` resolves, the caller may reuse the chunk's memory, so a few buffers serve a body of any
 * size.
 */
export class WriteBuffer {
  private gathered: Buffer | undefined;
  private filled = 0;
  private position = 0;
  private synced = 0;
  private syncing: Promise<void> | undefined;

  constructor(
    private readonly file: FileHandle,
    private readonly capacity: number,
  ) {}

  async add(chunk: Uint8Array): Promise<void> {
    if (this.filled + chunk.byteLength > this.capacity) await this.flush();
    if (chunk.byteLength >= this.capacity) return this.write(chunk);
    this.gathered ??= Buffer.allocUnsafe(this.capacity);
    this.gathered.set(chunk, this.filled);
    this.filled += chunk.byteLength;
  }

  /** Writes what is left and syncs it all; returns the bytes written. */
  async finish(): Promise<number> {
    await this.flush();
    await this.syncing;
    await this.file.datasync();
    return this.position;
  }

  /** Resolves when no sync is under way. Until then the file must stay open. */
  async settled(): Promise<void> {
    await this.syncing?.catch(() => undefined);
  }

  private async flush(): Promise<void> {
    if (!this.gathered || this.filled === 0) return;
    await this.write(this.gathered.subarray(0, this.filled));
    this.filled = 0;
  }

  private async write(bytes: Uint8Array): Promise<void> {
    await writeAll(this.file, bytes, this.position);
    this.position += bytes.byteLength;
    if (this.position - this.synced >= SYNC_BYTES) this.syncEarly();
  }

  private syncEarly(): void {
    if (this.syncing) return;
    this.synced = this.position;
    const syncing = this.file.datasync().then(() => {
      this.syncing = undefined;
    });
    // `finish` reports the failure.
    syncing.catch(() => undefined);
    this.syncing = syncing;
  }
}
