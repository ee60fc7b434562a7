import { mkdirSync, rmSync } from "node:fs";
import Database from "libsql";
import type { Catalog } from "../../src/catalog/catalog.js";
import type { Account } from "../../src/model/account.js";
import type { Fid } from "../../src/model/hash.js";
import { CHARGED_PER_SEGMENT } from "../../src/model/sizes.js";
import { MemoryChain } from "../support/memory-chain.js";
import { seededRandom } from "../support/seeded-random.js";
import { ACCOUNTS } from "./accounts.js";
import { Decay } from "./decay.js";
import { GatewayLives, type Disk } from "./gateway-lives.js";
import { BLOCK_MS, type Incarnation, type Surroundings } from "./incarnation.js";
import { requireNoHazard } from "./inspector.js";
import { LostDiskClient, type LostDiskService } from "./lost-disk-client.js";
import { Ledger, STORED, VERSIONS, writeOf, type StoredRow, type VersionRow } from "./lost-disk-ledger.js";
import { holdMs, type JournalSurroundings } from "./kept-journal.js";
import { setMachine } from "./machine.js";
import { Overload } from "./overload.js";
import { Packing } from "./packing.js";
import type { RunResult, RunSettings } from "./run-settings.js";
import { Owner, Scheduler } from "./scheduler.js";
import { Secrecy } from "./secrecy.js";
import { Violation } from "./service.js";
import { calm } from "./simulated-chain.js";
import { SimulatedDisk } from "./simulated-disk.js";
import { SimulatedNodes } from "./simulated-nodes.js";
import { heal, makeTrouble, type TroubleParts } from "./trouble.js";
import { STAGES, watchedJournal, type Stage } from "./watched-journal.js";

/** Virtual time that may pass after the last fault until everything is stored and journaled, or rebuilt, ms. */
const PATIENCE_MS = 4 * 3_600_000;
const KINDS = ["node", "partition", "stall", "finality", "fork", "fullBlocks", "outage", "latency", "loss", "refusal"];

/**
 * A gateway with a journal whose whole disk is lost at random moments, and which the real rebuild makes again of what is on
 * the chain and the nodes, while these have troubles of their own.
 */
export class LostDisk implements LostDiskService {
  readonly random: () => number;
  readonly owner: Owner;
  readonly ledger: Ledger;
  private readonly scheduler = new Scheduler();
  private readonly chain: MemoryChain;
  private readonly nodes: SimulatedNodes;
  private readonly trouble = calm();
  private readonly accounts: ReadonlyMap<string, Account>;
  private readonly clients: readonly LostDiskClient[];
  private readonly secrecy: Secrecy;
  private readonly packing: Packing;
  private readonly journal: JournalSurroundings["settings"];
  private readonly fenceMs: number;
  private readonly finalityLag: number;
  private lives!: GatewayLives;
  /** Where the journal must be so that its process dies soon. */
  private armed: Stage | undefined;
  /** By their writes: objects whose bytes are known to be lost. */
  private lost = new Set<string>();
  /** Files on chain that the last rebuild has told of. */
  private unknown: readonly Fid[] = [];
  /** The chain lists a journal of the gateway that runs. */
  private claimed = false;
  /** A gateway that was cut off comes back, and ends; undefined: there was none. */
  private returning: Promise<void> | undefined;
  private mischief = 0;
  private stalled = 0;
  private fingerprint = 0;
  private failure: Error | undefined;
  private onFailure: () => void = () => undefined;

  constructor(private readonly settings: RunSettings) {
    const { seed } = settings;
    this.random = seededRandom(seed);
    const { random } = this;
    this.owner = new Owner(this.scheduler, "world");
    this.finalityLag = 1 + Math.floor(3 * random());
    this.chain = new MemoryChain({ spec: 133, finalityLag: this.finalityLag, era: 16 + Math.floor(48 * random()) });
    this.nodes = new SimulatedNodes(this.chain, 14 + Math.floor(6 * random()), random, 0);
    this.nodes.dropDeleted = true;
    this.accounts = new Map(ACCOUNTS.slice(0, random() < 0.5 ? 1 : 2).map((each) => [each.id, each]));
    for (const { cessAccount, territory } of this.accounts.values())
      this.chain.addTerritory(cessAccount, territory, BigInt(5_000 * CHARGED_PER_SEGMENT));
    this.secrecy = new Secrecy(seed);
    this.packing = drawPacking(random);
    const one = <T>(...values: readonly T[]): T => values[Math.floor(values.length * random())]!;
    this.journal = {
      maxAgeMs: one(60_000, 120_000, 300_000),
      pageUnits: one(1, 3, 20),
      maxUnits: one(5, 1_000_000, 1_000_000),
      segmentsBetweenSnapshots: one(8, 30, 100),
    };
    this.fenceMs = one(5_000, 60_000);
    this.ledger = new Ledger(() => this.scheduler.turns, holdMs({ settings: this.journal }));
    this.clients = [...this.accounts.values()].flatMap((account) =>
      ["0", "1"].map((name) => new LostDiskClient(this, account, name)),
    );
  }

  async run(): Promise<RunResult> {
    const { folder, emptyCatalog, seed } = this.settings;
    mkdirSync(folder, { recursive: true });
    this.lives = new GatewayLives({
      ...{ owner: this.owner, random: this.random, folder, emptyCatalog },
      surroundings: (disk) => this.surroundings(disk),
      trace: (line) => this.trace(line),
    });
    const onRejection = (error: unknown) => this.fail(error);
    process.on("unhandledRejection", onRejection);
    this.scheduler.intercept = (owner) => this.lives.intercept(owner);
    this.makeBlocks();
    const failed = new Promise<never>((_, reject) => (this.onFailure = () => reject(this.failure!)));
    try {
      await this.scheduler.run(Promise.race([this.direct(), failed]));
    } catch (error) {
      this.failure ??= error as Error;
    } finally {
      process.off("unhandledRejection", onRejection);
      this.lives.bury();
      setMachine(undefined);
      rmSync(folder, { recursive: true, force: true });
    }
    const { failure } = this;
    const text = failure && (failure instanceof Violation ? failure.message : (failure.stack ?? String(failure)));
    return {
      seed,
      ...(text !== undefined && { failure: text }),
      turns: this.scheduler.turns,
      crashes: this.lives.crashes,
      mischief: this.mischief,
      stored: this.chain.files().length,
      fingerprint: this.fingerprint,
    };
  }

  // ---- what clients use ----

  async up(): Promise<void> {
    await this.lives.up();
  }

  readonly request: LostDiskService["request"] = (ask) => this.lives.request(ask);

  trace(line: () => string): void {
    const text = `${((this.owner.now() - 1_700_000_000_000) / 1000).toFixed(3)} ${line()}`;
    for (let at = 0; at < text.length; at++)
      this.fingerprint = (Math.imul(this.fingerprint, 31) + text.charCodeAt(at)) | 0;
    this.settings.trace?.(text);
  }

  // ---- the plot ----

  private async direct(): Promise<void> {
    const { random, lives } = this;
    await lives.boot();
    for (const client of this.clients.filter((_, index) => index % 2 === 0)) await client.createBuckets();
    const parts = this.troubleParts();
    let ended = false;
    const kinds = KINDS.filter(() => random() < 0.3);
    const trouble = makeTrouble(parts, kinds, 20_000 + 100_000 * random(), () => ended);
    const pauseMs = 5_000 + 60_000 * random() ** 2;
    const clients = this.clients.map((client) => client.run(15 + Math.floor(15 * random()), pauseMs));
    await Promise.all([...clients, this.fate(1 + Math.floor(4 * random()))]);
    ended = true;
    await trouble;
    heal(parts);
    this.trace(() => "all is well");
    await this.untilJournaled();
    await this.returning;
    await this.readAll();
    // Nothing is under way: all of it is there again.
    lives.die(false);
    await this.loseDisk(storedIn(lives.left), true);
    await lives.boot();
    await this.untilJournaled();
    await this.readAll();
    await this.checkChain();
  }

  private async readAll(): Promise<void> {
    for (const client of this.clients) await client.readAll((write) => this.lost.has(write));
  }

  /** The disk is lost, or the process just dies, now and then. */
  private async fate(strokes: number): Promise<void> {
    const { random, owner, lives } = this;
    for (let n = 0; n < strokes; n++) {
      await owner.sleep(400_000 * random());
      this.armed = STAGES[Math.floor(STAGES.length * random())]!;
      if (this.armed === "any") lives.untilDeath = 1 + Math.floor(10 ** (1 + 3 * random()));
      const losesDisk = random() < 0.75;
      const cutsOff = random() < 0.25 && !this.returning;
      await (cutsOff ? owner.sleep(200_000 * random()) : lives.death(owner.sleep(1_200_000)));
      this.armed = undefined;
      lives.untilDeath = Infinity;
      // Nobody has anything of a catalog without journals.
      const isRecoverable = this.ledger.isRecoverable;
      if (cutsOff && lives.incarnation) {
        if (!isRecoverable) continue;
        await this.cutOff();
      } else if (losesDisk && isRecoverable) await this.loseDisk(storedIn(lives.left));
      await owner.sleep(30_000 * random());
      await lives.boot();
    }
  }

  /** The machine cannot be reached, and another one is made; later it comes back. */
  private async cutOff(): Promise<void> {
    const { owner, random, lives } = this;
    const left = storedBy(lives.incarnation);
    const comeBack = lives.cutOff();
    await this.loseDisk(left);
    this.claimed = false;
    this.returning = (async () => {
      // Before the chain lists a journal of the new one nobody can know of it.
      while (!this.claimed) await owner.sleep(5_000);
      await owner.sleep(600_000 * random() ** 3);
      await comeBack();
    })();
    this.returning.catch((error: unknown) => this.fail(error));
  }

  /** What another machine makes is compared with what it must be. `left`: what was stored. `whole`: nothing was under way. */
  private async loseDisk(left: ReadonlyMap<string, string>, whole = false): Promise<void> {
    const { lives, ledger } = this;
    const at = this.owner.now();
    this.trace(() => "the disk is lost");
    const report = await lives.rebuild(PATIENCE_MS);
    this.trace(() => `rebuilt from ${report.journals.join(", ")}, ${report.lost.length} objects are lost`);
    const database = new Database(lives.left, { readonly: true });
    const rows = database.prepare(VERSIONS).all() as VersionRow[];
    const documents = database.prepare("select bucket, document from configurations where name = 'tagging'").all() as {
      readonly bucket: string;
      readonly document: string;
    }[];
    database.close();
    const byBucket = new Map(documents.map(({ bucket, document }) => [bucket, document]));
    ledger.judge({ rows, documents: byBucket, report, left, at });
    const damaged = new Set(rows.filter(({ damage }) => damage !== null).map(writeOf));
    const [fresh] = [...damaged].filter((write) => !this.lost.has(write));
    if (whole && fresh !== undefined) throw new Violation(`write ${fresh} is lost although nothing was under way`);
    this.lost = damaged;
    this.unknown = report.unknown.map(({ fid }) => fid);
  }

  /** Everything is stored, and all of it is in journals. */
  private async untilJournaled(): Promise<void> {
    const end = this.owner.now() + PATIENCE_MS;
    for (;;) {
      const { jobs, state, ordered } = await this.request(async (_, { services: { catalog, packer } }) => {
        await packer.flush();
        return {
          jobs: await catalog.jobs.count(),
          state: await catalog.journal.look(),
          ordered: (await catalog.journal.journals()).some((each) => each.state !== "counted"),
        };
      });
      const busy = jobs.encode + jobs.store + jobs.delete;
      if (busy === 0 && state.changedAt === undefined && state.claimDue !== true && !ordered) return;
      if (this.owner.now() > end) throw new Violation(`not done: ${JSON.stringify({ jobs, ordered, ...state })}`);
      await this.owner.sleep(20_000);
    }
  }

  /** What the chain lists is what the catalog knows, or what lost gateways have left behind, of which the rebuild told. */
  private async checkChain(): Promise<void> {
    requireNoHazard(this.chain);
    const files = await this.request((_, incarnation) =>
      Promise.resolve(incarnation.rows<{ fid: Fid; state: string }>("select fid, state from files")),
    );
    for (const { fid, state } of files)
      if (state === "stored" && !this.chain.finalFile(fid))
        throw new Violation(`the catalog has the file ${fid} as stored, and the chain does not list it`);
    const known = new Set([...files.map(({ fid }) => fid), ...this.unknown]);
    for (const { fid, owners } of this.chain.files())
      if (owners.length > 0 && !known.has(fid))
        throw new Violation(`the chain lists the file ${fid}, and nobody knows it`);
  }

  // ---- what the gateway is surrounded by ----

  private surroundings({ disk, store }: Disk): Surroundings {
    const { random, chain, nodes, trouble, accounts, secrecy, packing, scheduler } = this;
    return {
      ...{ scheduler, chain, trouble, nodes, accounts, random, secrecy, packing, disk, store },
      multipartEtag: "fid",
      decay: new Decay(this.settings.seed),
      overload: new Overload(this.settings.seed),
      journal: {
        settings: this.journal,
        watched: (catalog, owner) => this.watched(catalog, owner),
        fenceMs: this.fenceMs,
        onSuperseded: (owner) => {
          try {
            this.lives.superseded(owner);
          } catch (error) {
            this.fail(error);
          }
        },
      },
      folder: this.settings.folder,
      maxSegmentsPerFile: 1000,
      sweepMs: 20_000,
      diskSlowness: 1,
      crowded: true,
      onError: (error) => this.fail(error),
    };
  }

  private watched(catalog: Catalog, owner: Owner): Catalog {
    const { ledger, scheduler } = this;
    return watchedJournal(catalog, {
      reached: (stage) => {
        if (this.lives.incarnation?.owner !== owner || this.armed !== stage) return;
        this.armed = undefined;
        this.lives.untilDeath = 1 + Math.floor(10 ** (2 * this.random()));
      },
      reading: () => {
        const from = scheduler.turns;
        const at = this.owner.now();
        const safe = storedBy(this.lives.incarnation);
        return (number) => ledger.read(number, { from, to: scheduler.turns, at, safe });
      },
      stored: (number) => {
        if (this.lives.incarnation?.owner !== owner) return;
        ledger.stored(number);
        this.claimed = true;
        this.trace(() => `journal ${number} is stored`);
      },
    });
  }

  private makeBlocks(): void {
    this.owner.schedule(BLOCK_MS, () => {
      if (this.stalled === 0) this.chain.advance();
      try {
        requireNoHazard(this.chain);
      } catch (error) {
        this.fail(error);
      }
      this.makeBlocks();
    });
  }

  private troubleParts(): TroubleParts {
    return {
      owner: this.owner,
      chain: this.chain,
      trouble: this.trouble,
      nodes: this.nodes,
      // None of these kinds touches it.
      disk: new SimulatedDisk(),
      random: this.random,
      finalityLag: this.finalityLag,
      stallBlocks: (stalled) => (this.stalled += stalled ? 1 : -this.stalled),
      unneeded: () => Promise.resolve([]),
      owners: [...this.accounts.values()].map(({ cessAccount }) => cessAccount),
      trace: (line) => {
        this.mischief++;
        this.trace(line);
      },
    };
  }

  private fail(error: unknown): void {
    this.failure ??= error instanceof Error ? error : new Error(String(error));
    this.onFailure();
  }
}

function storedBy(incarnation: Incarnation | undefined): ReadonlyMap<string, string> {
  return filesByWrite(incarnation?.rows<StoredRow>(STORED) ?? []);
}

/** In a catalog that was left. */
function storedIn(path: string): ReadonlyMap<string, string> {
  const database = new Database(path, { readonly: true });
  try {
    return filesByWrite(database.prepare(STORED).all() as StoredRow[]);
  } finally {
    database.close();
  }
}

function filesByWrite(rows: readonly StoredRow[]): ReadonlyMap<string, string> {
  return new Map(rows.map((row) => [writeOf(row), row.files]));
}

/** Mostly one with packs. */
function drawPacking(random: () => number): Packing {
  const wanted = random() < 0.7;
  for (;;) {
    const packing = new Packing(Math.floor(2 ** 31 * random()), 1000);
    if (packing.used === wanted) return packing;
  }
}
