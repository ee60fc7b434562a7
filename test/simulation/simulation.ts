import { mkdirSync, rmSync } from "node:fs";
import type { AskingGateway } from "../support/asking-gateway.js";
import type { MultipartEtag } from "../../src/gateway/uploads/uploads.js";
import type { Account } from "../../src/model/account.js";
import { CHARGED_PER_SEGMENT } from "../../src/model/sizes.js";
import { MemoryChain } from "../support/memory-chain.js";
import { seededRandom } from "../support/seeded-random.js";
import { ACCOUNTS, drawAccounts } from "./accounts.js";
import { Archivist } from "./archivist.js";
import { checkAtRest, checkEmpty, checkStored } from "./checks.js";
import { Contents } from "./contents.js";
import { BLOBS_FOLDER, BLOCK_MS, Incarnation, readCatalog } from "./incarnation.js";
import { Decay, decayAndRepair } from "./decay.js";
import { mergePacks } from "./pack-merging.js";
import { readWithNodesDown } from "./reading-with-nodes-down.js";
import { Overload, overloadGateway } from "./overload.js";
import { inspect } from "./inspector.js";
import { untilIdle, untilWhole } from "./idle.js";
import { PackClient } from "./pack-client.js";
import { Packing } from "./packing.js";
import { setMachine } from "./machine.js";
import { Register } from "./register.js";
import { Rot } from "./rot.js";
import type { RunResult, RunSettings } from "./run-settings.js";
import { Owner, Scheduler } from "./scheduler.js";
import { Secrecy } from "./secrecy.js";
import { ConnectionLost, Violation, type Service } from "./service.js";
import { drawEtag } from "./multipart-etag.js";
import { calm } from "./simulated-chain.js";
import { SimulatedDisk } from "./simulated-disk.js";
import { SimulatedNodes } from "./simulated-nodes.js";
import { farBehind, heal, makeTrouble, mischiefs, unneededFiles, type TroubleParts } from "./trouble.js";

/** Between two rounds of the sweepers, ms; less in some runs. */
const SWEEP_MS = 120_000;

/** One seed: a scenario drawn from it, its faults, and then the questions whether everything is as it must be. */
export class Simulation implements Service {
  readonly random: () => number;
  readonly keys: readonly string[];
  readonly contents: Contents;
  readonly secrecy: Secrecy;
  readonly multipartEtag: MultipartEtag;
  readonly packing: Packing;
  readonly decay: Decay;
  readonly overload: Overload;
  readonly rot: Rot;
  readonly exclusive = new Set<string>();
  readonly wasStored = new Set<string>();
  readonly busy = new Map<string, number>();
  readonly owner: Owner;
  readonly chain: MemoryChain;
  readonly nodes: SimulatedNodes;
  readonly disk = new SimulatedDisk();
  readonly spec: 100 | 133;
  readonly clients: readonly PackClient[];
  readonly accounts: ReadonlyMap<string, Account>;
  incarnation: Incarnation | undefined;
  crashes = 0;
  mischief = 0;
  private fingerprint = 0;
  private readonly scheduler = new Scheduler();
  private readonly registers = new Map<string, Register>();
  private readonly trouble = calm();
  private readonly store = new Map<string, unknown>();
  private readonly finalityLag: number;
  private readonly maxSegmentsPerFile: number;
  private sweepMs: number;
  private readonly diskSlowness: number;
  private readonly crowded: boolean;
  private stalled = 0;
  /** At spec 100 a second owner is charged half and given back the whole: some deletions are refused for ever. */
  private readonly refusesDeletions: boolean;
  private calmSince = Infinity;
  private failure: Error | undefined;
  private left: string;
  private incarnations = 0;
  /** Turns of the running process until it is killed. */
  private untilCrash = Infinity;
  private readonly mourners = new Set<() => void>();
  private readonly waiting = new Set<() => void>();

  constructor(private readonly settings: RunSettings) {
    this.random = seededRandom(settings.seed);
    const { random } = this;
    this.owner = new Owner(this.scheduler, "world");
    this.spec = random() < 0.25 ? 100 : 133;
    this.finalityLag = 1 + Math.floor(3 * random());
    this.maxSegmentsPerFile = random() < 0.3 ? 2 : 1000;
    // Where everybody puts the same few things, owners share files.
    this.secrecy = new Secrecy(settings.seed);
    this.multipartEtag = drawEtag(settings.seed);
    this.packing = new Packing(settings.seed, this.maxSegmentsPerFile);
    this.decay = new Decay(settings.seed);
    this.overload = new Overload(settings.seed);
    this.rot = new Rot(settings.seed, BLOBS_FOLDER, this.disk);
    this.keys = this.packing.keys;
    this.contents = new Contents(
      random,
      this.maxSegmentsPerFile,
      random() < 0.3 ? 1 + Math.floor(4 * random()) : Infinity,
      this.secrecy.used,
      this.packing.used,
    );
    this.chain = new MemoryChain({
      spec: this.spec,
      finalityLag: this.finalityLag,
      era: 16 + Math.floor(48 * random()),
    });
    const broken = Math.floor(4 * random() ** 2);
    this.nodes = new SimulatedNodes(this.chain, 13 + broken + Math.floor(6 * random()), random, broken);
    this.nodes.dropDeleted = this.packing.used;
    this.crowded = random() < 0.2;
    this.sweepMs = random() < 0.2 ? 4_000 : random() < 0.1 ? 1_000 : SWEEP_MS;
    this.diskSlowness = random() < 0.2 ? 10 : 1;
    this.accounts = new Map(ACCOUNTS.map((each) => [each.id, each]));
    for (const { cessAccount, territory } of ACCOUNTS.slice(0, 2))
      this.chain.addTerritory(cessAccount, territory, BigInt(500 * CHARGED_PER_SEGMENT));
    const present = drawAccounts(random, this.rot.used);
    this.refusesDeletions = this.spec === 100 && present.length > 1;
    // An account may be at work from two places at once, in the same bucket.
    this.clients = present.flatMap((each) =>
      Array.from({ length: random() < 0.5 ? 2 : 1 }, () => new PackClient(this, each)),
    );
    this.left = settings.emptyCatalog;
  }

  async run(): Promise<RunResult> {
    mkdirSync(this.settings.folder, { recursive: true });
    const onRejection = (error: unknown) => this.fail(error, "a rejection that nobody handles");
    process.on("unhandledRejection", onRejection);
    this.scheduler.intercept = (owner) => this.intercept(owner);
    this.makeBlocks();
    try {
      await this.scheduler.run(Promise.race([this.direct(), this.failed()]));
    } catch (error) {
      this.failure ??= error as Error;
    } finally {
      process.off("unhandledRejection", onRejection);
      // One that stopped in good order is gone already.
      if (this.incarnation?.owner.alive === true) this.incarnation.kill(false);
      setMachine(undefined);
      rmSync(this.settings.folder, { recursive: true, force: true });
    }
    const { seed } = this.settings;
    const failure =
      this.failure &&
      (this.failure instanceof Violation ? this.failure.message : (this.failure.stack ?? String(this.failure)));
    return {
      seed,
      ...(failure !== undefined && { failure }),
      turns: this.scheduler.turns,
      crashes: this.crashes,
      mischief: this.mischief,
      stored: this.chain.files().length,
      fingerprint: this.fingerprint,
    };
  }

  // ---- what clients use ----

  readonly troubled = (): boolean => this.owner.now() < this.calmSince;

  register(bucket: string, key: string): Register {
    const name = `${bucket}/${key}`;
    const register = this.registers.get(name) ?? new Register();
    this.registers.set(name, register);
    return register;
  }

  async request<T>(ask: (gateway: AskingGateway, incarnation: Incarnation) => Promise<T>): Promise<T> {
    while (!this.incarnation) await new Promise<void>((resolve) => this.waiting.add(resolve));
    const { incarnation } = this;
    return new Promise<T>((resolve, reject) => {
      const mourn = () => reject(new ConnectionLost());
      this.mourners.add(mourn);
      void ask(incarnation.services.gateway, incarnation)
        .then(resolve, reject)
        .finally(() => this.mourners.delete(mourn));
    });
  }

  trace(line: () => string): void {
    const text = `${((this.owner.now() - 1_700_000_000_000) / 1000).toFixed(3)} ${line()}`;
    for (let at = 0; at < text.length; at++)
      this.fingerprint = (Math.imul(this.fingerprint, 31) + text.charCodeAt(at)) | 0;
    this.settings.trace?.(text);
  }

  // ---- the plot ----

  private async direct(): Promise<void> {
    const { random } = this;
    await this.boot();
    for (const client of this.clients) await client.createBucket();
    const parts = this.troubleParts();
    const kinds = Object.keys(mischiefs).filter(() => random() < 0.35);
    const everyMs = 5_000 + 120_000 * random();
    let ended = false;
    const rotting = this.rot.run(this.owner, () => ended, parts.trace);
    const trouble = random() < 0.05 ? Promise.resolve() : makeTrouble(parts, kinds, everyMs, () => ended);
    const crashes = random() < 0.3 ? 0 : 1 + Math.floor(4 * random());
    const death = this.crashAgainAndAgain(crashes, parts);
    const pauseMs = 1_000 + 60_000 * random() ** 2;
    const more = this.packing.used ? 2 : 1;
    await Promise.all(this.clients.map((client) => client.run(more * (4 + Math.floor(9 * random())), pauseMs / more)));
    this.trace(() => "the clients are done");
    await this.owner.sleep(120_000 * random());
    ended = true;
    await Promise.all([trouble, death, rotting]);
    this.untilCrash = Infinity;
    heal(parts);
    await this.up();
    this.calmSince = this.owner.now() + 120_000;
    this.trace(() => "all is well");
    // Hours may pass from here on: quick sweeps would be most of what happens in them.
    const quick = this.sweepMs < SWEEP_MS;
    this.sweepMs = SWEEP_MS;
    if (random() < 0.3 || quick) await this.restart();
    await untilWhole(this);
    await this.checkRest();
    await readWithNodesDown(this);
    if (this.packing.used) {
      const keeper = this.packing.archives ? this.clients[0]?.account : undefined;
      await mergePacks(this, keeper && new Archivist(this, keeper));
      await this.checkRest();
    }
    if (this.overload.used) {
      await overloadGateway(this);
      await this.checkRest();
    }
    if (this.decay.used && !this.refusesDeletions) {
      await decayAndRepair(this);
      await this.checkRest();
    }
    if (random() < 0.5) {
      const elsewhere = random() < 0.5 ? mischiefs["elsewhere"]!(parts) : undefined;
      for (const client of this.clients) await client.deleteAll();
      await elsewhere;
      await untilIdle(this);
      await checkStored(this, this.spec);
      await checkEmpty(this, this.spec);
    }
  }

  private troubleParts(): TroubleParts {
    return {
      owner: this.owner,
      chain: this.chain,
      trouble: this.trouble,
      nodes: this.nodes,
      disk: this.disk,
      random: this.random,
      finalityLag: this.finalityLag,
      stallBlocks: (stalled) => (this.stalled += stalled ? 1 : -this.stalled),
      unneeded: () => unneededFiles(this),
      owners: [...this.accounts.values()].map(({ cessAccount }) => cessAccount),
      trace: (line) => {
        this.mischief++;
        this.trace(line);
      },
    };
  }

  private makeBlocks(): void {
    this.owner.schedule(BLOCK_MS, () => {
      if (this.stalled === 0) this.chain.advance();
      void inspect(this, this.random).catch((error: unknown) => this.fail(error, "inspecting"));
      this.makeBlocks();
    });
  }

  private async boot(): Promise<void> {
    const incarnation = new Incarnation(
      {
        scheduler: this.scheduler,
        disk: this.disk,
        chain: this.chain,
        trouble: this.trouble,
        store: this.store,
        nodes: this.nodes,
        accounts: this.accounts,
        random: this.random,
        secrecy: this.secrecy,
        multipartEtag: this.multipartEtag,
        packing: this.packing,
        decay: this.decay,
        overload: this.overload,
        folder: this.settings.folder,
        maxSegmentsPerFile: this.maxSegmentsPerFile,
        sweepMs: this.sweepMs,
        diskSlowness: this.diskSlowness,
        crowded: this.crowded,
        onError: (error) => this.fail(error, "an error that nobody expects"),
      },
      ++this.incarnations,
    );
    this.booting = incarnation;
    await incarnation.boot(this.left);
    this.booting = undefined;
    this.incarnation = incarnation;
    this.trace(() => `${incarnation.owner.name} is up`);
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }

  private booting: Incarnation | undefined;

  async up(): Promise<void> {
    while (!this.incarnation) await new Promise<void>((resolve) => this.waiting.add(resolve));
  }

  /** Asked anew each time: a crash between two awaits ends the incarnation. */
  private running(): boolean {
    return this.incarnation !== undefined;
  }

  private async crashAgainAndAgain(times: number, parts: TroubleParts): Promise<void> {
    const { random } = this;
    for (let n = 0; n < times; n++) {
      await this.dieWithin(1 + Math.floor(10 ** (1 + 3 * random())), this.owner.sleep(300_000));
      if (this.running()) return;
      await this.owner.sleep(60_000 * random() ** 2);
      // A new process may not know of the last few blocks: an endpoint that is behind shows it the past.
      const past = random() < 0.7 ? undefined : random() < 0.5 ? mischiefs["behind"]!(parts) : farBehind(parts);
      // Some die again while they are starting.
      if (random() < 0.2) await this.dieWithin(1 + Math.floor(40 * random()), this.boot());
      if (!this.running()) await this.boot();
      await past;
    }
  }

  /** Lets the process run for so many of its turns, or until the promise resolves. */
  private async dieWithin(turns: number, end: Promise<void>): Promise<void> {
    const died = new Promise<void>((resolve) => (this.onDeath = resolve));
    this.untilCrash = turns;
    await Promise.race([died, end]);
    this.untilCrash = Infinity;
  }

  private onDeath: () => void = () => undefined;

  /** The process is killed before one of its turns: nothing of it runs any more. */
  private intercept(owner: Owner): boolean {
    const victim = this.incarnation ?? this.booting;
    if (!victim || owner !== victim.owner || --this.untilCrash > 0) return false;
    this.untilCrash = Infinity;
    this.crashes++;
    const powerCut = this.random() < 0.5;
    this.trace(() => `${owner.name} dies${powerCut ? " in a power cut" : ""}`);
    this.incarnation = undefined;
    this.booting = undefined;
    // A power cut may undo what nobody was told of, and then an id may be given again.
    this.wasStored.clear();
    this.left = victim.kill(powerCut);
    this.secrecy.requireSealed(`the catalog that ${owner.name} left`, readCatalog(this.left));
    for (const mourn of this.mourners) mourn();
    this.mourners.clear();
    this.onDeath();
    return true;
  }

  async restart(): Promise<void> {
    const { stuck, left } = await this.incarnation!.stop();
    if (stuck.length > 0) throw new Violation(`workers that do not obey: ${stuck.join(", ")}`);
    this.incarnation = undefined;
    this.left = left;
    await this.boot();
  }

  /** Does the work while the process may be killed, once, after so many of its turns. */
  async mortally(turns: number, work: () => Promise<void>): Promise<void> {
    let survive: () => void = () => undefined;
    const end = new Promise<void>((resolve) => (survive = resolve));
    const death = this.dieWithin(turns, end).then(() => (this.running() ? undefined : this.boot()));
    await work();
    survive();
    await death;
  }

  private async checkRest(): Promise<void> {
    await untilIdle(this);
    await checkStored(this, this.spec);
    await checkAtRest(this);
  }

  private fail(error: unknown, what: string): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.failure ??= error instanceof Violation ? error : new Violation(`${what}: ${text}`);
    this.onFailure();
  }

  private onFailure: () => void = () => undefined;

  private failed(): Promise<never> {
    return new Promise((_, reject) => (this.onFailure = () => reject(this.failure!)));
  }
}
