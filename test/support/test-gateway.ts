import { expect } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import type { Blobs } from "../../src/blobs/blobs.js";
import { FileBlobs } from "../../src/blobs/file-blobs.js";
import type { Catalog } from "../../src/catalog/catalog.js";
import { openSqliteCatalog } from "../../src/catalog/sqlite/sqlite-catalog.js";
import { ThreadEncoder } from "../../src/encoding/thread-encoder.js";
import { CessGateway, type GatewayComponents, type GatewaySettings } from "../../src/gateway/cess-gateway.js";
import type { Body, Call, Expected, PutSettings } from "../../src/gateway/gateway.js";
import type { DocumentName } from "../../src/model/bucket-documents.js";
import type { Account, CessAccount } from "../../src/model/account.js";
import { ByteStream } from "../../src/streams/byte-stream.js";
import { toS3Error, type ErrorKind, type S3Error } from "../../src/gateway/s3-error.js";
import { DomainError } from "../../src/model/errors.js";
import { DamageRecorder } from "../../src/maintenance/damage-recorder.js";
import { PLAIN } from "../../src/model/file.js";
import type { Fid } from "../../src/model/hash.js";
import type { ObjectVersion } from "../../src/model/object.js";
import { GIB } from "../../src/model/sizes.js";
import { ResumablePreprocessing } from "../../src/preprocessing/resumable-preprocessing.js";
import type { FileRange, Retrieval } from "../../src/retrieval/retrieval.js";
import { AskingGateway } from "./asking-gateway.js";
import { collect } from "./collect.js";
import { openFreshCatalog } from "./fresh-catalog.js";
import { ManualClock } from "./manual-clock.js";
import { MemoryChain } from "./memory-chain.js";
import { seededRandom } from "./seeded-random.js";
import { testKeys } from "./test-keys.js";

export const alice: Account = {
  id: "a".repeat(64),
  displayName: "alice",
  cessAccount: "cXalice" as CessAccount,
  territory: "home",
};
export const bob: Account = {
  id: "b".repeat(64),
  displayName: "bob",
  cessAccount: "cXbob" as CessAccount,
  territory: "home",
};

/** The network's store in a map: whole contents by FID, cut as a retrieval does. */
export class FakeRetrieval implements Retrieval {
  readonly contents = new Map<Fid, Buffer>();
  /** What was opened. */
  readonly opened: FileRange[] = [];

  open(files: readonly FileRange[]): Promise<ByteStream> {
    this.opened.push(...files);
    const pieces: Buffer[] = [];
    for (const { file, range, packed } of files) {
      const content = this.contents.get(file.fid);
      if (!content) return Promise.reject(new DomainError({ kind: "objectUnavailable" }, "not there"));
      const at = packed?.offset ?? 0;
      pieces.push(content.subarray(at + range.start, at + range.end));
    }
    return Promise.resolve(ByteStream.of(...pieces));
  }
}

export interface TestGatewaySettings extends Partial<GatewaySettings> {
  /** Segments of one file; the chain's limit unless a test wants several files of few. */
  readonly maxSegmentsPerFile?: number;
  /** The catalog's clock; by default one that moves with each look at it. */
  readonly now?: () => number;
  /** Bytes of alice's and bob's territories. */
  readonly territoryBytes?: number;
  /** Small objects just written that are kept in memory; by default none, so that reads are of the disk. */
  readonly recentBytes?: number;
}

/** Services that another gateway has in place of the real ones, or besides. */
export type Replaced = Partial<GatewayComponents>;

/** A gateway over the real catalog, staging, encoder and preprocessing, with a chain and a network in memory. */
export class TestGateway {
  readonly chain = new MemoryChain();
  readonly retrieval = new FakeRetrieval();
  readonly clock = new ManualClock();
  /** Commits that may have made jobs. */
  work = 0;
  readonly faults: unknown[] = [];
  /** The gateway itself, and asked as the wire asks it. */
  readonly cess: CessGateway;
  readonly gateway: AskingGateway;

  private constructor(
    readonly folder: string,
    readonly catalog: Catalog,
    readonly blobs: Blobs,
    readonly encoder: ThreadEncoder,
    readonly preprocessing: ResumablePreprocessing,
    /** What was logged of damage to staged bytes. */
    readonly damages: readonly object[],
    settings: TestGatewaySettings,
  ) {
    for (const { cessAccount, territory } of [alice, bob]) {
      this.chain.addTerritory(cessAccount, territory, BigInt(settings.territoryBytes ?? 64 * GIB));
    }
    this.cess = this.cessGateway({}, settings);
    this.gateway = new AskingGateway(this.cess);
  }

  /** `left`: the folder of a gateway that ended before, to go on with. */
  static async build(settings: TestGatewaySettings = {}, left?: string): Promise<TestGateway> {
    const folder = left ?? (await mkdtemp(join(tmpdir(), "cess-s3-gateway-")));
    // Later than any time in a catalog that was left.
    let now = left === undefined ? 1_700_000_000_000 : 1_700_001_000_000;
    const clock = { now: settings.now ?? (() => now++), sleep: () => Promise.reject(new Error("not used")) };
    const open = left === undefined ? openFreshCatalog : openSqliteCatalog;
    const catalog = await open({ clock, sealer: testKeys }, { path: join(folder, "catalog.sqlite") });
    const damages: object[] = [];
    const onDamage = new DamageRecorder({ catalog, log: { error: (found: object) => damages.push(found) } as never })
      .record;
    const blobs = await FileBlobs.open({
      folder: join(folder, "blobs"),
      onDamage,
      recentBytes: settings.recentBytes ?? 0,
    });
    const encoder = new ThreadEncoder({ threads: 2, onDamage });
    const { maxSegmentsPerFile } = settings;
    const preprocessing = new ResumablePreprocessing(
      { catalog, blobs, encoder },
      maxSegmentsPerFile === undefined ? {} : { maxSegmentsPerFile },
    );
    return new TestGateway(folder, catalog, blobs, encoder, preprocessing, damages, settings);
  }

  /** Another gateway over the same services, with some of them replaced. */
  gatewayWith(replaced: Replaced, settings: TestGatewaySettings = {}): AskingGateway {
    return new AskingGateway(this.cessGateway(replaced, settings));
  }

  private cessGateway(replaced: Replaced, settings: TestGatewaySettings): CessGateway {
    const { catalog, blobs, preprocessing, chain, clock } = this;
    return new CessGateway(
      {
        keys: testKeys,
        catalog,
        blobs,
        preprocessing,
        chain,
        clock,
        retrieval: this.retrieval,
        onWork: () => this.work++,
        onFault: (error) => this.faults.push(error),
        ...replaced,
      },
      settings,
    );
  }

  async close(): Promise<void> {
    await this.end();
    await rm(this.folder, { recursive: true });
  }

  /** The process ends. Returns the folder that it leaves. */
  async end(): Promise<string> {
    await this.preprocessing.close();
    await this.encoder.close();
    await this.blobs.close();
    await this.catalog.close();
    return this.folder;
  }

  /** Sets the text of a bucket's document behind the catalog's back: as damage would. Undefined removes it. */
  async setDocument(bucket: string, name: DocumentName, text: string | undefined): Promise<void> {
    // So that it is read again.
    await this.catalog.documents.delete(bucket, name);
    if (text === undefined) return;
    const database = new Database(join(this.folder, "catalog.sqlite"));
    database.prepare("insert into configurations (bucket, name, document) values (?, ?, ?)").run(bucket, name, text);
    database.close();
  }

  /** Ids of all blobs on disk, and that none is held for good. */
  async blobIds(): Promise<string[]> {
    const ids: string[] = [];
    for await (const { id } of this.blobs.list()) ids.push(id);
    return ids;
  }

  /** What the encode job of a staged object does. */
  async encode({ id, owner }: Pick<ObjectVersion, "id" | "owner">): Promise<void> {
    const { catalog, blobs, preprocessing } = this;
    const job = (await catalog.jobs.lease(["encode"], 100, 0)).find(({ subject }) => subject === id);
    if (!job) return;
    const files = await preprocessing.files(id, await catalog.objects.blobs(id), {
      format: job.format ?? PLAIN,
      territory: owner === alice.id ? alice.territory : bob.territory,
      priority: "background",
    });
    await blobs.remove((await catalog.objects.attach(id, files, preprocessing.root(files))).orphans);
  }

  /** Brings a staged object into the network: what the jobs do, without one. */
  async store({ id, owner }: ObjectVersion): Promise<void> {
    const staged = await this.catalog.objects.blobs(id);
    const content = Buffer.concat(
      await Promise.all(
        staged.map(async ({ blob, offset, length }) =>
          collect(this.blobs.read(blob, { start: offset, end: offset + length })),
        ),
      ),
    );
    await this.encode({ id, owner });
    let position = 0;
    for (const { file, fid, length } of await this.catalog.objects.extents(id)) {
      this.retrieval.contents.set(fid, content.subarray(position, position + length));
      position += length;
      await this.catalog.files.advance(file, "declared", 0);
      await this.blobs.remove((await this.catalog.files.stored(file)).orphans);
    }
  }
}

export function as(account: Account, signal: AbortSignal = new AbortController().signal): Call {
  return { account, client: { signal } };
}

export const plainly: PutSettings = { content: {}, metadata: {} };

/** A body in pieces of 100 KB, its size announced unless told otherwise. */
export function body(
  bytes: Uint8Array,
  announced: Body["announced"] & { size?: number | undefined } = {},
  trailer: Expected = {},
): Body {
  const { size, ...rest } = { size: bytes.byteLength as number | undefined, ...announced };
  return { stream: pieces(bytes), ...(size === undefined ? {} : { size }), announced: rest, trailer: () => trailer };
}

export async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; start += 100_000) {
    await Promise.resolve();
    yield bytes.subarray(start, start + 100_000);
  }
}

/** The same bytes for the same seed. */
export function bytesOf(size: number, seed: number): Buffer {
  const random = seededRandom(seed);
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
  return bytes;
}

/** The refusal a promise ends with, which must be of this kind. */
export async function refused(kind: ErrorKind, promise: Promise<unknown>): Promise<S3Error> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const refusal = toS3Error(error);
  if (!refusal) expect.fail(`a refusal was expected, not ${String(error)}`);
  expect(refusal.kind).to.equal(kind);
  return refusal;
}
