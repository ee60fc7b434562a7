import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, opendir, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "../files/folder-sync.js";
import { type Fid, type Hash, isHash, ZERO_FRAGMENT_HASH } from "../model/hash.js";
import { FRAGMENT_SIZE } from "../model/sizes.js";
import { SparseWriter } from "./sparse-writer.js";

/** The bytes are not the named fragment. */
export class FragmentMismatch extends Error {
  constructor(
    readonly what: "size" | "hash",
    message: string,
  ) {
    super(message);
    this.name = "FragmentMismatch";
  }
}

/** Unfinished fragments; what a crash leaves here is removed at the next opening. */
const TEMPORARY = "incoming";
/** stat counts blocks of this many bytes, whatever the file system's own are. */
const STAT_BLOCK = 512;

/**
 * Fragments as sparse files `folder/<fid>/<hash>`. A file under its name is complete, has the hash it is named after
 * and survives a crash: it is written elsewhere, synced, then renamed.
 */
export class FragmentStore {
  private bytes = 0;
  private readonly locks = new Map<Fid, Promise<unknown>>();

  constructor(private readonly folder: string) {}

  /** Makes the folder, removes unfinished fragments, and counts the bytes of the others. */
  async open(): Promise<void> {
    await rm(join(this.folder, TEMPORARY), { recursive: true, force: true });
    await mkdir(join(this.folder, TEMPORARY), { recursive: true });
    this.bytes = 0;
    for await (const fid of this.fids()) {
      for (const hash of await this.hashes(fid)) this.bytes += await this.cost(this.path(fid, hash));
    }
  }

  /** Bytes that the fragments occupy on disk; holes cost nothing. */
  get usage(): number {
    return this.bytes;
  }

  async has(fid: Fid, hash: Hash): Promise<boolean> {
    return (await ifExists(stat(this.path(fid, hash)))) !== undefined;
  }

  /** The fragment's file for reading, to be closed by the caller; undefined when it is not held. */
  async read(fid: Fid, hash: Hash): Promise<FileHandle | undefined> {
    return ifExists(open(this.path(fid, hash), "r"));
  }

  /** Stores the fragment. Rejects with FragmentMismatch, or with what reading `bytes` throws; then nothing is kept. */
  async put(fid: Fid, hash: Hash, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    await this.write(fid, hash, async (file) => {
      const writer = new SparseWriter(file);
      for await (const chunk of bytes) {
        if (writer.length + chunk.length > FRAGMENT_SIZE)
          throw new FragmentMismatch("size", `more than ${FRAGMENT_SIZE} bytes`);
        await writer.write(chunk);
      }
      if (writer.length !== FRAGMENT_SIZE) {
        throw new FragmentMismatch("size", `${writer.length} bytes, a fragment has ${FRAGMENT_SIZE}`);
      }
      if ((await writer.finish()) !== hash) throw new FragmentMismatch("hash", "the bytes have another hash");
    });
  }

  /** Stores the fragment of zeros, which is not sent. */
  async putZeros(fid: Fid): Promise<void> {
    await this.write(fid, ZERO_FRAGMENT_HASH, async (file) => {
      await file.truncate(FRAGMENT_SIZE);
      await file.sync();
    });
  }

  /** Every FID of which something is held. */
  async *fids(): AsyncGenerator<Fid> {
    for await (const entry of await opendir(this.folder)) if (isHash(entry.name)) yield entry.name as Fid;
  }

  async hashes(fid: Fid): Promise<Set<Hash>> {
    const names = (await ifExists(readdir(join(this.folder, fid)))) ?? [];
    return new Set(names.filter((name) => isHash(name)));
  }

  /** Removes these fragments, and the FID's folder with its last one. To be called inside `exclusive`. */
  async remove(fid: Fid, hashes: Iterable<Hash>): Promise<void> {
    for (const hash of hashes) {
      const cost = await this.cost(this.path(fid, hash));
      await rm(this.path(fid, hash), { force: true });
      this.bytes -= cost;
    }
    await ifExists(
      rmdir(join(this.folder, fid)).catch((error: unknown) => {
        if (!(error instanceof Error && "code" in error && error.code === "ENOTEMPTY")) throw error;
      }),
    );
  }

  /** Runs actions on the same FID one after another: dropping a fragment never overlaps with a promise to keep it. */
  async exclusive<T>(fid: Fid, run: () => Promise<T>): Promise<T> {
    const before = this.locks.get(fid) ?? Promise.resolve();
    const mine = before.then(run, run);
    this.locks.set(fid, mine);
    try {
      return await mine;
    } finally {
      if (this.locks.get(fid) === mine) this.locks.delete(fid);
    }
  }

  private async write(fid: Fid, hash: Hash, fill: (file: FileHandle) => Promise<void>): Promise<void> {
    const temporary = join(this.folder, TEMPORARY, randomUUID());
    try {
      const file = await open(temporary, "wx");
      try {
        await fill(file);
      } finally {
        await file.close();
      }
      await this.exclusive(fid, () => this.adopt(temporary, fid, hash));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** Gives the finished file its name, and syncs its folders, so that the name survives a power cut. */
  private async adopt(temporary: string, fid: Fid, hash: Hash): Promise<void> {
    const cost = await this.cost(temporary);
    const replaced = await this.cost(this.path(fid, hash));
    if ((await mkdir(join(this.folder, fid), { recursive: true })) !== undefined) await syncFolder(this.folder);
    await rename(temporary, this.path(fid, hash));
    this.bytes += cost - replaced;
    await syncFolder(join(this.folder, fid));
  }

  private async cost(path: string): Promise<number> {
    return ((await ifExists(stat(path)))?.blocks ?? 0) * STAT_BLOCK;
  }

  private path(fid: Fid, hash: Hash): string {
    return join(this.folder, fid, hash);
  }
}

/** The result, or undefined when the file or folder is not there. */
async function ifExists<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
