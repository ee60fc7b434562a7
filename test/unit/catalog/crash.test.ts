import { expect } from "chai";
import Database from "libsql";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openSqliteCatalog } from "../../../src/catalog/sqlite/sqlite-catalog.js";
import { TestClock } from "../../suites/catalog-fixture.js";
import { testKeys } from "../../support/test-keys.js";

const writer = fileURLToPath(new URL("crash-writer.js", import.meta.url));

/**
 * Runs the writer until it has acknowledged `lines`, kills it without warning, and returns what it had said by then.
 */
async function writeAndKill(path: string, round: number, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [writer, path, String(round)], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (!child.killed && said.split("\n").length > lines) child.kill("SIGKILL");
  }
  return said.split("\n").slice(0, -1);
}

describe("The catalog on SQLite, killed while it writes", () => {
  it("has every acknowledged row again, and nothing half done, three times over", async () => {
    const folder = await mkdtemp(join(tmpdir(), "catalog-crash-"));
    const path = join(folder, "catalog.db");
    const state = new Map<string, string>();
    for (let round = 0; round < 3; round++) {
      const lines = await writeAndKill(path, round, 100 + round * 150);
      expect(lines).to.have.length.of.at.least(100);
      for (const line of lines) state.set(line.slice(line.indexOf(" ") + 1), line.slice(0, line.indexOf(" ")));
      const catalog = await openSqliteCatalog({ clock: new TestClock(), sealer: testKeys }, { path });
      for (const [key, last] of state) {
        const found = await catalog.objects.get("box", key);
        // A further step may have been written and not yet acknowledged; a step back never.
        if (last === "deleted") expect(found, `${key} was deleted`).to.equal(undefined);
        if (last === "attached" && found) expect(found.durability.state, key).to.equal("encoded");
        const mayBeGone = last === "deleted" || Number(key.split("/")[2]) % 5 === 0;
        if (!mayBeGone) expect(found, `${key} was ${last}`).not.to.equal(undefined);
      }
      await catalog.close();
      expectWhole(path);
    }
    await rm(folder, { recursive: true });
  });
});

/** Every row of an intent is there or none is. */
function expectWhole(path: string): void {
  const database = new Database(path);
  const count = (query: string) => (database.prepare(`select count(*) as n from ${query}`).all()[0] as { n: number }).n;
  expect(database.prepare("pragma integrity_check").all()).to.deep.equal([{ integrity_check: "ok" }]);
  expect(
    count(
      "versions v where staged_segments > 0 and not exists (select 1 from jobs where kind = 'encode' and subject = v.id)",
    ),
  ).to.equal(0);
  expect(
    count("versions v where staged_segments = 0 and not exists (select 1 from extents where version_id = v.id)"),
  ).to.equal(0);
  expect(count("versions v where not exists (select 1 from version_blobs where version_id = v.id)")).to.equal(0);
  expect(count("version_blobs b where not exists (select 1 from versions where id = b.version_id)")).to.equal(0);
  expect(count("extents e where not exists (select 1 from versions where id = e.version_id)")).to.equal(0);
  expect(count("files f where not exists (select 1 from jobs where kind = 'store' and subject = f.id)")).to.equal(0);
  database.close();
}
