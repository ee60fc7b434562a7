import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The socket's name in the data folder. */
export const SOCKET_NAME = "background.sock";
/** Of a Unix domain socket's path, in bytes: 108 on Linux, 104 elsewhere, with a zero at its end. */
const MAX_PATH_BYTES = 103;

export interface SocketPath {
  readonly path: string;
  /** Removes what was made for it. */
  remove(): Promise<void>;
}

/** In the data folder, or in a folder of its own for temporary files where that has too long a path. */
export async function socketPath(dataDir: string): Promise<SocketPath> {
  const path = resolve(dataDir, SOCKET_NAME);
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return { path, remove: () => rm(path, { force: true }) };
  const folder = await mkdtemp(join(tmpdir(), "cess-s3-"));
  return { path: join(folder, SOCKET_NAME), remove: () => rm(folder, { recursive: true, force: true }) };
}
