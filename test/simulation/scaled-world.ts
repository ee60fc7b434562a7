import { createHash } from "node:crypto";
import { register } from "node:module";
import type { Redirect, Rewrite, WorldHooks } from "./world-hooks.js";

/** Bytes of a fragment in the simulation: a segment has four, so it is 4 KiB instead of 32 MiB. */
const FRAGMENT = 1024;

/**
 * Everything the network measures in segments, 8192 times smaller. The code is the real one; only its sizes are not.
 */
const SCALE: readonly Rewrite[] = [
  {
    file: "/src/model/sizes.js",
    find: "export const SEGMENT_SIZE = 32 * MIB;",
    replace: `export const SEGMENT_SIZE = ${4 * FRAGMENT};`,
  },
  {
    file: "/src/model/hash.js",
    find: "2daeb1f36095b44b318410b3f4e8b5d989dcc7bb023d1426c492dab0a3053e74",
    replace: createHash("sha256").update(Buffer.alloc(FRAGMENT)).digest("hex"),
  },
  {
    file: "/src/encoding/codec.js",
    find: "export const STRIP_SIZE = 64 * 1024;",
    replace: `export const STRIP_SIZE = ${FRAGMENT / 2};`,
  },
  {
    file: "/src/blobs/write-buffer.js",
    find: "const SYNC_BYTES = 8 * MIB;",
    replace: `const SYNC_BYTES = ${FRAGMENT};`,
  },
  // Small blobs have several pieces, and pieces lie on either side of every limit.
  {
    file: "/src/streams/piece-checksums.js",
    find: "export const PIECE_BYTES = 64 * KIB;",
    replace: `export const PIECE_BYTES = ${FRAGMENT / 4 + 1};`,
  },
  // A tag does not shrink, so a chunk does less than a fragment: a segment has 32 of them instead of 512.
  {
    file: "/src/model/sizes.js",
    find: "export const CHUNK_SIZE = 64 * KIB;",
    replace: `export const CHUNK_SIZE = ${FRAGMENT / 8};`,
  },
  {
    file: "/src/model/sizes.js",
    find: "export const PACK_HEADER_BYTES = 64;",
    replace: "export const PACK_HEADER_BYTES = 32;",
  },
  {
    file: "/src/encoding/segment-source.js",
    find: "Buffer.allocUnsafe(MIB)",
    replace: `Buffer.allocUnsafe(${FRAGMENT})`,
  },
  // A rebuild may be broken off between any two transactions.
  { file: "/src/journal/journal-source.js", find: "const BATCH = 500;", replace: "const BATCH = 3;" },
  { file: "/src/gateway/limits.js", find: "minPartBytes: 5 * MIB", replace: `minPartBytes: ${FRAGMENT / 2}` },
];

const here = (name: string) => new URL(name, import.meta.url).href;
const fromDisk = (importer: string): Redirect => ({
  importer,
  specifier: "node:fs/promises",
  to: here("./simulated-fs-promises.js"),
});
const dice = (importer: string): Redirect => ({
  importer,
  specifier: "node:crypto",
  to: here("./simulated-crypto.js"),
});

/** Where the code meets the machine, it meets the simulated one. */
const MACHINE: readonly Redirect[] = [
  fromDisk("/src/blobs/file-blobs.js"),
  fromDisk("/src/blobs/packs.js"),
  fromDisk("/src/blobs/file-quarantine.js"),
  fromDisk("/src/blobs/shared-folder.js"),
  fromDisk("/src/blobs/folder-pack-store.js"),
  {
    importer: "/src/blobs/fresh-blobs.js",
    specifier: "node:perf_hooks",
    to: here("./simulated-perf-hooks.js"),
  },
  fromDisk("/src/files/disk-space.js"),
  fromDisk("/src/files/folder-sync.js"),
  fromDisk("/src/cache/disk-tier.js"),
  ...["encoding/slice-reader", "streams/file-chunks", "streams/descriptors", "blobs/open-packs"].map((module) => ({
    importer: `/src/${module}.js`,
    specifier: "node:fs",
    to: here("./simulated-fs.js"),
  })),
  {
    importer: "/src/catalog/sqlite/sqlite-store.js",
    specifier: "node:fs/promises",
    to: here("./simulated-catalog-files.js"),
  },
  { importer: "/src/catalog/sqlite/sqlite-store.js", specifier: "libsql", to: here("./simulated-libsql.js") },
  {
    importer: "/src/catalog/sqlite/sqlite-store.js",
    specifier: "node:timers/promises",
    to: here("./simulated-timers-promises.js"),
  },
  dice("/src/blobs/blob-id.js"),
  dice("/src/catalog/version-chain.js"),
  dice("/src/gateway/uploads/upload-service.js"),
  dice("/src/cache/disk-tier.js"),
  dice("/src/gateway/objects/object-encryption.js"),
  dice("/src/keys/sealed-text.js"),
  dice("/src/packing/pack-writer.js"),
  dice("/src/journal/sealed-journal.js"),
  { importer: "/src/journal/journal-text.js", specifier: "node:zlib", to: here("./simulated-zlib.js") },
];

/** Must be called before any module of src is loaded. `planted`: bugs to build in. */
export function enterScaledWorld(planted: readonly Rewrite[] = []): void {
  const data: WorldHooks = { rewrites: [...SCALE, ...planted], redirects: MACHINE };
  register(here("./world-hooks.js"), { data });
}
