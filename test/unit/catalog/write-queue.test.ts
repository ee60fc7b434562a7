import { expect } from "chai";
import { WriteQueue, WRITE_QUEUE_DEFAULTS, type Batches } from "../../../src/catalog/write-queue.js";
import { refusal } from "../../suites/catalog-fixture.js";

/** A database that writes down what it is told; its syncs end when the test says so. */
class Recorder implements Batches<string[]> {
  readonly tx: string[] = [];
  readonly syncs: { readonly end: () => void; readonly fail: (error: Error) => void }[] = [];
  survivesErrors = true;
  /** So often another process is writing. */
  busy = 0;
  begin(): boolean {
    if (this.busy-- > 0) return false;
    this.tx.push("begin");
    return true;
  }
  watermark(): void {
    this.tx.push("mark");
  }
  keep(): void {
    this.tx.push("keep");
  }
  undo(): boolean {
    if (this.survivesErrors) this.tx.push("undo");
    return this.survivesErrors;
  }
  commit(): void {
    this.tx.push("commit");
  }
  rollback(): void {
    this.tx.push("rollback");
  }
  sync(): Promise<void> {
    this.tx.push("sync");
    return new Promise((end, fail) => this.syncs.push({ end, fail }));
  }
}

const turns = async (count = 10) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe("The write queue", () => {
  let database: Recorder;
  let queue: WriteQueue<string[]>;
  beforeEach(() => {
    database = new Recorder();
    queue = new WriteQueue({ batches: database });
  });

  const say = (what: string) => queue.add((tx) => Promise.resolve(tx.push(what)).then(() => what));
  const fail = (what: string) => queue.add(() => Promise.reject(new Error(what)));

  it("commits and syncs once for all that arrive together", async () => {
    const both = Promise.all([say("a"), say("b")]);
    await turns();
    database.syncs[0]?.end();
    expect(await both).to.deep.equal(["a", "b"]);
    expect(database.tx).to.deep.equal(["begin", "a", "b", "commit", "sync"]);
  });

  it("acknowledges nothing before the sync has ended", async () => {
    let acknowledged = false;
    const write = say("a").then(() => {
      acknowledged = true;
    });
    await turns();
    expect(database.tx).to.include("sync");
    expect(acknowledged).to.equal(false);
    database.syncs[0]?.end();
    await write;
  });

  it("commits the next batch while a sync runs, and acknowledges it by a sync begun after its commit", async () => {
    const first = say("a");
    await turns();
    let acknowledged = false;
    const second = say("b").then(() => {
      acknowledged = true;
    });
    await turns();
    expect(
      database.tx.filter((entry) => entry === "commit"),
      "both are committed",
    ).to.have.length(2);
    database.syncs[0]?.end();
    await first;
    await turns();
    expect(acknowledged, "the sync that ended began before the second commit").to.equal(false);
    database.syncs[1]?.end();
    await second;
  });

  it("undoes an intent that throws, alone: those beside it are run again, each behind a mark of its own", async () => {
    const [a, b, c] = [say("a"), fail("no"), say("c")];
    const refused = b.then(
      () => undefined,
      (error: unknown) => error,
    );
    await turns();
    database.syncs[0]?.end();
    expect(await refused).to.have.property("message", "no");
    await Promise.all([a, c]);
    expect(database.tx).to.deep.equal([
      "begin",
      "a",
      "rollback",
      "begin",
      "mark",
      "a",
      "keep",
      "mark",
      "undo",
      "mark",
      "c",
      "keep",
      "commit",
      "sync",
    ]);
  });

  it("undoes an intent that throws with its transaction, where it is alone in it", async () => {
    const refused = await fail("no").catch((error: unknown) => error);
    expect(refused).to.have.property("message", "no");
    expect(database.tx).to.deep.equal(["begin", "rollback"]);
    const next = say("a");
    await turns();
    database.syncs[0]?.end();
    await next;
    expect(database.tx.slice(2)).to.deep.equal(["begin", "a", "commit", "sync"]);
  });

  it("marks intents for a while where some were undone, and then no more", async () => {
    const write = async (...work: readonly Promise<unknown>[]) => {
      const settled = Promise.allSettled(work);
      await turns();
      database.syncs.at(-1)?.end();
      await settled;
    };
    await write(say("a"), fail("no"));
    const marks: number[] = [];
    for (let batch = 0; batch < 20; batch++) {
      database.tx.length = 0;
      await write(say("b"));
      marks.push(database.tx.filter((entry) => entry === "mark").length);
    }
    expect(marks).to.deep.equal([...Array<number>(15).fill(1), ...Array<number>(5).fill(0)]);
  });

  it("rejects the whole batch when the database gave it up, and goes on with the next", async () => {
    database.survivesErrors = false;
    const outcomes = Promise.allSettled([say("a"), fail("disk full")]);
    await turns();
    expect((await outcomes).map((outcome) => outcome.status)).to.deep.equal(["rejected", "rejected"]);
    expect(database.tx).to.include("rollback").and.not.to.include("commit");
    const next = say("b");
    await turns();
    database.syncs[0]?.end();
    expect(await next).to.equal("b");
  });

  it("rejects what waits when not even a transaction can begin, and does not go round in circles", async () => {
    database.begin = () => {
      throw new Error("locked");
    };
    const outcomes = await Promise.allSettled([say("a"), say("b")]);
    expect(outcomes.map((outcome) => outcome.status)).to.deep.equal(["rejected", "rejected"]);
  });

  it("waits while another process writes, off the event loop", async () => {
    database.busy = 3;
    const write = say("a");
    while (database.syncs.length === 0) await turns(1);
    database.syncs[0]?.end();
    expect(await write).to.equal("a");
    expect(database.tx).to.deep.equal(["begin", "a", "commit", "sync"]);
  });

  it("refuses what waits when another process does not let go", async () => {
    database.busy = Infinity;
    queue = new WriteQueue({ batches: database }, { ...WRITE_QUEUE_DEFAULTS, maxBusyMs: 0 });
    await Promise.all([refusal(say("a"), "catalogBusy"), refusal(say("b"), "catalogBusy")]);
    database.busy = 0;
    const next = say("c");
    await turns();
    while (database.syncs.length === 0) await turns(1);
    database.syncs[0]?.end();
    expect(await next).to.equal("c");
  });

  it("lets other processes write while it syncs, where there are any", async () => {
    queue = new WriteQueue({ batches: database }, { ...WRITE_QUEUE_DEFAULTS, takesTurns: true });
    const first = say("a");
    await turns();
    const second = say("b");
    await turns();
    expect(database.tx.filter((entry) => entry === "begin")).to.have.length(1);
    database.syncs[0]?.end();
    await first;
    while (database.syncs.length < 2) await turns(1);
    database.syncs[1]?.end();
    expect(await second).to.equal("b");
  });

  it("acknowledges nothing ever again after a sync that failed", async () => {
    const write = refusal(say("a"), "dependencyUnavailable");
    await turns();
    const committed = refusal(say("b"), "dependencyUnavailable");
    await turns();
    database.syncs[0]?.fail(new Error("EIO"));
    await write;
    await turns();
    for (const sync of database.syncs.slice(1)) sync.end();
    await committed;
    await refusal(say("c"), "dependencyUnavailable");
  });

  it("takes a bounded number into one batch", async () => {
    queue = new WriteQueue({ batches: database }, { ...WRITE_QUEUE_DEFAULTS, maxBatch: 2 });
    const all = Promise.all(["a", "b", "c"].map(say));
    await turns();
    database.syncs[0]?.end();
    await turns();
    database.syncs[1]?.end();
    await all;
    expect(database.tx.filter((entry) => entry === "begin")).to.have.length(2);
  });

  it("closes when the last intent is settled", async () => {
    const write = say("a");
    let closed = false;
    const closing = queue.close().then(() => {
      closed = true;
    });
    await turns();
    expect(closed).to.equal(false);
    database.syncs[0]?.end();
    await Promise.all([write, closing]);
  });
});
