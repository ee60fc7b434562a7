import type Database from "libsql";

/** Tables whose changes the journal wants to know. */
const JOURNALED = [
  ...["buckets", "configurations", "bucket_usage", "versions", "extents", "files", "pack_moves"],
  ...["accounts", "access_keys", "key_uses", "deleted_files", "lease_spends"],
];

/** What takes each migration back, on SQLite; a catalog of an earlier version is made with it. The oldest first. */
const UNDO: readonly (readonly [name: string, ...statements: string[]])[] = [
  [
    "0007_packs",
    "drop table pack_queue",
    "drop table pack_moves",
    "drop index packs_by_fill",
    "drop index extents_in_file",
    "create index extents_in_file on extents (file_id, version_id)",
    "alter table files drop column packed",
    "alter table files drop column live_bytes",
    "alter table extents drop column stored_length",
    "alter table extents drop column digest",
  ],
  [
    "0008_damage",
    "drop index versions_damaged",
    "alter table versions drop column damage",
    "alter table files drop column damaged",
  ],
  ["0009_catalog_mark", "drop table catalog_mark"],
  ["0010_heartbeat", "drop table heartbeat"],
  [
    "0011_checks",
    "drop table failing_nodes",
    "drop table failing_fragments",
    "drop index placements_by_node",
    ...["by_check", "by_redundancy", "to_check_soon", "restored"].map((name) => `drop index files_${name}`),
    "drop index packs_to_renew",
    ...["check_soon", "restored", "renew", "checked_at", "redundancy", "degraded_since"].map(
      (name) => `alter table files drop column ${name}`,
    ),
  ],
  ["0013_identity", "drop table accounts", "drop table access_keys", "drop table bucket_usage"],
  ["0014_job_times", "alter table jobs drop column created_at"],
  ["0015_take_overs", "drop table take_overs"],
  ["0016_versions_by_fid", "drop index versions_by_fid"],
  ["0017_leases", "drop table lease_notices", "drop table lease_spends"],
  ["0018_sign_up", "drop table used_challenges", "drop table paid_authorizations"],
  [
    "0020_fences",
    "drop table locks",
    "drop table extrinsics",
    "alter table jobs drop column holder",
    "alter table jobs drop column lease",
  ],
  ["0021_gateways", "drop table configuration_mark", "drop table gateways", "drop table final_blocks"],
  [
    "0022_staging_place",
    "alter table catalog_mark drop column staging_name",
    "alter table catalog_mark drop column staging_marked",
  ],
  ["0024_usage_slots", "drop table usage_slots"],
  [
    "0026_state_times_expand",
    ...["declared_at", "placed_at", "stored_at"].map((name) => `alter table files drop column ${name}`),
  ],
  [
    "0027_receipts_expand",
    "drop table deleted_files",
    ...["declared_block", "deleted_block"].map((name) => `alter table files drop column ${name}`),
  ],
  [
    "0028_journal_expand",
    ...JOURNALED.flatMap((table) =>
      ["insert", "update", "delete"].map((event) => `drop trigger journal_${table}_${event}`),
    ),
    ...["journal_changes", "journals", "journal_state"].map((name) => `drop table ${name}`),
    "alter table files drop column journal",
  ],
  [
    "0029_shares_expand",
    ...["insert", "update", "delete"].map((event) => `drop trigger journal_shares_${event}`),
    ...["shares", "share_snapshots"].map((name) => `drop table ${name}`),
  ],
];

/** Takes the schema back to the one before the migration `first`. */
export function undoMigrations(database: Database.Database, first: string): void {
  const undone = UNDO.filter(([name]) => name >= first).reverse();
  for (const [name, ...statements] of undone) {
    for (const statement of statements) database.exec(statement);
    database.prepare("delete from kysely_migration where name = ?").run(name);
  }
  const left = database.prepare("select name from kysely_migration where name >= ?").all(first);
  if (left.length > 0) throw new Error(`not undone: ${JSON.stringify(left)}`);
}
