import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Makes folder entries durable, with one fsync for all callers that wait. A sync that has begun may have missed a new
 * entry, so callers that come during one share the next.
 */
export class FolderSync {
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;

  constructor(private readonly path: string) {}

  /** Resolves when every entry made in the folder before this call would survive a power cut. */
  sync(): Promise<void> {
    if (!this.running) return this.start();
    this.next ??= this.running.catch(() => undefined).then(() => this.start());
    return this.next;
  }

  private start(): Promise<void> {
    this.next = undefined;
    const run = syncFolder(this.path).finally(() => {
      if (this.running === run) this.running = undefined;
    });
    this.running = run;
    return run;
  }
}

/** Makes a file's bytes durable, which something else has written. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  await file.sync().finally(() => file.close());
}

/** Makes a folder, with those above it that are missing and those of these names in it, durably. */
export async function makeFolders(folder: string, names: readonly string[]): Promise<void> {
  const made = await mkdir(folder, { recursive: true });
  for (const name of names) await mkdir(join(folder, name), { recursive: true });
  await syncFolder(folder);
  // A new folder is durable when its parent is synced, so every parent of a folder created here is synced.
  const above = made === undefined ? folder : dirname(made);
  for (let path = folder; path !== above;) await syncFolder((path = dirname(path)));
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  await folder.sync().finally(() => folder.close());
}
