import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "./folder-sync.js";

/** Read and written by its owner alone. */
const MODE = 0o600;

/**
 * Writes a file whole or not at all: whatever crash or power cut comes, `path` is the old file or the new one, and it
 * is the new one, on the disk, once this resolves. Its mode is 0600. Its folder must exist, and nothing else may write
 * the file, or `path` with `.new` behind it, at the same time. Rejects with the file system's error.
 */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const next = `${path}.new`;
  const file = await open(next, "w", MODE);
  try {
    // One that a crash left keeps the mode that it had.
    await file.chmod(MODE);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
  await syncFolder(dirname(path));
}
