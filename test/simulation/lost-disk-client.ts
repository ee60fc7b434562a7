import { toS3Error, type ErrorKind } from "../../src/gateway/s3-error.js";
import type { Account } from "../../src/model/account.js";
import { FRAGMENT_SIZE, SEGMENT_SIZE } from "../../src/model/sizes.js";
import type { AskingGateway } from "../support/asking-gateway.js";
import type { Incarnation } from "./incarnation.js";
import { contentOf, STORED, writeOf, type Ledger, type StoredRow } from "./lost-disk-ledger.js";
import { pieces } from "./pieces.js";
import type { Value } from "./register.js";
import type { Owner } from "./scheduler.js";
import { ConnectionLost, Violation } from "./service.js";

const SIZES = [0, 1, 20, 300, 700, FRAGMENT_SIZE, SEGMENT_SIZE - 1, SEGMENT_SIZE + 1, 2 * SEGMENT_SIZE + 777];
/** Refusals that want the network or the machine to be better. */
const PASSING: readonly ErrorKind[] = [
  "ServiceUnavailable",
  "SlowDown",
  "GatewayNotAuthorized",
  "TerritoryTooSmall",
  "TerritoryNotActive",
  "InsufficientStorage",
];
/** Refusals of what is not there, or may not be changed, or has lost its bytes. */
const EXPECTED: readonly ErrorKind[] = ["NoSuchKey", "NoSuchVersion", "AccessDenied", "MethodNotAllowed"];

/** The world as a client of it sees it. */
export interface LostDiskService {
  readonly owner: Owner;
  readonly random: () => number;
  readonly ledger: Ledger;
  /** When a gateway runs. */
  up(): Promise<void>;
  /** Asks the running gateway, waiting for one; rejects with ConnectionLost when that dies. */
  request<T>(ask: (gateway: AskingGateway, incarnation: Incarnation) => Promise<T>): Promise<T>;
  trace(line: () => string): void;
}

/** Somebody with keys of their own, so that they know what comes after what, in a bucket with versions and one without. */
export class LostDiskClient {
  readonly plain: string;
  readonly archive: string;

  constructor(
    private readonly service: LostDiskService,
    private readonly account: Account,
    private readonly name: string,
  ) {
    this.plain = `plain-${account.displayName}`;
    this.archive = `archive-${account.displayName}`;
  }

  async createBuckets(): Promise<void> {
    await this.service.request((gateway) => gateway.buckets.create(this.call(), this.plain));
    await this.service.request((gateway) => gateway.buckets.create(this.call(), this.archive, { objectLock: true }));
  }

  async run(requests: number, pauseMs: number): Promise<void> {
    const { owner, random } = this.service;
    for (let n = 0; n < requests; n++) {
      await owner.sleep(2 * pauseMs * random());
      // What it notes next is about this gateway.
      await this.service.up();
      const dice = random();
      if (dice < 0.4) await this.put(this.archive);
      else if (dice < 0.6) await this.put(this.plain);
      else if (dice < 0.68) await this.deleteOf(this.plain);
      else if (dice < 0.72) await this.deleteOf(this.archive);
      else if (dice < 0.8) await this.removeVersion();
      else if (dice < 0.86) await this.tag();
      else if (dice < 0.9) await this.hold();
      else if (dice < 0.93) await this.document();
      else await this.head();
      if (random() < 0.15)
        await this.attempt(() =>
          this.service.request((_, { services: { packer } }) => packer.flush().then(() => undefined)),
        );
    }
  }

  // ---- what it does ----

  private async put(bucket: string): Promise<void> {
    const { random, ledger } = this.service;
    const key = this.key();
    const size = SIZES[Math.floor(SIZES.length * random() ** 1.5)]!;
    // Its bytes follow from its name, so that no two are the same.
    const write = ledger.begin(bucket, key, Buffer.alloc(size));
    const known = ledger.objects.get(write)!;
    contentOf(write, size).copy(known.bytes);
    if (bucket === this.plain) this.replaced(bucket, key, write);
    const encrypted = random() < 0.3;
    await this.change(bucket === this.plain ? `key ${bucket}/${key}` : undefined, write, async () => {
      const { versionId } = await this.service.request((gateway, { owner }) =>
        gateway.objects.put(
          this.call(),
          { bucket, key },
          { stream: pieces(owner, known.bytes, random), size, announced: {}, trailer: () => ({}) },
          {
            content: {},
            metadata: { write },
            ...(encrypted && { encryption: { algorithm: "AES256" as const } }),
          },
        ),
      );
      known.versionId = versionId;
      known.ended = this.turn;
      this.service.trace(() => `put ${bucket}/${key} = ${write}, ${size} bytes`);
    });
  }

  private async deleteOf(bucket: string): Promise<void> {
    const key = this.key();
    const began = this.turn;
    if (bucket === this.plain) this.replaced(bucket, key, undefined);
    await this.change(bucket === this.plain ? `key ${bucket}/${key}` : undefined, undefined, async () => {
      const { versionId, deleteMarker } = await this.service.request((gateway) =>
        gateway.objects.delete(this.call(), { bucket, key }),
      );
      if (bucket === this.archive && deleteMarker === true && versionId !== undefined)
        this.service.ledger.marked(versionId, began);
      this.service.trace(() => `deleted ${bucket}/${key}`);
    });
  }

  private async removeVersion(): Promise<void> {
    const { ledger } = this.service;
    const found = this.pick(this.archive);
    if (!found) return;
    const { write, known } = found;
    const held = ledger.register(`hold ${write}`).admissible(this.turn, this.turn);
    known.goneBegan = this.turn;
    await this.attempt(async () => {
      const { bucket, key } = known;
      const gone = await this.service
        .request((gateway) => gateway.objects.delete(this.call(), { bucket, key, versionId: known.versionId! }))
        .then(
          () => true,
          (error: unknown) => {
            if (toS3Error(error)?.kind !== "AccessDenied") throw error;
            return false;
          },
        );
      if (gone && !held.has("OFF") && !held.has(undefined))
        throw new Violation(`write ${write} of ${bucket}/${key} was deleted although it is locked`);
      if (!gone && !held.has("ON"))
        throw new Violation(`write ${write} of ${bucket}/${key} is locked, and nobody did that`);
      if (gone) known.goneEnded = this.turn;
      else known.goneBegan = Infinity;
      this.service.trace(() => `${gone ? "removed" : "kept"} write ${write} of ${bucket}/${key}`);
    });
  }

  private async tag(): Promise<void> {
    const found = this.pick(this.archive);
    if (!found) return;
    const { bucket, key, versionId } = found.known;
    const value = String(Math.floor(1000 * this.service.random()));
    await this.change(`tags ${found.write}`, value, async () => {
      await this.service.request((gateway) =>
        gateway.tagging.set(this.call(), { bucket, key, versionId: versionId! }, [{ key: "t", value }]),
      );
      this.service.trace(() => `tagged write ${found.write} ${value}`);
    });
  }

  private async hold(): Promise<void> {
    const found = this.pick(this.archive);
    if (!found) return;
    const { bucket, key, versionId } = found.known;
    const value = this.service.random() < 0.6 ? "ON" : "OFF";
    await this.change(`hold ${found.write}`, value, async () => {
      await this.service.request((gateway) =>
        gateway.locks.setLegalHold(this.call(), { bucket, key, versionId: versionId! }, value),
      );
      this.service.trace(() => `hold of write ${found.write} is ${value}`);
    });
  }

  private async document(): Promise<void> {
    // One of all clients of the account.
    if (this.name !== "0") return;
    const value = String(Math.floor(1000 * this.service.random()));
    await this.change(`document ${this.plain}`, value, async () => {
      await this.service.request((gateway) =>
        gateway.tagging.setOfBucket(this.call(), this.plain, [{ key: "t", value }]),
      );
    });
  }

  /** What HEAD promises is kept. */
  private async head(): Promise<void> {
    const found = this.pick(this.service.random() < 0.5 ? this.plain : this.archive);
    if (!found) return;
    const { write, known } = found;
    const { bucket, key, versionId } = known;
    await this.attempt(async () => {
      const { said, files } = await this.service.request(async (gateway, incarnation) => {
        const name = { bucket, key, ...(bucket === this.archive && { versionId: versionId! }) };
        const { version, recoverable } = await gateway.objects.head(this.call(), name, { preconditions: {} });
        const isIt = version.metadata["write"] === write;
        const row = incarnation.rows<StoredRow>(STORED).find((each) => writeOf(each) === write);
        return { said: isIt && recoverable === true, files: row?.files };
      });
      if (!said || known.goneBegan !== Infinity) return;
      known.promised = files;
      this.service.trace(() => `write ${write} of ${bucket}/${key} is recoverable`);
    });
  }

  /** Every version of its own reads back as it was put; `isLost` says of which it is known that it cannot. */
  async readAll(isLost: (write: string) => boolean): Promise<void> {
    const { ledger, owner } = this.service;
    for (const [write, known] of this.own()) {
      const { bucket, key, versionId } = known;
      if (versionId === undefined || known.goneBegan !== Infinity) continue;
      for (const end = owner.now() + 600_000; ;) {
        const outcome = await this.read(bucket, key, versionId).catch((error: unknown) => error as Error);
        if (outcome instanceof Violation) throw outcome;
        if (Buffer.isBuffer(outcome)) {
          if (isLost(write)) throw new Violation(`write ${write} of ${bucket}/${key} is lost, and was read`);
          if (!outcome.equals(known.bytes))
            throw new Violation(`write ${write} of ${bucket}/${key} reads back as other bytes than were put`);
          break;
        }
        if (isLost(write) || ledger.objects.get(write) !== known) break;
        if (outcome instanceof ConnectionLost) continue;
        if (owner.now() > end)
          throw new Violation(`write ${write} of ${bucket}/${key} cannot be read: ${outcome.message}`);
        await owner.sleep(20_000);
      }
    }
  }

  private read(bucket: string, key: string, versionId: string): Promise<Buffer> {
    return this.service.request(async (gateway) => {
      const { body } = await gateway.objects.get(
        this.call(),
        { bucket, key, ...(bucket === this.archive && { versionId }) },
        { preconditions: {} },
      );
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(Uint8Array.from(chunk));
      return Buffer.concat(chunks);
    });
  }

  // ---- how ----

  private get turn(): number {
    return this.service.owner.scheduler.turns;
  }

  private call() {
    return { account: this.account, client: new AbortController() };
  }

  private key(): string {
    return `${this.name}-${Math.floor(4 * this.service.random())}`;
  }

  private own() {
    return [...this.service.ledger.objects].filter(
      ([, { bucket, key }]) => (bucket === this.plain || bucket === this.archive) && key.startsWith(`${this.name}-`),
    );
  }

  /** One of its objects that are there. */
  private pick(bucket: string) {
    const there = this.own().filter(
      ([, known]) => known.bucket === bucket && known.ended !== Infinity && known.goneBegan === Infinity,
    );
    const [write, known] = there[Math.floor(there.length * this.service.random())] ?? [];
    return write === undefined || !known ? undefined : { write, known };
  }

  /** What was at the key of a bucket without versions is there no more, or is not for long. */
  private replaced(bucket: string, key: string, by: string | undefined): void {
    for (const [write, known] of this.own())
      if (write !== by && known.bucket === bucket && known.key === key && known.goneBegan === Infinity)
        known.goneBegan = this.turn;
  }

  /** A write of the register, if it has one. */
  private async change(name: string | undefined, value: Value, act: () => Promise<void>): Promise<void> {
    const register = name === undefined ? undefined : this.service.ledger.register(name);
    const write = register?.begin(value, this.turn);
    const done = await this.attempt(act);
    if (!register || !write) return;
    if (done) register.done(write, this.turn);
    else register.doubtful(write, this.turn);
  }

  /** Resolves whether it was done for certain. */
  private async attempt(act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      this.service.trace(() => `${this.name} failed: ${String(error)}`);
      if (error instanceof ConnectionLost) return false;
      const kind = toS3Error(error)?.kind;
      if (kind !== undefined && (PASSING.includes(kind) || EXPECTED.includes(kind))) return false;
      throw error;
    }
  }
}
