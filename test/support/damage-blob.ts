import { open } from "node:fs/promises";
import type { Blobs } from "../../src/blobs/blobs.js";
import type { BlobId } from "../../src/model/object.js";

/** Flips a bit of the byte at `position` of a blob in a file, as a disk may. */
export async function damageBlob(
  blobs: Pick<Blobs, "withLocal">,
  id: BlobId | string,
  position: number,
): Promise<string> {
  return blobs.withLocal([{ blob: id as BlobId, offset: position, length: 1 }], async ([bytes]) => {
    const { path, offset } = bytes!;
    await flip(path, offset);
    return path;
  });
}

export async function flip(path: string, position: number): Promise<void> {
  const file = await open(path, "r+");
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, position);
    byte.writeUInt8(byte.readUInt8() ^ 4);
    await file.write(byte, 0, 1, position);
  } finally {
    await file.close();
  }
}
