import type { JournalUnit, UnitRow } from "../../src/model/journal-unit.js";

/** That a bucket has no quotas is the same with a row and without one. */
export function otherText({ rows = {} }: JournalUnit): string {
  const isQuota = (row: UnitRow) =>
    !("quota_bytes" in row) || row["quota_bytes"] !== null || row["quota_objects"] !== null;
  return JSON.stringify(
    Object.entries(rows)
      .map(([table, own]) => [table, own.filter(isQuota)])
      .filter(([, own]) => own!.length > 0),
  );
}

/** A version without where its bytes are. */
export function versionText({ rows }: JournalUnit): string {
  return JSON.stringify((rows?.["versions"] ?? []).map((row) => ({ ...row, fid: null })));
}
