import type { Rewrite } from "./world-hooks.js";

/** A bug planted by hand, to see that the simulation finds it. */
export interface Bug {
  readonly name: string;
  /** What the gateway does with it, as a sentence. */
  readonly what: string;
  readonly rewrites: readonly Rewrite[];
}

const bug = (name: string, what: string, file: string, find: string, replace: string): Bug => ({
  name,
  what,
  rewrites: [{ file: `/src/${file}.js`, find, replace }],
});

/**
 * Each is a plausible slip in one line of the compiled code. A line that has changed makes the planting fail, loudly.
 */
export const bugs: readonly Bug[] = [
  bug(
    "release-before-finality",
    "Staged bytes go when the best block has the file, which a fork may take back.",
    "distribution/store-context",
    `const final = await chain.file(row.fid, "finalized");`,
    `const final = await chain.file(row.fid, "best");`,
  ),
  bug(
    "order-without-looking",
    "A file is declared although a deal for it may be pending.",
    "distribution/ordering",
    `const { deal, file } = await readFileStatus(chain, row.fid, "best");`,
    "const deal = undefined, file = undefined;",
  ),
  bug(
    "signed-not-saved",
    "A declaration leaves the process before the catalog knows that it was signed.",
    "distribution/ordering",
    "onSigned: (signed) => catalog.files.markSigned(row.id, signed)",
    "onSigned: () => Promise.resolve()",
  ),
  bug(
    "unsettled-ignored",
    "What was signed before a crash is not waited for.",
    "distribution/store-context",
    "                return true;",
    "                return false;",
  ),
  bug(
    "vanished-at-once",
    "A deal that is missing at one block is declared again at once.",
    "distribution/delivery",
    "if (block - since.block < vanishedBlocks || clock.now() - since.at < vanishedBlocks * blockMs)",
    "if (false)",
  ),
  bug(
    "mark-not-kept",
    "A process believes an endpoint that is far behind what the process before it was answered from.",
    "network/chain/finalized-watermark",
    "if (this.unsaved() >= UNSAVED_BLOCKS)",
    "if (false)",
  ),
  bug(
    "two-indexes-on-a-node",
    "Placement forgets which nodes have an index of the file already.",
    "model/placement",
    "roomy.filter((node) => !holders.has(node.account))",
    "roomy.filter(() => true)",
  ),
  bug(
    "silence-accepted",
    "A node that took its fragments and never reports is waited for without end.",
    "distribution/delivery",
    "await this.revokeSilent(placements, memory);",
    "",
  ),
  bug(
    "hash-not-checked",
    "A fragment is believed as the node gives it.",
    "retrieval/node-fetcher",
    "bytes.length === FRAGMENT_SIZE ? await this.components.encoder.verify(bytes, fragment.hash, signal && { signal }) : undefined",
    "bytes",
  ),
  bug(
    "orphans-kept",
    "The sweeper finds what nothing links, and leaves it.",
    "maintenance/orphan-sweeper",
    "await blobs.remove(orphans);",
    "",
  ),
  bug(
    "fresh-blobs-swept",
    "The sweeper takes blobs whose row is about to be written.",
    "blobs/blob-pins",
    "return !this.registered.has(id) && !this.pins.has(id);",
    "return true;",
  ),
  bug(
    "pin-kept",
    "The encode job never gives its pins back.",
    "distribution/encode-job",
    "            unpin();",
    "            void unpin;",
  ),
  bug(
    "bytes-not-synced",
    "A blob is acknowledged before its bytes are on the disk.",
    "blobs/write-buffer",
    "await this.file.datasync();",
    "",
  ),
  bug(
    "name-not-synced",
    "A blob is acknowledged before its name is on the disk.",
    "blobs/file-blobs",
    "await this.folderSyncs.get(id.charAt(0))?.sync();",
    "",
  ),
  bug(
    "pack-not-synced",
    "Small blobs are acknowledged before the pack's bytes are on the disk.",
    "blobs/packs",
    "await pack.file.datasync();",
    "",
  ),
  bug(
    "pack-name-not-synced",
    "Small blobs are acknowledged before their pack's name is on the disk.",
    "blobs/packs",
    "await syncFolder(this.folder);",
    "",
  ),
  bug(
    "pack-with-its-first",
    "A pack goes with the first of its blobs.",
    "blobs/packs",
    "if (live.size > 0 || this.own === pack)",
    "if (this.own === pack)",
  ),
  bug(
    "commit-not-synced",
    "A transaction is acknowledged before the catalog's log is on the disk.",
    "catalog/sqlite/sqlite-store",
    "return this.wal.datasync();",
    "return Promise.resolve();",
  ),
  bug(
    "part-of-object-released",
    "An object of several files loses its staged bytes when the first of them is stored.",
    "catalog/files",
    `.where("f.state", "!=", "stored")`,
    `.where("f.state", "=", "nowhere")`,
  ),
  bug(
    "needed-file-deleted",
    "A file is deleted on chain although an object needs it again.",
    "catalog/files",
    "if (deletable && !(await isReferenced(tx, file))) {",
    "if (deletable) {",
  ),
  bug(
    "stale-preparation",
    "Segments prepared from a part that was sent again are used.",
    "preprocessing/resumable-preprocessing",
    "if (slices && segmentSource(slices, format) === source)",
    "if (slices)",
  ),
  bug(
    "upload-format-lost",
    "The job of a completed upload is not told how the upload is encrypted.",
    "catalog/uploads",
    `await addJob(tx, now, "encode", row.id, format);`,
    `await addJob(tx, now, "encode", row.id, null);`,
  ),
  {
    name: "deletion-not-final",
    what: "A file's row goes as soon as the best block no longer lists its owner, which a fork may take back.",
    rewrites: [
      {
        file: "/src/distribution/delete-job.js",
        find: `const final = await chain.file(row.fid, "finalized");`,
        replace: `const final = await chain.file(row.fid, "best");`,
      },
      {
        file: "/src/distribution/delete-job.js",
        find: "if (!row.signed && !(await this.staysAway(row)))",
        replace: "if (false)",
      },
    ],
  },
  bug(
    "orders-not-serialised",
    "Two owners' orders for the same file may run at once.",
    "distribution/fid-locks",
    "if (this.held.has(fid))",
    "if (false)",
  ),
  bug(
    "twin-forgotten",
    "A file goes from the chain although another S3 account of the same CESS account needs it.",
    "distribution/delete-job",
    "if (await this.neededByTwin(row, account))",
    "if (false)",
  ),
  bug(
    "data-key-reused",
    "Objects of one process have one data key.",
    "gateway/objects/object-encryption",
    `randomBytes(DATA_KEY_BYTES).toString("hex")`,
    `(this.reused ??= randomBytes(DATA_KEY_BYTES).toString("hex"))`,
  ),
  bug(
    "data-key-in-clear",
    "The catalog keeps the data keys of staged objects as they are.",
    "catalog/segment-columns",
    "{ sealed: this.sealer.seal(key, PURPOSE) }",
    "{ key }",
  ),
  bug(
    "data-key-kept",
    "A stored file's row keeps its data key, so that a customer's key is not needed any more.",
    "catalog/files",
    "await dropDataKey(tx, file);",
    "",
  ),
  bug(
    "copy-not-rewrapped",
    "A copy that shares encrypted files has a fresh data key wrapped instead of theirs.",
    "gateway/objects/object-copy",
    "            ...rewrapped,",
    "            ...fresh,",
  ),
  bug(
    "files-numbered-alike",
    "Each file of a large object numbers its segments from 0: one nonce seals two contents.",
    "model/file",
    "first: format.first + index",
    "first: format.first",
  ),
  bug(
    "any-customer-key",
    "A customer's key is asked for and not compared.",
    "gateway/objects/object-encryption",
    `throw new S3Error("AccessDenied", { message: "The encryption key`,
    `void new S3Error("AccessDenied", { message: "The encryption key`,
  ),
  bug(
    "old-master-forgotten",
    "What an older master key sealed is opened with the newest.",
    "keys/key-ring",
    "this.master.get(sealedBy(sealed))",
    "this.current",
  ),
  bug(
    "key-use-not-recorded",
    "The catalog does not know which keys it needs.",
    "gateway/objects/object-encryption",
    "await catalog.keyUses.record(id);",
    "",
  ),
  bug(
    "format-forgotten",
    "An encode job does not know that its object is to be encrypted.",
    "catalog/jobs",
    "...(job.format === null ? {} : { format: this.formats.unpack(job.format) }),",
    "",
  ),
  {
    name: "lease-not-released",
    what: "The jobs that a process held when it died are nobody's for ever.",
    rewrites: [
      {
        file: "/src/catalog/jobs.js",
        find: `.where("kind", "=", kind).where("due_at", "<=", now)`,
        replace: `.where("kind", "=", kind).where("leased", "=", 0).where("due_at", "<=", now)`,
      },
      {
        file: "/src/catalog/jobs.js",
        find: `leased: 0, woken: 0 }).where("leased", "=", 1)`,
        replace: `leased: 0, woken: 0 }).where("leased", "=", 2)`,
      },
    ],
  },
];
