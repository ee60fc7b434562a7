import { bug, type Bug } from "./bug.js";

/** Slips in looking after stored files, and in telling the gateway's own trouble from the nodes'. */
export const scrubBugs: readonly Bug[] = [
  bug(
    "deleted-before-staged",
    "A file that is to be repaired is given up on the chain before its bytes are staged.",
    "scrubbing/repairer",
    "const restored = await this.restore(",
    "await catalog.checks.beginRepair(rows.map(({ id }) => ({ file: id, slices: [] })));\n        const restored = await this.restore(",
  ),
  bug(
    "restored-bytes-unlinked",
    "The bytes that were restored for a repair are not linked to their file.",
    "catalog/checks",
    "await linkFileBlobs(tx, file, slices);",
    "",
  ),
  bug(
    "restored-bytes-released",
    "Restored bytes go when the old file has gone, before the chain lists the new one.",
    "distribution/delete-job",
    "await catalog.files.deleted(row.id, unlisted);",
    "await catalog.files.deleted(row.id, unlisted);\n        if (row.restored) await catalog.files.stored(row.id).then(({ orphans }) => this.context.blobs.remove(orphans));",
  ),
  bug(
    "repair-undone",
    "A file under repair is kept on the chain because it is needed.",
    "distribution/delete-job",
    "row.restored !== true && !(await catalog.files.beginDelete(row.id))",
    "!(await catalog.files.beginDelete(row.id))",
  ),
  {
    name: "outage-repaired",
    what: "Fragments count as lost as soon as their nodes do not answer.",
    rewrites: [
      {
        file: "/src/scrubbing/file-look.js",
        find: "return samples >= SAMPLES && now - since >= this.settings.restoralMs;",
        replace: "return true;",
      },
      {
        file: "/src/scrubbing/repairer.js",
        find: "catalog.checks.degraded(now - restoralMs,",
        replace: "catalog.checks.degraded(now,",
      },
    ],
  },
  bug(
    "full-pack-left",
    "A pack that too few nodes have left is merged only when it is mostly empty.",
    "packing/packer",
    "for (const pack of await catalog.packs.toRenew())",
    "for (const pack of [])",
  ),
  {
    name: "own-load-blamed",
    what: "What fails while the event loop stands still counts against the nodes.",
    rewrites: [
      {
        file: "/src/network/nodes/persistent-node-registry.js",
        find: "const many = this.transfers.failed(account, now);",
        replace: "const many = false;",
      },
      {
        file: "/src/network/nodes/persistent-node-registry.js",
        find: "if (this.pausedSince(began))",
        replace: "if (false)",
      },
    ],
  },
];
