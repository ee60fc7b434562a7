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
  bug(
    "objects-move-early",
    "Objects move to a merged pack that is not stored yet, and the packs where they are stored go.",
    "catalog/packs",
    `"m.source_id", "m.source_offset"])
                .where("f.state", "=", "stored")`,
    `"m.source_id", "m.source_offset"])`,
  ),
  {
    name: "deleted-linked-anyway",
    what: "An object that was deleted while its pack was written is linked to the pack.",
    rewrites: [
      {
        file: "/src/catalog/packs.js",
        find: "const objects = content.objects.filter(({ version }) => waiting.has(toRowId(version) ?? 0));",
        replace: "const objects = content.objects;",
      },
      {
        file: "/src/catalog/packs.js",
        find: "const size = sizeOf.get(versionId);",
        replace: "const size = sizeOf.get(versionId) ?? length;",
      },
    ],
  },
  bug(
    "pack-bytes-not-linked",
    "A pack's staged bytes go when its objects are linked to it, before it is stored.",
    "catalog/packs",
    "await linkFileBlobs(tx, id, pack.blobs);",
    "",
  ),
  bug(
    "one-copy-moves",
    "Of the objects that share a run of a pack only one moves when the pack is merged.",
    "catalog/packs",
    `        .where("digest", "is not", null)
        .returning("version_id")`,
    `        .where("version_id", "=", tx.selectFrom("extents as o").select(({ fn }) => fn.min("o.version_id").as("first"))
            .where("o.file_id", "=", move.source_id).where("o.offset", "=", move.source_offset))
        .returning("version_id")`,
  ),
  bug(
    "identity-not-moved",
    "An object that moved to another pack is still said to be in the old one.",
    "catalog/packs",
    ".set({ fid: move.fid })",
    `.set((eb) => ({ fid: eb.ref("fid") }))`,
  ),
  bug(
    "merged-pack-kept",
    "A pack whose objects have moved stays on chain.",
    "catalog/packs",
    "touched.add(move.source_id).add(move.file_id);",
    "touched.add(move.file_id);",
  ),
  bug(
    "moved-bytes-not-counted",
    "The bytes that move into a pack do not count as live there.",
    "catalog/packs",
    "[move.file_id, move.length],",
    "",
  ),
  bug(
    "moves-forgotten",
    "A new pack is discarded because no object is in it yet, though some are about to move there.",
    "catalog/file-links",
    "return (await moves.executeTakeFirst()) !== undefined;",
    "return false;",
  ),
  bug(
    "dead-bytes-not-counted",
    "A pack's live bytes stay as they were when an object in it is deleted or replaced.",
    "catalog/file-links",
    "await countLive(tx, row, -row.stored_length);",
    ";",
  ),
  bug(
    "copy-taken-for-dead",
    "A run of a pack counts as dead when one of several copies goes.",
    "catalog/file-links",
    `    if (other)
        return;
    await tx`,
    "    await tx",
  ),
  bug(
    "queue-row-kept",
    "A deleted object goes on waiting for a pack.",
    "catalog/versions",
    "await dequeue(tx, [version.id]);",
    "",
  ),
  bug(
    "queue-not-charged",
    "Objects that wait for a pack do not count as on their way to the network, so more is admitted than a territory holds.",
    "catalog/objects",
    "(queued.bytes ?? 0)",
    "0",
  ),
  bug(
    "packer-pin-kept",
    "The packer never gives back its pins on the blobs that it has packed.",
    "packing/packer",
    "            unpin();",
    "            void unpin;",
  ),
  bug(
    "owners-mixed",
    "Packs of several owners are merged into one of the first.",
    "packing/packer",
    "owner === group.owner && territory",
    "territory",
  ),
  bug(
    "gaps-forgotten",
    "Merging does not reckon with gaps, and does again and again what frees nothing.",
    "packing/merge-policy",
    "mostBytes(queuedBytes + live)",
    "queuedBytes + live",
  ),
  bug(
    "too-large-for-now",
    "An object from a time when packs were larger waits for ever, and all behind it.",
    "packing/pack-writer",
    "if (this.objects.length > 0 && !this.fits(length))",
    "if (!this.fits(length))",
  ),
  bug(
    "packed-chunks-numbered-alike",
    "All chunks of a packed object but the last are sealed as its first.",
    "encoding/run-cipher",
    "yield this.sealChunk(chunk++, pending);",
    "yield this.sealChunk(0 * chunk++, pending);",
  ),
  bug(
    "packed-bytes-not-proven",
    "The bytes of a packed object are believed as the node gives them.",
    "retrieval/packed-object",
    `return hasher.digest("hex") === this.run.digest;`,
    "return true;",
  ),
  bug(
    "moved-while-read",
    "A read does not look again when the object has moved since its row was read.",
    "gateway/objects/object-bytes",
    "if (attempt === ATTEMPTS || isSamePlace(now, current))",
    "if (true)",
  ),
  bug(
    "own-file-ignored",
    "An object is packed though it is to have a file of its own.",
    "gateway/ingest/object-layout",
    `        if (own !== undefined)
            return own;`,
    "",
  ),
];
