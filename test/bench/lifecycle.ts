import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/async/system-clock.js";
import { MemoryBlobs } from "../../src/blobs/memory-blobs.js";
import { openSqliteCatalog } from "../../src/catalog/sqlite/sqlite-catalog.js";
import { LifecycleWorker } from "../../src/maintenance/lifecycle-worker.js";
import { testKeys } from "../support/test-keys.js";
import { fillCatalog, packObjects } from "./fill-catalog.js";
import type { Figure } from "./figure.js";

const KEYS = 1_000_000;
const PREFIXES = 1000;
/** Objects of 10 KiB that a pack of eight segments holds. */
const OBJECTS_PER_PACK = 25_000;
const BUCKET = "bench";
const OWNER = "a".repeat(64);
const LIMIT_MINUTES = 5;

/** A million packed objects of one bucket, which a lifecycle rule expires. About two minutes. */
export async function benchLifecycle(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-bench-"));
  const path = join(folder, "catalog.sqlite");
  const catalog = await openSqliteCatalog({ clock: systemClock, sealer: testKeys }, { path });
  try {
    await catalog.buckets.create({ name: BUCKET, owner: OWNER, region: "us-east-1" });
    await catalog.documents.put(BUCKET, "lifecycle", {
      rules: [{ id: "all", enabled: true, filter: { form: "filter" }, expiration: { days: 1 } }],
      transitionDefaultMinimumObjectSize: "all_storage_classes_128K",
    });
    fillCatalog(path, BUCKET, OWNER, KEYS, KEYS / PREFIXES);
    packObjects(path, OWNER, OBJECTS_PER_PACK);
    const worker = new LifecycleWorker({ catalog, blobs: new MemoryBlobs(), clock: systemClock });
    const { user, system } = process.cpuUsage();
    const began = performance.now();
    while ((await worker.step()).kind === "busy");
    const seconds = (performance.now() - began) / 1000;
    const cpu = process.cpuUsage({ user, system });
    const { objects } = (await catalog.usage.bucket(BUCKET)).usage;
    const deletions = (await catalog.jobs.count()).delete;
    if (objects !== 0 || deletions !== KEYS / OBJECTS_PER_PACK)
      throw new Error(`${objects} objects are left, and ${deletions} packs are to be deleted`);
    return [
      {
        what: "a lifecycle rule that expires 1,000,000 packed objects",
        ours: { value: seconds / 60, unit: "min" },
        reference: { what: "limit", value: LIMIT_MINUTES, unit: "min" },
        wanted: { atMost: 1 },
      },
      {
        what: "… CPU of an object",
        ours: { value: (cpu.user + cpu.system) / 1000 / KEYS, unit: "ms" },
        reference: { what: "time of an object", value: (seconds * 1000) / KEYS, unit: "ms" },
      },
    ];
  } finally {
    await catalog.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
