import { createHash } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isHash } from "../../model/hash.js";
import { FRAGMENT_SIZE, MIB } from "../../model/sizes.js";
import { fileChunks } from "../../streams/file-chunks.js";
import { readableBytes, type Progress } from "../progress.js";
import type { Findings } from "./finding.js";

/** A fragment that was read once only has this behind its hash. */
const NEWCOMER = /\.new$/;
const ZEROS = Buffer.alloc(MIB);

/** Cached fragments, each against its name, which is its hash. */
export async function* checkCache(folder: string, repair: boolean, progress: Progress): Findings {
  const names = await readdir(folder).catch(() => []);
  let bytes = 0;
  for (const name of names) {
    const hash = name.replace(NEWCOMER, "");
    if (!isHash(hash)) continue;
    const path = join(folder, name);
    const found = await digest(path, (count) => {
      bytes += count;
      progress.show(() => `cache: ${readableBytes(bytes)} verified`);
    });
    if (found === hash) continue;
    if (repair) await rm(path, { force: true });
    yield {
      kind: "cache-damaged",
      subject: path,
      meaning: "the cached fragment is not what its name says; it costs a second read, and is never given to anybody",
      remedy: repair ? "it was removed" : "--repair removes it; so does the gateway when it is read",
      repaired: repair,
    };
  }
}

/** Zeros at a fragment's end are not in the file. */
async function digest(path: string, onBytes: (count: number) => void): Promise<string> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of fileChunks(path)) {
    hash.update(chunk);
    size += chunk.length;
    onBytes(chunk.length);
  }
  for (; size < FRAGMENT_SIZE; size += ZEROS.length) hash.update(ZEROS.subarray(0, FRAGMENT_SIZE - size));
  return hash.digest("hex");
}
