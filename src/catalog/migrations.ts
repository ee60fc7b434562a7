import type { Kysely, Migration, MigrationProvider } from "kysely";
import type { ColumnTypes } from "./column-types.js";
import { foundation } from "./migrations/0001-foundation.js";
import { createConfigurations } from "./migrations/0002-configurations.js";
import { addVersioning } from "./migrations/0003-versioning.js";
import { addAcls } from "./migrations/0004-acls.js";
import { addEncryption } from "./migrations/0005-encryption.js";
import { createEvents } from "./migrations/0006-events.js";
import { createPacks } from "./migrations/0007-packs.js";
import { addDamage } from "./migrations/0008-damage.js";
import { createCatalogMark } from "./migrations/0009-catalog-mark.js";
import { createHeartbeat } from "./migrations/0010-heartbeat.js";
import { createChecks } from "./migrations/0011-checks.js";
import { createIdentity } from "./migrations/0013-identity.js";
import { addJobTimes } from "./migrations/0014-job-times.js";
import { createTakeOvers } from "./migrations/0015-take-overs.js";
import { indexVersionsByFid } from "./migrations/0016-versions-by-fid.js";
import { createLeases } from "./migrations/0017-leases.js";
import { createSignUp } from "./migrations/0018-sign-up.js";
import { addFences } from "./migrations/0020-fences.js";
import { createGateways } from "./migrations/0021-gateways.js";
import { addStagingPlace } from "./migrations/0022-staging-place.js";
import { createUsageSlots } from "./migrations/0024-usage-slots.js";
import { addStateTimes } from "./migrations/0026-state-times.js";
import { addReceipts } from "./migrations/0027-receipts.js";
import { createJournal } from "./migrations/0028-journal.js";
import { createShares } from "./migrations/0029-shares.js";

/** Names of all migrations, in order. */
export async function knownMigrations(): Promise<string[]> {
  // Only running one needs the dialect's types.
  return Object.keys(await new Migrations({} as ColumnTypes).getMigrations());
}

/**
 * The catalog's history. A migration that was released is never changed: a new one follows it. The name of one that older
 * programs need not know ends in `_expand` (schema-compatibility).
 */
export class Migrations implements MigrationProvider {
  constructor(private readonly types: ColumnTypes) {}

  getMigrations(): Promise<Record<string, Migration>> {
    return Promise.resolve({
      "0001_foundation": { up: (db: Kysely<unknown>) => foundation(db, this.types) },
      "0002_configurations": { up: (db: Kysely<unknown>) => createConfigurations(db, this.types) },
      "0003_versioning": { up: (db: Kysely<unknown>) => addVersioning(db) },
      "0004_acls": { up: (db: Kysely<unknown>) => addAcls(db) },
      "0005_encryption": { up: (db: Kysely<unknown>) => addEncryption(db, this.types) },
      "0006_events": { up: (db: Kysely<unknown>) => createEvents(db, this.types) },
      "0007_packs": { up: (db: Kysely<unknown>) => createPacks(db, this.types) },
      "0008_damage": { up: (db: Kysely<unknown>) => addDamage(db, this.types) },
      "0009_catalog_mark": { up: (db: Kysely<unknown>) => createCatalogMark(db, this.types) },
      "0010_heartbeat": { up: (db: Kysely<unknown>) => createHeartbeat(db, this.types) },
      "0011_checks": { up: (db: Kysely<unknown>) => createChecks(db, this.types) },
      "0013_identity": { up: (db: Kysely<unknown>) => createIdentity(db, this.types) },
      "0014_job_times": { up: (db: Kysely<unknown>) => addJobTimes(db, this.types) },
      "0015_take_overs": { up: (db: Kysely<unknown>) => createTakeOvers(db, this.types) },
      "0016_versions_by_fid": { up: (db: Kysely<unknown>) => indexVersionsByFid(db) },
      "0017_leases": { up: (db: Kysely<unknown>) => createLeases(db, this.types) },
      "0018_sign_up": { up: (db: Kysely<unknown>) => createSignUp(db, this.types) },
      "0020_fences": { up: (db: Kysely<unknown>) => addFences(db, this.types) },
      "0021_gateways": { up: (db: Kysely<unknown>) => createGateways(db, this.types) },
      "0022_staging_place": { up: (db: Kysely<unknown>) => addStagingPlace(db, this.types) },
      "0024_usage_slots": { up: (db: Kysely<unknown>) => createUsageSlots(db, this.types) },
      "0026_state_times_expand": { up: (db: Kysely<unknown>) => addStateTimes(db, this.types) },
      "0027_receipts_expand": { up: (db: Kysely<unknown>) => addReceipts(db, this.types) },
      "0028_journal_expand": { up: (db: Kysely<unknown>) => createJournal(db, this.types) },
      "0029_shares_expand": { up: (db: Kysely<unknown>) => createShares(db, this.types) },
    });
  }
}
