import type { Registry } from "prom-client";
import type { Services } from "../gateway/services.js";
import { gauge, labelledCounter } from "./families.js";

/** Damage to staged bytes, whether the catalog is the newest, and what is kept because it might not be. */
export function stagingMetrics(
  registry: Registry,
  { guard, blobs, catalog }: Pick<Services, "guard" | "blobs" | "catalog">,
): void {
  gauge(
    registry,
    "cess_s3_damaged_objects",
    "Objects that the network does not have and whose staged bytes are damaged",
    () => catalog.damages.count(),
  );
  gauge(
    registry,
    "cess_s3_catalog_went_back",
    "1 while the catalog is not the one that this gateway wrote last, and nothing is swept",
    () => Number(guard.fault !== undefined),
  );
  gauge(
    registry,
    "cess_s3_quarantine_files",
    "Files in quarantine: staged blobs, and packs of small ones, that the catalog does not know",
    async () => (await blobs.quarantine.files()).length,
  );
  gauge(registry, "cess_s3_quarantine_bytes", "Bytes in quarantine", async () =>
    (await blobs.quarantine.files()).reduce((sum, { size }) => sum + size, 0),
  );
  if (blobs.traffic) storeMetrics(registry, blobs);
}

/** Staging in an S3 store. */
function storeMetrics(registry: Registry, blobs: Services["blobs"]): void {
  labelledCounter(
    registry,
    "cess_s3_staging_requests_total",
    "Requests to the staging store, which costs are reckoned by",
    () => blobs.traffic?.requests ?? {},
    "operation",
  );
  labelledCounter(
    registry,
    "cess_s3_staging_request_failures_total",
    "Requests to the staging store that failed after all attempts",
    () => blobs.traffic?.failures ?? {},
    "operation",
  );
  gauge(
    registry,
    "cess_s3_staging_memory_bytes",
    "Memory for bodies on their way to the staging store",
    () => blobs.traffic?.memoryBytes,
  );
  gauge(
    registry,
    "cess_s3_staging_spool_bytes",
    "Local copies of staged bytes, for coding",
    () => blobs.traffic?.spoolBytes,
  );
}
