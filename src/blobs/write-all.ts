import type { FileHandle } from "node:fs/promises";

/** Writes all the bytes, from byte `position` of the file on. One call of the kernel may take only some of them. */
export async function writeAll(file: Pick<FileHandle, "write">, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, position + done);
    done += bytesWritten;
  }
}
