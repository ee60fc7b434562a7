import { expect } from "chai";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteStore } from "../../../src/catalog/sqlite/sqlite-store.js";
import { eventually } from "../../support/eventually.js";

describe("Checkpoints beside the event loop", () => {
  let folder: string;
  let store: SqliteStore;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "cess-s3-checkpoints-"));
    store = await SqliteStore.open({ path: join(folder, "c.sqlite"), checkpointRows: 100 });
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });

  const mark = (n: number) =>
    store.write((tx) =>
      tx
        .insertInto("journal_changes")
        .values({ kind: 1, number: n, name: "", journal: 0 })
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    );

  /** Numbers that SQLite draws anew each time the log begins anew: bytes 16 to 23 of its header. */
  async function salts(): Promise<string> {
    const log = await open(join(folder, "c.sqlite-wal"), "r");
    const { buffer } = await log.read(Buffer.alloc(8), 0, 8, 16);
    await log.close();
    return buffer.toString("hex");
  }

  it("let the log begin anew while it is written to, and change nothing that is read", async () => {
    await mark(0);
    const before = await salts();
    let written = 0;
    await eventually("the log begins anew", async () => {
      await Promise.all(Array.from({ length: 40 }, () => mark(++written)));
      return (await salts()) !== before;
    });
    const rows = await store.reads.selectFrom("journal_changes").select("number").orderBy("number").execute();
    expect(rows.map(({ number }) => number)).to.deep.equal(Array.from({ length: written + 1 }, (_, n) => n));
  });
});
