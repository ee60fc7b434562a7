import { bug, type Bug } from "./bug.js";

/** Slips in what concerns packs alone. */
export const packingBugs: readonly Bug[] = [
  bug(
    "lock-ignored",
    "A version in a pack is deleted although it is locked.",
    "catalog/deletion",
    "requireUnlocked(lockColumn.unpack(version.lock), now, bypass);",
    "",
  ),
  bug(
    "objects-move-early",
    "Objects move to a merged pack that is not stored yet, and the packs where they are stored go.",
    "catalog/packs",
    `"m.source_id", "m.source_offset"])
                .where("f.state", "=", "stored")`,
    `"m.source_id", "m.source_offset"])`,
  ),
  bug(
    "deleted-linked-anyway",
    "An object that was deleted while its pack was written is linked to the pack.",
    "catalog/packs",
    "const objects = content.objects.filter(({ version }) => waiting.has(toRowId(version) ?? 0));",
    "const objects = content.objects;",
  ),
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
    ".set({ fid: move.fid, damage: null })",
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
    "await addLiveBytes(tx, move.file_id, move.length);",
    "",
  ),
  bug(
    "moves-forgotten",
    "A new pack is discarded because no object is in it yet, though some are about to move there.",
    "catalog/file-links",
    "if (await moves.executeTakeFirst())",
    "if (false)",
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
    "if (!other)",
    "",
  ),
  bug(
    "queue-row-kept",
    "A deleted object goes on waiting for a pack.",
    "catalog/versions",
    "await dequeueOne(tx, version.id)",
    "false",
  ),
  bug(
    "queue-not-charged",
    "Objects that wait for a pack do not count as on their way to the network, so more is admitted than a territory holds.",
    "catalog/undeclared",
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
    "packed-chunks-numbered-alike",
    "All chunks of a packed object are sealed as its first.",
    "encoding/run-cipher",
    "yield this.sealChunk(chunk++, piece);",
    "yield this.sealChunk(0 * chunk++, piece);",
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
