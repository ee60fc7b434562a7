import { join } from "node:path";
import Database from "libsql";
import { JournalDamaged } from "../../src/journal/journal-damaged.js";
import type { RebuildReport } from "../../src/journal/rebuild.js";
import { isProblem } from "../../src/model/errors.js";
import { ChainUnavailable } from "../../src/network/chain/chain.js";
import type { AskingGateway } from "../support/asking-gateway.js";
import { copyCatalog, Incarnation, type Surroundings } from "./incarnation.js";
import { setMachine } from "./machine.js";
import { Rebuilding } from "./rebuilding.js";
import type { Owner } from "./scheduler.js";
import { ConnectionLost, Violation } from "./service.js";
import { SimulatedDisk } from "./simulated-disk.js";

/** What a machine keeps of a gateway. */
export interface Disk {
  readonly disk: SimulatedDisk;
  readonly store: Map<string, unknown>;
  /** The catalog to begin with. */
  readonly left: string;
}

/** A gateway that comes back notices within this time, ms, whatever troubles the network has. */
const RETURN_MS = 3_600_000;
const STEP_MS = 5_000;

export interface LivesParts {
  readonly owner: Owner;
  readonly random: () => number;
  /** A real folder for catalogs. */
  readonly folder: string;
  /** A catalog without rows. */
  readonly emptyCatalog: string;
  readonly surroundings: (disk: Disk) => Surroundings;
  readonly trace: (line: () => string) => void;
}

/** The processes of one gateway, one after the other: they die, and are made again from nothing. */
export class GatewayLives {
  incarnation: Incarnation | undefined;
  crashes = 0;
  /** Turns of the process that runs until it is killed. */
  untilDeath = Infinity;
  private here: Disk;
  private booting: Incarnation | undefined;
  private rebuilding: Rebuilding | undefined;
  private onDeath: () => void = () => undefined;
  private processes = 0;
  /** A process that others take for lost. */
  private old: Incarnation | undefined;
  private onOldDeath: () => void = () => undefined;
  private standing = false;
  private readonly mourners = new Set<() => void>();
  private readonly waiting = new Set<() => void>();

  /** After the folder was made. */
  constructor(private readonly parts: LivesParts) {
    this.here = this.emptyDisk();
  }

  /** The catalog that the last process has left. */
  get left(): string {
    return this.here.left;
  }

  async up(): Promise<Incarnation> {
    while (!this.incarnation) await new Promise<void>((resolve) => this.waiting.add(resolve));
    return this.incarnation;
  }

  /** Asks the running process, waiting for one; rejects with ConnectionLost when that dies. */
  async request<T>(ask: (gateway: AskingGateway, incarnation: Incarnation) => Promise<T>): Promise<T> {
    const incarnation = await this.up();
    return new Promise<T>((resolve, reject) => {
      const mourn = () => reject(new ConnectionLost());
      this.mourners.add(mourn);
      incarnation.owner.schedule(1, () => {
        void ask(incarnation.services.gateway, incarnation)
          .then(resolve, reject)
          .finally(() => this.mourners.delete(mourn));
      });
    });
  }

  /** To be called before each turn: sets the machine that it runs on. True: its process was killed instead. */
  intercept(owner: Owner): boolean {
    const { rebuilding } = this;
    const process = [rebuilding, this.booting, this.incarnation].find((each) => each?.owner === owner);
    const machine = ((owner === this.old?.owner ? this.old : process) ?? this.incarnation ?? this.booting ?? rebuilding)
      ?.machine;
    if (machine) setMachine(machine);
    if (!process || --this.untilDeath > 0) return false;
    if (process === rebuilding) {
      this.untilDeath = Infinity;
      this.parts.trace(() => `${owner.name} dies`);
      rebuilding.kill();
      this.onDeath();
    } else this.die(this.parts.random() < 0.5);
    return true;
  }

  async boot(): Promise<void> {
    const incarnation = new Incarnation(this.parts.surroundings(this.here), ++this.processes);
    this.booting = incarnation;
    await incarnation.boot(this.here.left);
    this.booting = undefined;
    this.incarnation = incarnation;
    this.parts.trace(() => `${incarnation.owner.name} is up`);
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }

  /** Until the process that runs is killed, at the end of `patience` at the latest. */
  async death(patience: Promise<void>): Promise<void> {
    const died = new Promise<void>((resolve) => (this.onDeath = resolve));
    await Promise.race([died, patience]);
    if (this.incarnation) this.die(this.parts.random() < 0.5);
  }

  die(powerCut: boolean): void {
    const victim = this.incarnation ?? this.booting!;
    this.untilDeath = Infinity;
    this.crashes++;
    this.parts.trace(() => `${victim.owner.name} dies`);
    this.incarnation = undefined;
    this.booting = undefined;
    this.here = { ...this.here, left: victim.kill(powerCut) };
    for (const mourn of this.mourners) mourn();
    this.mourners.clear();
    this.onDeath();
  }

  /**
   * The machine cannot be reached any more, and is not lost for ever: its process stands still, or has ended. Resolves with
   * what brings it back, which resolves when it has been told to end.
   */
  cutOff(): () => Promise<void> {
    const { random, owner, surroundings, trace } = this.parts;
    const stands = random() < 0.5;
    const { here, incarnation } = this;
    trace(() => `${incarnation!.owner.name} is cut off${stands ? ", and stands still" : ""}`);
    if (!stands) this.die(random() < 0.5);
    else {
      this.incarnation = undefined;
      this.old = incarnation;
      this.standing = true;
      void this.stand(incarnation!.owner);
      for (const mourn of this.mourners) mourn();
      this.mourners.clear();
    }
    const { left } = this.here;
    return async () => {
      const ended = new Promise<void>((resolve) => (this.onOldDeath = resolve));
      this.standing = false;
      const back = stands ? incarnation! : new Incarnation(surroundings({ ...here, left }), ++this.processes);
      this.old = back;
      trace(() => `${back.owner.name} is back`);
      if (!stands) void back.boot(left);
      await Promise.race([ended, owner.sleep(RETURN_MS)]);
      if (back.owner.alive)
        throw new Violation(`${back.owner.name} does not notice that another one goes on in its place`);
    };
  }

  private async stand(process: Owner): Promise<void> {
    const { owner } = this.parts;
    while (this.standing) {
      process.standsUntil = owner.now() + 2 * STEP_MS;
      await owner.sleep(STEP_MS);
    }
  }

  /** A process is told that another gateway goes on in its place: it ends. */
  superseded(owner: Owner): void {
    if (owner !== this.old?.owner) throw new Violation(`${owner.name} is told that another one goes on in its place`);
    this.parts.trace(() => `${owner.name} is told to end`);
    this.old.kill(false);
    this.old = undefined;
    this.onOldDeath();
  }

  /** Nothing of it runs any more. */
  bury(): void {
    this.old?.kill(false);
    this.rebuilding?.kill();
    (this.incarnation ?? this.booting)?.kill(false);
  }

  /**
   * All of the machine is lost; another one, with an empty disk, makes the catalog again, and dies of that now and then. What
   * passes is tried again for `patienceMs`; rejects with anything else. Resolves when `left` is the new catalog.
   */
  async rebuild(patienceMs: number): Promise<RebuildReport> {
    const { owner, random, trace, surroundings } = this.parts;
    this.here = this.emptyDisk();
    const deadline = owner.now() + patienceMs;
    for (;;) {
      const rebuilding = new Rebuilding(surroundings(this.here), this.here.left, ++this.processes);
      this.rebuilding = rebuilding;
      const died = new Promise<undefined>((resolve) => (this.onDeath = () => resolve(undefined)));
      if (random() < 0.4) this.untilDeath = 1 + Math.floor(10 ** (1 + 2.5 * random()));
      const ended = rebuilding.run().catch((error: unknown) => {
        if (!passes(error) || owner.now() > deadline) throw error;
        trace(() => `not rebuilt: ${String(error)}`);
        return undefined;
      });
      const report = await Promise.race([died, ended]);
      this.untilDeath = Infinity;
      this.rebuilding = undefined;
      if (report) return report;
      await owner.sleep(30_000);
    }
  }

  private emptyDisk(): Disk {
    const { folder, emptyCatalog } = this.parts;
    const left = join(folder, `machine-${++this.processes}.sqlite`);
    copyCatalog(emptyCatalog, left);
    // Drawn by the real dice when the empty catalog was made.
    const database = new Database(left);
    database.exec("update journal_state set stream = '0000beef'");
    database.close();
    return { disk: new SimulatedDisk(), store: new Map(), left };
  }
}

/** What a rebuild may be refused for while the network has its troubles. */
function passes(error: unknown): boolean {
  return (
    error instanceof ChainUnavailable ||
    error instanceof JournalDamaged ||
    isProblem(error, "dependencyUnavailable") ||
    isProblem(error, "objectUnavailable")
  );
}
