import { open, read } from "node:fs";

/*
 * Files by plain descriptors and callbacks: for an object of 1 MiB, handles and streams would cost as much as reading it.
 */

/** Opens a file for reading. The caller closes its descriptor. */
export function openFile(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, "r", (error, file) => {
      if (error) reject(error);
      else resolve(file);
    });
  });
}

/** Fills `target` with the file's bytes from byte `position` on. Resolves how many there were: fewer where the file ends. */
export async function readBytes(file: number, target: Uint8Array, position: number): Promise<number> {
  let filled = 0;
  // One call of the kernel may read fewer bytes than there are.
  while (filled < target.length) {
    const more = await readInto(file, target.subarray(filled), position + filled);
    if (more === 0) break;
    filled += more;
  }
  return filled;
}

function readInto(file: number, target: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(file, target, 0, target.length, position, (error, bytesRead) => {
      if (error) reject(error);
      else resolve(bytesRead);
    });
  });
}
