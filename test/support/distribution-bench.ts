import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Supervisor } from "../../src/background/supervisor.js";
import type { Blobs } from "../../src/blobs/blobs.js";
import { FileBlobs } from "../../src/blobs/file-blobs.js";
import type { Catalog, FileRow, NewFile } from "../../src/catalog/catalog.js";
import { withSegment } from "../../src/distribution/content.js";
import { Distribution } from "../../src/distribution/distribution.js";
import { ORDER_NAMES, OrderNames } from "../../src/distribution/order-name.js";
import type { DistributionSettings } from "../../src/distribution/settings.js";
import type { Encoder, FileSlice, WantedFragment } from "../../src/encoding/encoder.js";
import { fidOf } from "../../src/encoding/merkle.js";
import type { Account, CessAccount } from "../../src/model/account.js";
import type { Clock } from "../../src/model/clock.js";
import { segmentCount, type CessFile, type SegmentHashes } from "../../src/model/file.js";
import type { Fid, Hash } from "../../src/model/hash.js";
import type { BlobSlice } from "../../src/model/object.js";
import { GIB } from "../../src/model/sizes.js";
import { MeasuredNodes } from "../../src/network/nodes/measured-nodes.js";
import { PersistentNodeRegistry, type NodeRow } from "../../src/network/nodes/persistent-node-registry.js";
import type { FileSettings, Preprocessing } from "../../src/preprocessing/preprocessing.js";
import { DamageRecorder } from "../../src/maintenance/damage-recorder.js";
import type { DamageRecord } from "../../src/model/damage.js";
import { openFreshCatalog } from "./fresh-catalog.js";
import { MemoryChain } from "./memory-chain.js";
import type { MemoryChainSettings } from "./memory-chain-state.js";
import { MemoryNodes } from "./memory-nodes.js";
import type { Killer } from "./killer.js";
import { testKeys } from "./test-keys.js";
import { VirtualTime } from "./virtual-time.js";

const sha256 = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex") as Hash;

/** Stands in for the real encoder where its work is beside the point: fragments of a few bytes with honest hashes. */
export class TinyEncoder implements Pick<Encoder, "hashSegment" | "segmentHash" | "fragments" | "verify" | "close"> {
  async hashSegment(content: readonly FileSlice[]): Promise<SegmentHashes> {
    const hash = sha256(await bytesOf(content));
    return { hash, fragments: Array.from({ length: 12 }, (_, index) => sha256(`${hash} ${index}`)) };
  }

  async fragments(
    content: readonly FileSlice[],
    _format: unknown,
    wanted: readonly WantedFragment[],
  ): Promise<(Uint8Array | undefined)[]> {
    const hash = sha256(await bytesOf(content));
    return wanted.map((each) => {
      const bytes = Buffer.from(`${hash} ${each.index}`);
      return sha256(bytes) === each.hash ? bytes : undefined;
    });
  }

  async segmentHash(content: readonly FileSlice[]): Promise<Hash> {
    return sha256(await bytesOf(content));
  }

  verify(bytes: Uint8Array, hash: Hash): Promise<Uint8Array | undefined> {
    return Promise.resolve(sha256(bytes) === hash ? bytes : undefined);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The file that TinyEncoder makes of this content. */
export function tinyFile(content: string): { readonly fid: Fid; readonly segments: readonly SegmentHashes[] } {
  const hash = sha256(content);
  return {
    fid: fidOf([hash]),
    segments: [{ hash, fragments: Array.from({ length: 12 }, (_, index) => sha256(`${hash} ${index}`)) }],
  };
}

async function bytesOf(content: readonly FileSlice[]): Promise<Buffer> {
  const parts = await Promise.all(
    content.map(async ({ path, offset, length }) => (await readFile(path)).subarray(offset, offset + length)),
  );
  return Buffer.concat(parts);
}

/** Files straight through the encoder, nothing prepared. */
class DirectPreprocessing implements Preprocessing {
  constructor(private readonly parts: { readonly encoder: Pick<Encoder, "hashSegment">; readonly blobs: Blobs }) {}

  async files(_subject: string, content: readonly BlobSlice[], settings: FileSettings): Promise<NewFile[]> {
    const size = content.reduce((sum, { length }) => sum + length, 0);
    const segments: SegmentHashes[] = [];
    for (let s = 0; s < segmentCount(size, settings.format); s++) {
      const staged = { size, format: settings.format, blobs: content };
      segments.push(
        await withSegment(staged, s, this.parts.blobs, (slices) =>
          this.parts.encoder.hashSegment(slices, settings.format),
        ),
      );
    }
    const fid = fidOf(segments.map(({ hash }) => hash));
    return [{ fid, size, format: settings.format, segments, territory: settings.territory, blobs: content }];
  }

  root(files: readonly CessFile[]): Fid {
    return fidOf(files.flatMap(({ segments }) => segments.map(({ hash }) => hash)));
  }

  rootOf(): Promise<Fid> {
    throw new Error("distribution encodes whole files");
  }

  check(): Promise<void> {
    throw new Error("only a completion checks");
  }

  advance(): void {
    throw new Error("distribution prepares nothing ahead");
  }

  forget(): void {
    throw new Error("distribution prepares nothing ahead");
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

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
  territory: "fixture",
};
/** Another S3 account of Alice's CESS account. */
export const alicesTwin: Account = { ...alice, id: "c".repeat(64), displayName: "twin" };
export const TERRITORY = BigInt(10 * GIB);

export interface BenchSettings {
  readonly spec?: MemoryChainSettings["spec"];
  readonly nodes?: number;
  readonly distribution?: Partial<DistributionSettings>;
  readonly encoder?: Encoder;
}

interface Run {
  readonly supervisor: Supervisor;
  readonly distribution: Distribution;
  readonly registry: PersistentNodeRegistry;
}

/** Between two blocks. */
const BLOCK_MS = 10;

/**
 * The real catalog, blobs, supervisor and distribution on a chain and nodes in memory. Time is virtual: it passes while
 * the test waits, a block at a time, and only when everything that can go on without it has come to its end.
 */
export class Bench {
  readonly failures: string[] = [];
  readonly errors: unknown[] = [];
  readonly chain: MemoryChain;
  readonly nodes: MemoryNodes;
  readonly blockMs = BLOCK_MS;
  readonly accounts = new Map([alice, bob, alicesTwin].map((account) => [account.id, account]));
  private run: Run | undefined;
  private readonly encoder: Pick<Encoder, "hashSegment" | "segmentHash" | "fragments" | "verify" | "close">;

  private constructor(
    readonly folder: string,
    private readonly time: VirtualTime,
    readonly catalog: Catalog,
    readonly blobs: Blobs,
    readonly onDamage: DamageRecord,
    readonly settings: BenchSettings,
  ) {
    this.chain = new MemoryChain({ spec: settings.spec ?? 133 });
    this.chain.addTerritory(alice.cessAccount, alice.territory, TERRITORY);
    this.chain.addTerritory(bob.cessAccount, bob.territory, TERRITORY);
    this.nodes = new MemoryNodes(this.chain, settings.nodes ?? 14);
    this.encoder = settings.encoder ?? new TinyEncoder();
    this.chain.start(this.clock, BLOCK_MS);
  }

  static async open(settings: BenchSettings = {}): Promise<Bench> {
    const folder = await mkdtemp(join(tmpdir(), "cess-s3-distribution-"));
    // Declarations and deletions wait for blocks.
    const time = new VirtualTime({ stepMs: BLOCK_MS, waiting: new Set(["declare", "deleteFile"]) });
    const catalog = await openFreshCatalog(
      { clock: time.clock, sealer: testKeys },
      { path: join(folder, "catalog.db") },
    );
    const onDamage = new DamageRecorder({ catalog, log: { error: () => undefined } }).record;
    const blobs = await FileBlobs.open({ folder: join(folder, "blobs"), onDamage });
    const bench = new Bench(folder, time, catalog, blobs, onDamage, settings);
    for (const { id, displayName } of bench.accounts.values()) {
      await catalog.buckets.create({ name: displayName, owner: id, region: "us-east-1" });
    }
    return bench;
  }

  get clock(): Clock {
    return this.time.clock;
  }

  /** What this process has learned of a node. */
  known(account: string): Pick<NodeRow, "missedReports" | "reports" | "failures"> | undefined {
    return this.run?.registry.table().find((row) => row.account === account);
  }

  get metrics(): Readonly<Record<string, number>> {
    return this.run?.distribution.metrics() ?? {};
  }

  /** A process begins: with `killer`, one that dies at some call to the outside. */
  async start(killer?: Killer): Promise<void> {
    await this.catalog.jobs.releaseOwn();
    const { clock } = this;
    const keep = <T extends object>(part: T): T => this.time.watch(killer?.wrap(part) ?? part);
    const log = {
      warn: ({ reason, err }: { reason?: string; err?: unknown }) => {
        if (reason === undefined) this.errors.push(err);
        else this.failures.push(reason);
      },
      error: ({ err }: { err?: unknown }) => {
        this.errors.push(err);
      },
    } as never;
    const registry = PersistentNodeRegistry.inMemory(
      { chain: this.chain, clock },
      { nodesFreshMs: this.blockMs, firstCooldownMs: 2 * this.blockMs, maxCooldownMs: 8 * this.blockMs },
    );
    const nodes = new MeasuredNodes({ nodes: this.nodes, registry, clock });
    const supervisor = new Supervisor({ clock, log }, { retryMinMs: this.blockMs });
    const distribution = new Distribution(
      {
        catalog: keep(this.catalog),
        blobs: keep(this.blobs),
        encoder: keep(this.encoder) as Encoder,
        preprocessing: keep(new DirectPreprocessing({ encoder: this.encoder, blobs: this.blobs })),
        chain: keep(this.chain),
        // A transfer waits for its node, if need be for ever.
        nodes: killer?.wrap(nodes) ?? nodes,
        registry,
        onDamage: this.onDamage,
        owners: (id) => this.accounts.get(id),
        orderNames: new OrderNames(testKeys.derive(ORDER_NAMES)),
        clock,
        log,
        wake: (name) => supervisor.wake(name),
      },
      {
        blockMs: this.blockMs,
        idleFloorMs: this.blockMs,
        pollBlocks: 30,
        retryMaxBlocks: 4,
        vanishedBlocks: 5,
        ...this.settings.distribution,
      },
    );
    for (const { worker, concurrency } of distribution.workers) supervisor.add(worker, concurrency);
    distribution.watch();
    this.run = { supervisor, distribution, registry };
  }

  /** The process ends: in good order, or, with 0 ms, at once. */
  async stop(finishMs = 0): Promise<string[]> {
    const run = this.run;
    this.run = undefined;
    if (!run) return [];
    const stuck = await this.time.during(run.supervisor.drain(finishMs, 2_000));
    await run.distribution.close();
    return stuck;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.chain.close();
    await this.encoder.close();
    await this.blobs.close();
    await this.catalog.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** PutObject into the account's own bucket, as the gateway does it. */
  async put(account: Account, key: string, content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    const { id } = await this.blobs.write(chunked(bytes));
    const { orphans } = await this.catalog.objects.put(
      {
        bucket: account.displayName,
        key,
        owner: account.id,
        size: bytes.length,
        etag: sha256(bytes),
        content: {},
        metadata: {},
      },
      { blobs: [{ blob: id, offset: 0, length: bytes.length }] },
    );
    this.blobs.settle([id]);
    await this.blobs.remove(orphans);
    this.run?.supervisor.wake("encode");
  }

  /** As the gateway after a commit that made jobs. */
  wake(kind: "encode" | "store" | "delete"): void {
    this.run?.supervisor.wake(kind);
  }

  async remove(account: Account, key: string): Promise<void> {
    const { orphans } = await this.catalog.objects.delete(account.displayName, key);
    await this.blobs.remove(orphans);
    this.run?.supervisor.wake("delete");
    this.run?.supervisor.wake("store");
  }

  async state(account: Account, key: string): Promise<string | undefined> {
    return (await this.catalog.objects.get(account.displayName, key))?.durability.state;
  }

  /** The row of the only file of this object. */
  async row(account: Account, key: string): Promise<FileRow | undefined> {
    const version = await this.catalog.objects.get(account.displayName, key);
    const extent = version && (await this.catalog.objects.extents(version.id))[0];
    return extent && this.catalog.files.get(extent.file);
  }

  /** Lets blocks pass until the condition holds with everything at rest; fails after a thousand. */
  until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const state = () =>
      `${what}; chain: ${this.chain.log.join(", ")}; failures: ${this.failures.join(" | ")}; errors: ${this.errors.map(String).join(" | ")}`;
    return this.time.until(state, condition, 1_000 * BLOCK_MS);
  }

  async untilState(account: Account, key: string, state: string): Promise<void> {
    await this.until(
      `${key} of ${account.displayName} is ${state}`,
      async () => (await this.state(account, key)) === state,
    );
  }

  blocks(count: number): Promise<void> {
    return this.time.pass(count);
  }

  async noJobs(): Promise<void> {
    await this.until("no job is left", async () => {
      const { encode, store, delete: deletions } = await this.catalog.jobs.count();
      return encode + store + deletions === 0;
    });
  }

  /** What maintenance does: removes what nothing links. Returns the blobs that remain. */
  async sweep(): Promise<number> {
    let remaining = 0;
    for await (const { id } of this.blobs.list()) {
      const orphans = await this.catalog.orphans([id]);
      await this.blobs.remove(orphans);
      if (orphans.length === 0) remaining++;
    }
    return remaining;
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- the source of a write is an async iterable
async function* chunked(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 1 << 20) yield bytes.subarray(start, start + (1 << 20));
}
