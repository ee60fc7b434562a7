import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalog, JournalCatalog, JournalUnit, NewFile } from "../../src/catalog/catalog.js";
import { openSqliteCatalog } from "../../src/catalog/sqlite/sqlite-catalog.js";
import { ORDER_NAMES, OrderNames } from "../../src/distribution/order-name.js";
import { JournalWorker } from "../../src/journal/journal-worker.js";
import { Rebuild, type RebuildReport } from "../../src/journal/rebuild.js";
import { JOURNAL_KEYS } from "../../src/journal/sealed-journal.js";
import type { Account, CessAccount } from "../../src/model/account.js";
import { PLAIN } from "../../src/model/file.js";
import type { Fid, Hash } from "../../src/model/hash.js";
import type { BlobId } from "../../src/model/object.js";
import type { ChainFile } from "../../src/network/chain/chain.js";
import { collect } from "./collect.js";
import { otherText, versionText } from "./journal-units.js";
import { everything, MountedJournals, reading } from "./mounted-journals.js";
import { seededRandom } from "./seeded-random.js";
import { testKeys } from "./test-keys.js";

const SCHEMA = "0028_journal_expand";
const OWNER: Account = { id: "anna", displayName: "anna", cessAccount: "cAnna" as CessAccount, territory: "land" };
const KEYS = testKeys.derive(JOURNAL_KEYS);
const names = new OrderNames(testKeys.derive(ORDER_NAMES));
const { signal } = new AbortController();

/** What the journal is made to do wrong. */
export interface Fault {
  /** Run on the catalog's file before anything else. */
  readonly sql?: string;
  /** The share of journals that the network refuses. */
  readonly refused?: number;
  readonly journal?: (real: JournalCatalog) => Partial<JournalCatalog>;
}

/** What there was when a journal was read to its end, and which files the network had. */
interface Moment {
  readonly units: ReadonlyMap<string, JournalUnit>;
  readonly onChain: ReadonlySet<Fid>;
}

const digest = (text: string) => createHash("sha256").update(text).digest("hex") as Hash;

/**
 * A gateway's catalog that clients and workers change at random, with the real journal, over a chain and a network that are
 * tables. Its disk may be lost at any time, and the real rebuild makes the catalog again.
 */
export class JournalWorld {
  readonly random: () => number;
  private catalog!: Catalog;
  private worker!: JournalWorker;
  private folder = "";
  private now = 1_760_000_000_000;
  private count = 0;
  /** Ops run at each page of a journal: changes while it is read. */
  private meddling = false;
  private readonly blobs = new Map<string, Buffer>();
  private readonly network = new Map<Fid, Buffer>();
  private readonly chain = new Map<Fid, ChainFile>();
  private readonly moments = new Map<number, Moment>();
  /** The number of the last journal on the chain that is whole. */
  private journaled: number | undefined;
  /** What went wrong, in words. */
  readonly wrong: string[] = [];
  losses = 0;
  /** How often the mount was compared with a state that the catalog had. */
  compared = 0;
  /** Another gateway's, which follows the journals. */
  private mount: MountedJournals | undefined;

  constructor(
    seed: number,
    private readonly fault: Fault = {},
  ) {
    this.random = seededRandom(seed);
  }

  async run(steps: number): Promise<void> {
    await this.open();
    try {
      for (let step = 0; step < steps && this.wrong.length === 0; step++) {
        this.now += Math.floor(this.random() * 60_000);
        if (this.random() < 0.03) await this.loseDisk();
        else if (this.random() < 0.05) await this.follow();
        else if (this.random() < 0.2) await this.journal();
        else await this.change();
      }
      if (this.wrong.length === 0) await this.loseDisk();
    } finally {
      await this.close();
      await this.mount?.close();
    }
  }

  private async follow(): Promise<void> {
    const moment = this.journaled === undefined ? undefined : this.moments.get(this.journaled);
    if (!moment) return;
    const clock = { now: () => this.now, sleep: () => Promise.resolve() };
    this.mount ??= await MountedJournals.open({ ...this.reading(), clock }, OWNER.cessAccount);
    // As after a start, now and then.
    if (this.random() < 0.3) this.mount.restart();
    this.wrong.push(...(await this.mount.follow(moment.units)));
    this.compared++;
  }

  private reading() {
    return reading(this.chain, this.network, (fid, size) => this.file(fid, size, []));
  }

  private async open(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), "cess-s3-journal-world-"));
    const path = join(this.folder, "catalog.sqlite");
    const clock = { now: () => this.now, sleep: () => Promise.resolve() };
    const open = () => openSqliteCatalog({ clock, sealer: testKeys }, { path });
    if (this.fault.sql !== undefined) {
      await (await open()).close();
      const { default: Database } = await import("libsql");
      const database = new Database(path);
      database.exec(this.fault.sql);
      database.close();
    }
    const catalog = await open();
    const { journal } = catalog;
    const meddle = async () => {
      if (!this.meddling) return;
      this.meddling = false;
      for (let n = this.pick(3); n > 0; n--) await this.change();
      this.meddling = true;
    };
    const faulty = { ...this.fault.journal?.(journal) };
    const real = Object.assign(Object.create(journal) as JournalCatalog, faulty);
    const watched: Partial<JournalCatalog> = {
      all: async (after, limit) => {
        await meddle();
        return real.all(after, limit);
      },
      take: async (number, after, limit) => {
        await meddle();
        const page = await real.take(number, after, limit);
        // Before anything else changes.
        if (!after && !page.next)
          this.moments.set(number, { units: await everything(catalog), onChain: new Set(this.chain.keys()) });
        return page;
      },
    };
    this.catalog = Object.assign(Object.create(catalog) as Catalog, {
      journal: Object.assign(Object.create(real) as JournalCatalog, watched),
    });
    this.worker = this.makeWorker(clock);
  }

  private makeWorker(clock: { now: () => number; sleep: () => Promise<void> }): JournalWorker {
    const blobs = {
      write: async (source: AsyncIterable<Uint8Array>) => {
        const bytes = await collect(source);
        const id = `blob ${++this.count}` as BlobId;
        this.blobs.set(id, bytes);
        return { id, size: bytes.length };
      },
      requireFresh: () => undefined,
      settle: () => undefined,
      remove: () => Promise.resolve(),
    };
    const preprocessing = {
      files: (blob: string, slices: NewFile["blobs"]) => {
        const bytes = this.blobs.get(blob)!;
        const fid = digest(`journal ${blob}`) as Fid;
        return Promise.resolve([this.file(fid, bytes.length, slices)]);
      },
    };
    return new JournalWorker(
      {
        ...{ catalog: this.catalog, blobs: blobs as never, preprocessing: preprocessing as never, keys: KEYS, clock },
        account: () => OWNER,
        schema: SCHEMA,
        fence: { isFresh: true, look: () => Promise.resolve(true) },
        log: { warn: () => undefined, info: () => undefined },
        wake: () => undefined,
      },
      { maxAgeMs: 300_000, lookMs: 0, pageUnits: 3, segmentsBetweenSnapshots: 3 },
    );
  }

  private async close(): Promise<void> {
    await this.catalog.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  private pick(below: number): number {
    return Math.floor(this.random() * below);
  }

  private file(fid: Fid, size: number, blobs: NewFile["blobs"]): NewFile {
    const fragments = Array.from({ length: 12 }, (_, index) => digest(`${fid} ${index}`));
    return { fid, size, format: PLAIN, segments: [{ hash: digest(fid), fragments }], territory: "land", blobs };
  }

  /** The worker's steps until it has nothing to do, with changes between its pages. */
  private async journal(): Promise<void> {
    if (this.random() < 0.5) this.worker.flush();
    this.meddling = true;
    for (let n = 0; n < 50; n++) if ((await this.worker.step(signal)).kind === "idle") break;
    this.meddling = false;
  }

  /** One thing that a client or a worker does. */
  private async change(): Promise<void> {
    const { acts } = this;
    await acts[this.pick(acts.length)]?.();
  }

  /** What happens most stands there several times. */
  private readonly acts: readonly (() => Promise<void>)[] = [
    ...Array.from({ length: 4 }, () => () => this.put()),
    ...Array.from({ length: 2 }, () => () => this.store()),
    () => this.remove(),
    () => this.removeVersion(),
    () => this.tag(),
    () => this.document(),
    () => this.encode(),
    () => this.pack(),
    () => this.merge(),
    () => this.settle(),
    () => this.deleteFiles(),
    () => this.bucket(),
  ];

  private readonly box = () => `box${this.pick(3)}`;
  private readonly key = () => `k${this.pick(6)}`;
  private async newest(): Promise<string | undefined> {
    return (await this.catalog.objects.get(this.box(), this.key()).catch(() => undefined))?.id;
  }

  private async bucket(): Promise<void> {
    const name = this.box();
    const settings = this.random() < 0.5 ? ({ versioning: "Enabled" } as const) : {};
    await this.catalog.buckets.create({ name, owner: "anna", region: "r" }, settings).catch(() => undefined);
    if (this.random() < 0.2) await this.catalog.buckets.delete(this.box()).catch(() => undefined);
  }
  private async put(): Promise<void> {
    const etag = `e${++this.count}`;
    const version = { bucket: this.box(), key: this.key(), owner: "anna", size: 5, etag, content: {}, metadata: {} };
    const blob = `blob ${this.count}` as BlobId;
    const layout = this.random() < 0.6 ? "pack" : "own-file";
    if ((await this.catalog.documents.all(version.bucket)) === undefined) await this.bucket();
    if ((await this.catalog.documents.all(version.bucket)) === undefined) return;
    await this.catalog.objects.put({ ...version, layout }, { blobs: [{ blob, offset: 0, length: 5 }] });
  }
  private async remove(): Promise<void> {
    await this.catalog.objects.delete(this.box(), this.key()).catch(() => undefined);
  }
  private async removeVersion(): Promise<void> {
    const version = await this.catalog.objects.get(this.box(), this.key()).catch(() => undefined);
    if (version)
      await this.catalog.objects.delete(version.bucket, version.key, undefined, { versionId: version.versionId });
  }
  private async tag(): Promise<void> {
    const id = await this.newest();
    if (id !== undefined) await this.catalog.objects.setTags(id, [{ key: "t", value: String(++this.count) }]);
  }
  private async document(): Promise<void> {
    const tags = [{ key: "t", value: String(++this.count) }];
    await this.catalog.documents.put(this.box(), "tagging", tags).catch(() => undefined);
  }
  private async encode(): Promise<void> {
    const [job] = await this.catalog.jobs.lease(["encode"], 1, 1);
    if (!job) return;
    const blobs = await this.catalog.objects.blobs(job.subject);
    // Now and then the same content as another object.
    const fid = digest(`content ${this.random() < 0.2 ? "same" : job.subject}`) as Fid;
    await this.catalog.objects.attach(job.subject, [this.file(fid, 5, blobs)]);
  }
  private async pack(): Promise<void> {
    const queued = await this.catalog.packs.queued({ owner: "anna", format: "plain" }, 4);
    if (queued.length === 0) return;
    const fid = digest(`pack ${++this.count}`) as Fid;
    const objects = queued.map(({ version, size }, n) => ({
      ...{ version, size, offset: 10 * n, length: 5 },
      digest: digest(version),
    }));
    const file = this.file(fid, 100, [{ blob: `blob ${this.count}` as BlobId, offset: 0, length: 100 }]);
    await this.catalog.packs.fill({ ...file, owner: "anna", packed: "plain" }, { objects, moves: [] });
  }
  /** A store job comes to its end, for objects and journals. */
  private async store(): Promise<void> {
    const [job] = await this.catalog.jobs.lease(["store"], 1, 1);
    const file = job && (await this.catalog.files.get(job.subject));
    if (!file || file.state === "deleting") return;
    if (file.journal && this.random() < (this.fault.refused ?? 0.1)) {
      await this.catalog.files.failed(file.id, "refused");
      return;
    }
    const { journal, fid } = file;
    const kind = journal?.snapshot ? ("snapshot" as const) : ("journal" as const);
    const order = journal
      ? ({
          kind: journal.whole ? kind : (`${kind}-part` as const),
          number: journal.number,
          stream: journal.stream,
        } as const)
      : ({ kind: file.layout, number: Number(file.id) } as const);
    const segments = file.segments.map(({ hash, fragments }) => ({
      hash,
      fragments: fragments.map((fragment, n) => ({ hash: fragment, node: `cNode${n}` as CessAccount })),
    }));
    const owners = [{ account: OWNER.cessAccount, territory: "land", fileName: names.name(order) }];
    this.chain.set(fid, { fid, size: file.size, owners, segments });
    const [slice] = file.blobs;
    if (journal && slice) this.network.set(fid, this.blobs.get(slice.blob)!);
    if (journal?.whole) this.journaled = journal.number;
    await this.catalog.files.stored(file.id);
  }
  /** All that is live in a pack goes into another one. */
  private async merge(): Promise<void> {
    const [source] = await this.catalog.packs.belowHalf();
    if (!source) return;
    const runs = await this.catalog.packs.liveRuns(source.file);
    const fid = digest(`pack ${++this.count}`) as Fid;
    const moves = runs.map(({ offset, length }, n) => ({
      ...{ offset: 10 * n, length },
      source: { file: source.file, offset },
    }));
    const file = this.file(fid, 100, [{ blob: `blob ${this.count}` as BlobId, offset: 0, length: 100 }]);
    await this.catalog.packs.fill({ ...file, owner: "anna", packed: "plain" }, { objects: [], moves });
  }
  private async settle(): Promise<void> {
    await this.catalog.packs.settleMoves(10, 0);
  }
  /** Delete jobs, as distribution does them. */
  private async deleteFiles(): Promise<void> {
    for (const job of await this.catalog.jobs.lease(["delete"], 5, 1)) {
      const file = await this.catalog.files.get(job.subject);
      if (file?.state !== "stored") continue;
      if (await this.catalog.journal.holds(file.id, 0)) continue;
      if (!(await this.catalog.files.beginDelete(file.id))) continue;
      this.chain.delete(file.fid);
      await this.catalog.files.deleted(file.id);
    }
  }

  /** The machine is gone; another one is made of what is on the network, and compared with what the last journal has. */
  private async loseDisk(): Promise<void> {
    const last = this.journaled;
    if (last === undefined) return;
    const moment = this.moments.get(last);
    await this.close();
    this.losses++;
    await this.open();
    const report = await this.rebuild().catch((error: unknown) => {
      this.wrong.push(`not rebuilt: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    });
    if (!moment) this.wrong.push(`journal ${last} was never read to its end`);
    if (report && moment) await this.compare(report, moment);
  }

  private rebuild(): Promise<RebuildReport> {
    return new Rebuild({
      ...this.reading(),
      catalog: this.catalog,
      accounts: () => Promise.resolve({ owner: () => OWNER, all: [OWNER] }),
      clock: { now: () => this.now },
      progress: () => undefined,
    }).run(OWNER);
  }

  private async compare(report: RebuildReport, { units, onChain }: Moment): Promise<void> {
    const now = await everything(this.catalog);
    const fids = new Map<unknown, Fid>();
    for (const { unit, key, rows } of units.values())
      if (unit === "file") fids.set(key, rows?.["files"]?.[0]?.["fid"] as Fid);
    const lost = new Set(report.lost.map(({ bucket, key, versionId }) => `${bucket} ${key} ${versionId}`));
    for (const [name, unit] of units) {
      const [version] = unit.rows?.["versions"] ?? [];
      if (unit.unit === "file") continue;
      const found = now.get(name);
      now.delete(name);
      if (!version || version["size"] === 0) {
        if (!found || otherText(found) !== otherText(unit)) this.wrong.push(`${name} is not as it was`);
        continue;
      }
      const files = (unit.rows?.["extents"] ?? []).map((extent) => fids.get(extent["file_id"]));
      const wasSafe = files.length > 0 && files.every((fid) => fid !== undefined && onChain.has(fid));
      const isLost = lost.delete(`${version["bucket"]} ${version["key"]} ${version["version_id"]}`);
      if (!found) this.wrong.push(`${name} is missing`);
      else if (wasSafe && isLost) this.wrong.push(`${name} was safe, and is lost`);
      // What was merged since has moved; its bytes are the same.
      else if (!isLost && versionText(found) !== versionText(unit)) this.wrong.push(`${name} is not as it was`);
    }
    for (const name of now.keys()) if (!name.startsWith("file ")) this.wrong.push(`${name} has come back`);
    for (const name of lost) this.wrong.push(`${name} is lost, and nobody knew it`);
    for (const wrong of await this.catalog.inspection.wrongUsages()) this.wrong.push(`usage of ${wrong.bucket}`);
    for (const { what, count } of await this.catalog.inspection.dangling()) this.wrong.push(`${count} ${what}`);
  }
}
