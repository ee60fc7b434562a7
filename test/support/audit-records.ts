import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AuditRecord } from "../../src/admin/audit-log.js";

/** What stands in a data folder's audit log, the oldest first. */
export function auditRecords(dataDir: string): AuditRecord[] {
  return readFileSync(join(dataDir, "audit.log"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as AuditRecord);
}
