import { expect } from "chai";
import type { Catalog, JournalCatalog, JournalCursor } from "../../../src/catalog/catalog.js";
import { JournalWorker, type JournalSettings } from "../../../src/journal/journal-worker.js";
import { JournalDiscarder } from "../../../src/journal/journal-discarder.js";
import { JournalReader, type JournalEnd } from "../../../src/journal/journal-text.js";
import { JOURNAL_KEYS, opened } from "../../../src/journal/sealed-journal.js";
import type { JournalUnit } from "../../../src/model/journal-unit.js";
import { collect } from "../../support/collect.js";
import { testKeys } from "../../support/test-keys.js";
import { alice, as, body, bytesOf, plainly, TestGateway } from "../../support/test-gateway.js";

const { signal } = new AbortController();
const START = 2_000_000_000_000;

describe("The journal's worker", () => {
  let fixture: TestGateway;
  let now: number;
  let warnings: object[];
  let ours: boolean;
  beforeEach(async () => {
    now = START;
    fixture = await TestGateway.build({ now: () => now });
    await fixture.gateway.buckets.create(as(alice), "box");
    warnings = [];
    ours = true;
  });
  afterEach(() => fixture.close());

  const clock = { now: () => now, sleep: () => Promise.reject(new Error("not used")) };
  const worker = (settings: Partial<JournalSettings> = {}, catalog = fixture.catalog) => {
    const { blobs, preprocessing } = fixture;
    return new JournalWorker(
      {
        ...{ catalog, blobs, preprocessing, clock, wake: () => undefined },
        keys: testKeys.derive(JOURNAL_KEYS),
        account: () => alice,
        schema: "0028_journal_expand",
        fence: { isFresh: false, look: () => Promise.resolve(ours) },
        log: { warn: (fields: object) => void warnings.push(fields), info: () => undefined } as never,
      },
      { maxAgeMs: 1000, lookMs: 0, ...settings },
    );
  };
  const journal = () => fixture.catalog.journal;
  const put = (key: string) =>
    fixture.gateway.objects.put(as(alice), { bucket: "box", key }, body(bytesOf(100, key.length)), plainly);
  /** Until it has nothing to do. */
  async function run(by: JournalWorker): Promise<void> {
    while ((await by.step(signal)).kind === "busy");
  }
  /** What distribution does, without a network; resolves with what the file says. */
  async function store() {
    const last = (await journal().journals()).at(-1)!;
    const file = (await fixture.catalog.files.get(last.file!.id))!;
    const bytes = await collect(fixture.blobs.read(file.blobs[0]!.blob));
    await fixture.blobs.remove((await fixture.catalog.files.stored(file.id)).orphans);
    const reader = await JournalReader.open(
      opened(
        testKeys.derive(JOURNAL_KEYS),
        (async function* () {
          yield await Promise.resolve(bytes);
        })(),
      ),
    );
    const units: JournalUnit[] = [];
    const reading = reader.units();
    let end: JournalEnd;
    for (;;) {
      const next = await reading.next();
      if (next.done === true) {
        end = next.value;
        break;
      }
      units.push(next.value);
    }
    return { head: reader.head, units, end, file };
  }

  it("writes nothing before a change is old enough, and then a snapshot first", async () => {
    const by = worker();
    await put("a");
    await run(by);
    now += 999;
    await run(by);
    expect(await journal().journals()).to.deep.equal([]);
    now += 1;
    await run(by);
    const { head, units, end, file } = await store();
    expect(head).to.include({ number: 1, snapshot: true, previous: null, schema: "0028_journal_expand" });
    expect(end).to.include({ whole: true, units: units.length });
    expect(new Set(units.map(({ unit }) => unit))).to.deep.equal(new Set(["bucket", "version"]));
    expect(file).to.include({ owner: alice.id, territory: alice.territory, layout: "own-file" });
  });

  it("writes the next one when the network has the one before, with only what has changed since", async () => {
    const by = worker();
    await put("a");
    by.flush();
    await run(by);
    await put("bb");
    now += 10_000;
    await run(by);
    expect(await journal().journals(), "one at a time").to.have.length(1);
    const first = await store();
    await run(by);
    const second = await store();
    expect(second.head).to.include({ number: 2, snapshot: false, previous: first.file.fid });
    const keys = second.units.flatMap(({ rows }) => rows?.["versions"] ?? []).map((row) => row["key"]);
    expect(keys).to.deep.equal(["bb"]);
    await run(by);
    expect(await journal().pending()).to.equal(0);
    now += 1_000_000;
    await run(by);
    expect((await journal().journals()).map(({ number, state }) => [number, state])).to.deep.equal([
      [1, "counted"],
      [2, "counted"],
    ]);
  });

  it("flushes what has changed at once", async () => {
    const by = worker({ maxAgeMs: Number.MAX_SAFE_INTEGER });
    await put("a");
    await run(by);
    expect(await journal().journals()).to.have.length(0);
    by.flush();
    await run(by);
    expect(await journal().journals()).to.have.length(1);
  });

  it("puts a snapshot in the place of journals that weigh as much, and lets those go", async () => {
    const by = worker({ segmentsBetweenSnapshots: 2 });
    const snapshots: boolean[] = [];
    for (const key of ["a", "bb", "ccc", "dddd", "eeeee"]) {
      await put(key);
      now += 1000;
      by.flush();
      await run(by);
      snapshots.push((await store()).head.snapshot);
      await run(by);
    }
    expect(snapshots).to.deep.equal([true, false, false, true, false]);
    expect((await journal().journals()).map(({ number }) => number)).to.deep.equal([4, 5]);
    expect(await fixture.catalog.jobs.count()).to.include({ delete: 3 });
  });

  it("tells of a version whether a rebuild would have it", async () => {
    const by = worker();
    const { id } = await put("a");
    by.flush();
    await run(by);
    expect(await journal().covers(id)).to.equal(false);
    await store();
    await run(by);
    expect(await journal().covers(id)).to.equal(true);
  });

  it("ends a journal that gets too long, and goes on with the next", async () => {
    const by = worker({ maxUnits: 2, pageUnits: 2 });
    const next = async () => {
      by.flush();
      await run(by);
      const { head, end } = await store();
      await run(by);
      return [head.snapshot, end.whole];
    };
    await put("a");
    expect(await next()).to.deep.equal([true, true]);
    for (const key of ["bb", "ccc", "dddd"]) await put(key);
    expect(await next()).to.deep.equal([false, false]);
    expect(await journal().pending(), "nothing counts yet").to.equal(3);
    expect(await next()).to.deep.equal([false, true]);
    expect(await journal().pending()).to.equal(0);
  });

  it("writes again what a journal had that failed, and not at once", async () => {
    const by = worker();
    await put("a");
    by.flush();
    await run(by);
    const [lost] = await journal().journals();
    await fixture.catalog.files.failed(lost!.file!.id, "the chain refuses it");
    await run(by);
    expect(warnings).to.deep.equal([{ journal: 1, failure: "the chain refuses it" }]);
    expect(await journal().journals()).to.deep.equal([]);
    now += 1000;
    await run(by);
    expect((await store()).head).to.include({ number: 2, snapshot: true });
  });

  it("writes one at once after a rebuild, whatever its age", async () => {
    const { stream } = await journal().state();
    const units = [];
    for (let after: JournalCursor | undefined; ;) {
      const page = await journal().all(after, 100);
      units.push(...page.units);
      if (!page.next) break;
      after = page.next;
    }
    await fixture.catalog.rebuild.apply({ units: units.map(({ unit, key }) => ({ unit, key })) });
    await fixture.catalog.rebuild.begin(stream);
    await fixture.catalog.rebuild.apply({ units: units });
    await fixture.catalog.rebuild.end([], 1);
    await run(worker());
    expect((await store()).head).to.include({ number: 102, snapshot: false });
    await run(worker());
    now += 1_000_000;
    await run(worker());
    expect(await journal().journals()).to.have.length(1);
  });

  it("writes no more when another gateway goes on with the journals, from the first look on", async () => {
    const by = worker();
    await put("a");
    by.flush();
    await run(by);
    await store();
    await run(by);
    ours = false;
    await put("bb");
    by.flush();
    await run(by);
    await run(by);
    await run(worker());
    expect(await journal().journals()).to.have.length(1);
  });

  it("leaves nothing behind when the catalog fails while it writes", async () => {
    await put("a");
    const journalAway = Object.assign(Object.create(journal()) as JournalCatalog, {
      take: () => Promise.reject(new Error("away")),
    });
    const away = Object.assign(Object.create(fixture.catalog) as Catalog, { journal: journalAway });
    const by = worker({}, away);
    by.flush();
    const before = await fixture.blobIds();
    const error = await by.step(signal).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.have.property("message", "away");
    expect(await fixture.blobIds()).to.deep.equal(before);
    const again = worker();
    again.flush();
    await run(again);
    expect((await store()).units.some(({ unit }) => unit === "version")).to.equal(true);
  });

  it("where no journal is kept, what was noted is forgotten", async () => {
    await put("a");
    const discarder = new JournalDiscarder({ catalog: fixture.catalog, clock });
    while ((await discarder.step()).kind === "busy");
    expect(await journal().pending()).to.equal(0);
    expect((await journal().state()).snapshotDue).to.equal(true);
  });
});
