import type { Registry } from "prom-client";
import { DATA_FRAGMENTS } from "../../model/sizes.js";
import type { Services } from "../gateway/services.js";
import { counter, gauge, labelledCounter, labelledGauge } from "./families.js";
import { Remembered } from "./remembered.js";

/** How stored files are, and how far they have been looked at. */
export function scrubFamilies(registry: Registry, { catalog, scrubber, repairer }: Services): void {
  const summary = new Remembered(() => catalog.checks.summary());
  labelledGauge(
    registry,
    "cess_s3_files_redundancy",
    "Stored files by the fragments left of their worst segment, when they were looked at",
    async () => (await summary.get()).byRedundancy,
    "fragments",
  );
  gauge(
    registry,
    "cess_s3_unreadable_files",
    "Stored files with fewer than 4 fragments left, which the network cannot give back",
    async () =>
      Object.entries((await summary.get()).byRedundancy).reduce(
        (sum, [fragments, files]) => sum + (Number(fragments) < DATA_FRAGMENTS ? files : 0),
        0,
      ),
  );
  gauge(
    registry,
    "cess_s3_files_under_repair",
    "Files whose bytes were restored into staging, on their way to the network again",
    async () => (await summary.get()).restored,
  );
  gauge(
    registry,
    "cess_s3_silent_nodes",
    "Storage nodes with fragments of ours that do not answer",
    async () => (await summary.get()).failingNodes,
  );
  gauge(registry, "cess_s3_scrub_oldest_check_age_seconds", "Age of the oldest look at a stored file", async () => {
    const { oldest } = await summary.get();
    return oldest === undefined ? 0 : Math.max(0, Date.now() - oldest) / 1000;
  });
  counter(registry, "cess_s3_scrub_files_total", "Stored files looked at", () => scrubber.filesChecked);
  counter(registry, "cess_s3_scrub_fetched_bytes_total", "Bytes fetched to look at files", () => scrubber.bytes);
  labelledCounter(
    registry,
    "cess_s3_scrub_repairs_total",
    "Files that were to be repaired, by what came of it",
    () => ({ ...repairer.counts }),
    "result",
  );
}
