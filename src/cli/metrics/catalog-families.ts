import type { Registry } from "prom-client";
import { systemClock } from "../../async/system-clock.js";
import type { AccountUsage, JobKind, JobState } from "../../catalog/catalog.js";
import { jobStates } from "../../catalog/ports/status-catalog.js";
import type { Accounts } from "../gateway/accounts.js";
import type { Services } from "../gateway/services.js";
import { counter, gauge, labelledGauge, sampledGauge } from "./families.js";
import { Remembered } from "./remembered.js";

/** Accounts that are shown, those with the most bytes; the others are shown together. */
const MAX_ACCOUNTS = 200;

const JOB_KINDS: readonly JobKind[] = ["encode", "store", "delete"];

const age = (since: number) => Math.max(0, systemClock.now() - since) / 1000;

/** What the catalog knows: what is staged, jobs, files, events. */
export function catalogFamilies(registry: Registry, { catalog }: Pick<Services, "catalog">): void {
  const staged = new Remembered(() => catalog.staged());
  gauge(
    registry,
    "cess_s3_staged_bytes",
    "Bytes whose only copy is on this gateway",
    async () => (await staged.get()).bytes,
  );
  gauge(
    registry,
    "cess_s3_open_upload_bytes",
    "Of the staged bytes, parts of open uploads",
    async () => (await staged.get()).openUploadBytes,
  );
  const oldest = new Remembered(() => catalog.status.oldestStaged());
  gauge(
    registry,
    "cess_s3_staged_oldest_age_seconds",
    "Age of the oldest object that the network does not have; 0 when there is none",
    async () => {
      const since = await oldest.get();
      return since === undefined ? 0 : age(since);
    },
  );
  const objects = new Remembered(() => catalog.status.objects());
  labelledGauge(registry, "cess_s3_objects", "Versions of objects by their state", objects.get, "state");
  jobFamilies(registry, catalog);
  const files = new Remembered(() => catalog.files.countByState());
  labelledGauge(registry, "cess_s3_files", "CESS files by state", files.get, "state");
  const events = new Remembered(() => catalog.events.counts());
  gauge(
    registry,
    "cess_s3_events_waiting",
    "Events that wait for their webhooks",
    async () => (await events.get()).waiting,
  );
  counter(
    registry,
    "cess_s3_events_dropped_total",
    "Events dropped for their age, or because too many waited, in the life of the catalog",
    async () => (await events.get()).dropped,
  );
}

function jobFamilies(registry: Registry, catalog: Services["catalog"]): void {
  const jobs = new Remembered(() => catalog.status.jobs());
  sampledGauge(
    registry,
    "cess_s3_jobs",
    "Jobs: due, waiting for a time or an event, leased by a worker, or failing (tried again later)",
    ["kind", "state"],
    async () => {
      const counts = await jobs.get();
      const countOf = (kind: JobKind, state: JobState) =>
        counts.find((each) => each.kind === kind && each.state === state)?.count ?? 0;
      return JOB_KINDS.flatMap((kind) =>
        jobStates.map((state) => ({ labels: { kind, state }, value: countOf(kind, state) })),
      );
    },
  );
  labelledGauge(
    registry,
    "cess_s3_jobs_oldest_age_seconds",
    "Time since the oldest job was added; 0 when there is none",
    async () => {
      const ages: Record<JobKind, number> = { encode: 0, store: 0, delete: 0 };
      for (const { kind, oldest } of await jobs.get()) ages[kind] = Math.max(ages[kind], age(oldest));
      return ages;
    },
    "kind",
  );
}

/** What a rebuild would have. */
export function journalFamilies(registry: Registry, { catalog, journal }: Pick<Services, "catalog" | "journal">): void {
  gauge(
    registry,
    "cess_s3_unjournaled_oldest_age_seconds",
    "Age of the oldest change of the catalog that no journal on CESS has; 0 when there is none",
    () => journal.check.ageSeconds,
  );
  const journals = new Remembered(() => catalog.journal.journals());
  gauge(
    registry,
    "cess_s3_journals",
    "Journals and snapshots that a rebuild needs, or that are on their way",
    async () => (await journals.get()).length,
  );
  gauge(registry, "cess_s3_journal_bytes", "Their bytes, before the network's padding and copies", async () =>
    (await journals.get()).reduce((sum, { bytes }) => sum + bytes, 0),
  );
}

/** Buckets of other gateways. */
export function mountFamilies(registry: Registry, { followers }: Pick<Services, "followers">): void {
  if (followers.length === 0) return;
  const states = new Remembered(() => Promise.all(followers.map((follower) => follower.state())));
  labelledGauge(
    registry,
    "cess_s3_mount_journal_age_seconds",
    "Time since the newest journal was read that the mount has; none is written while nothing changes",
    async () =>
      Object.fromEntries(
        (await states.get()).flatMap(({ mount, replayed }) =>
          replayed ? [[mount, Math.max(0, (systemClock.now() - replayed.readAt) / 1000)]] : [],
        ),
      ),
    "mount",
  );
  labelledGauge(
    registry,
    "cess_s3_mount_failing",
    "1 while the mount's journals cannot be followed, 0 while they are",
    () => Object.fromEntries(followers.map(({ label, fault }) => [label, fault === undefined ? 0 : 1])),
    "mount",
  );
}

/** Packs, and what accounts' objects are. */
export function packFamilies(
  registry: Registry,
  { catalog }: Pick<Services, "catalog">,
  accounts: Pick<Accounts, "owner">,
): void {
  const packs = new Remembered(() => catalog.packs.count());
  labelledGauge(registry, "cess_s3_packs", "Packs, the files that small objects share, by state", packs.get, "state");
  const queues = new Remembered(() => catalog.packs.queues());
  gauge(registry, "cess_s3_pack_queue_objects", "Objects that wait for a pack", async () =>
    (await queues.get()).reduce((sum, { objects }) => sum + objects, 0),
  );
  const usages = new Remembered(() => catalog.packs.usage());
  const usage =
    (member: "objectBytes" | "chargedBytes" | "deadBytes"): (() => Promise<Record<string, number>>) =>
    async () =>
      byAccount(await usages.get(), member, accounts);
  labelledGauge(
    registry,
    "cess_s3_object_bytes",
    "Bytes of objects, in files and waiting for a pack; shared ones count once",
    usage("objectBytes"),
    "account",
  );
  labelledGauge(
    registry,
    "cess_s3_charged_bytes",
    "Bytes that the territory is charged for files on CESS",
    usage("chargedBytes"),
    "account",
  );
  labelledGauge(
    registry,
    "cess_s3_dead_bytes",
    "Bytes in stored packs that no object needs any more",
    usage("deadBytes"),
    "account",
  );
}

function byAccount(
  usages: readonly AccountUsage[],
  member: "objectBytes" | "chargedBytes" | "deadBytes",
  accounts: Pick<Accounts, "owner">,
): Record<string, number> {
  const bytes: Record<string, number> = {};
  const largest = [...usages].sort((a, b) => b.chargedBytes + b.objectBytes - a.chargedBytes - a.objectBytes);
  for (const [place, of] of largest.entries()) {
    const name = place < MAX_ACCOUNTS ? (accounts.owner(of.owner)?.displayName ?? of.owner) : "other";
    bytes[name] = (bytes[name] ?? 0) + of[member];
  }
  return bytes;
}
