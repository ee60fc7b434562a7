import { openSqliteCatalog } from "../../../src/catalog/sqlite/sqlite-catalog.js";
import { file, slice, version } from "../../suites/catalog-fixture.js";
import { testKeys } from "../../support/test-keys.js";

/**
 * Writes to a catalog without end, eight at a time, and says on standard output what was acknowledged, a line each:
 * what the parent has read when it kills this process must be found again.
 */
const [path = "", round = ""] = process.argv.slice(2);
const catalog = await openSqliteCatalog(
  { clock: { now: () => Date.now(), sleep: () => Promise.resolve() }, sealer: testKeys },
  { path, checkpointRows: 50 },
);
await catalog.buckets.create({ name: "box", owner: "anna", region: "us-east-1" });

async function write(lane: number): Promise<never> {
  for (let count = 0; ; count++) {
    const key = `${round}/${lane}/${count}`;
    const {
      version: { id },
    } = await catalog.objects.put(version(key), { blobs: [slice(`b ${key}`)] });
    console.log(`put ${key}`);
    if (count % 3 === 0) {
      await catalog.objects.attach(id, [file(key, [slice(`b ${key}`)])]);
      console.log(`attached ${key}`);
    }
    if (count % 5 === 0) {
      await catalog.objects.delete("box", key);
      console.log(`deleted ${key}`);
    }
  }
}

await Promise.all(Array.from({ length: 8 }, (_, lane) => write(lane)));
