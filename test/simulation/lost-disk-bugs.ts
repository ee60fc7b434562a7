import { bug, type Bug } from "./bug.js";

/** Of a journal, or a rebuild: the world whose disks are lost finds them. */
const lostDisk = (...args: Parameters<typeof bug>): Bug => ({ ...bug(...args), world: "lost-disk" });

export const lostDiskBugs: readonly Bug[] = [
  lostDisk(
    "journal-without-deletions",
    "That something was deleted is not noted for the journal.",
    "catalog/migrations/0028-journal",
    `const EVENTS = ["insert", "update", "delete"];`,
    `const EVENTS = ["insert", "update"];`,
  ),
  lostDisk(
    "journal-without-tags",
    "That tags were changed is not noted for the journal.",
    "catalog/migrations/0028-journal",
    `"metadata", "tags", "lock"`,
    `"metadata", "lock"`,
  ),
  lostDisk(
    "journal-without-locks",
    "Journals leave out the locks of versions.",
    "catalog/journal-units",
    `"parts", "tags", "lock", "acl"`,
    `"parts", "tags", "acl"`,
  ),
  lostDisk(
    "journal-without-files",
    "New files are not noted for the journal.",
    "catalog/migrations/0028-journal",
    `columns: ["size", "territory"], where: "row.journal is null"`,
    `columns: ["size", "territory"], where: "row.journal is not null"`,
  ),
  lostDisk(
    "deletions-before-journal",
    "A file is deleted on the chain although a rebuild would need it.",
    "distribution/delete-job",
    "if (await catalog.journal.holds(id, this.context.clock.now() - this.settings.journalHoldMs))",
    "if (false)",
  ),
  lostDisk(
    "journal-ends-early",
    "A journal ends although something has changed while it was read.",
    "journal/journal-worker",
    "return after === undefined;",
    "return true;",
  ),
  lostDisk(
    "taken-and-forgotten",
    "What a journal had taken that never left the gateway is in none.",
    "catalog/journal",
    `.where("journal", "not in", ordered)`,
    `.where("journal", "in", ordered)`,
  ),
  lostDisk(
    "recoverable-too-early",
    "HEAD says that an object is recoverable as it is now, although no journal has it so.",
    "catalog/journal",
    "row?.snapshot_due === 0 && row.changed === 0",
    "row?.snapshot_due === 0",
  ),
  lostDisk(
    "deleted-comes-back",
    "A rebuild leaves what a later journal says was deleted.",
    "catalog/journal-replay",
    "for (const some of chunks(own.map(({ key }) => key)))",
    "for (const some of chunks(own.filter(({ rows }) => rows).map(({ key }) => key)))",
  ),
  lostDisk(
    "claim-not-written",
    "A gateway that was rebuilt waits with its first journal, so that the lost one does not notice.",
    "journal/journal-worker",
    "if (claimDue) return true;",
    "",
  ),
];
