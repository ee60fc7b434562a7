import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Account } from "../../src/model/account.js";
import { isProblem } from "../../src/model/errors.js";
import { CHARGED_PER_SEGMENT } from "../../src/model/sizes.js";
import { ByteStream } from "../../src/streams/byte-stream.js";
import { SharedMemoryChain } from "../support/shared-memory-chain.js";
import { seededRandom } from "../support/seeded-random.js";
import { ACCOUNTS } from "./accounts.js";
import { ClusterGateway, type ClusterParts, type ClusterSurroundings } from "./cluster-gateway.js";
import { clusterFid, ClusterStaging } from "./cluster-staging.js";
import { BLOCK_MS, copyCatalog } from "./incarnation.js";
import { requireNoHazard } from "./inspector.js";
import { LeaseWitness } from "./lease-witness.js";
import { setMachine } from "./machine.js";
import type { RunResult, RunSettings } from "./run-settings.js";
import { Owner, Scheduler } from "./scheduler.js";
import { Violation } from "./service.js";
import { calm } from "./simulated-chain.js";
import { SimulatedDisk } from "./simulated-disk.js";
import { SimulatedNodes } from "./simulated-nodes.js";
import { heal, makeTrouble, type TroubleParts } from "./trouble.js";

const LEASE_MS = 30_000;
/** Virtual time that may pass after the last fault until everything is stored. */
const PATIENCE_MS = 3 * 3_600_000;
const KINDS = [
  "node",
  "stall",
  "finality",
  "fork",
  "fullBlocks",
  "outage",
  "latency",
  "loss",
  "refusal",
  "unauthorized",
];

/**
 * Two or three gateways over one catalog and one staging, with their own clocks: they die, stand still for longer than their
 * leases, work at the same jobs with one signing account and sweep what is staged, while clients put and delete through any
 * of them.
 */
export class Cluster {
  private readonly random: () => number;
  private readonly scheduler = new Scheduler();
  private readonly owner = new Owner(this.scheduler, "world");
  private readonly chain: SharedMemoryChain;
  private readonly nodes: SimulatedNodes;
  private readonly trouble = calm();
  private readonly accounts: ReadonlyMap<string, Account>;
  private readonly gateways: ClusterGateway[] = [];
  private readonly surroundings: ClusterSurroundings;
  /** What an object may be by now: several, where an answer was lost. */
  private readonly model = new Map<string, Set<string | undefined>>();
  private readonly finalityLag: number;
  private stalled = 0;
  private crashes = 0;
  private mischief = 0;
  private fingerprint = 0;
  private failure: Error | undefined;
  private onFailure: () => void = () => undefined;

  constructor(private readonly settings: RunSettings) {
    this.random = seededRandom(settings.seed);
    const { random } = this;
    this.finalityLag = 1 + Math.floor(3 * random());
    this.chain = new SharedMemoryChain({
      spec: 133,
      finalityLag: this.finalityLag,
      era: 16 + Math.floor(48 * random()),
    });
    this.nodes = new SimulatedNodes(this.chain, 14 + Math.floor(6 * random()), random, 0);
    this.accounts = new Map(ACCOUNTS.slice(0, 2).map((each) => [each.id, each]));
    for (const { cessAccount, territory } of this.accounts.values())
      this.chain.addTerritory(cessAccount, territory, BigInt(500 * CHARGED_PER_SEGMENT));
    this.surroundings = {
      scheduler: this.scheduler,
      disk: new SimulatedDisk(() => this.scheduler.now),
      chain: this.chain,
      trouble: this.trouble,
      nodes: this.nodes,
      staging: new ClusterStaging(random() < 0.5),
      leases: new LeaseWitness((violation) => this.fail(violation)),
      accounts: this.accounts,
      random,
      path: join(settings.folder, "catalog.sqlite"),
      leaseMs: LEASE_MS,
      onError: (error) => this.fail(error),
    };
  }

  async run(): Promise<RunResult> {
    mkdirSync(this.settings.folder, { recursive: true });
    copyCatalog(this.settings.emptyCatalog, this.surroundings.path);
    const onRejection = (error: unknown) => this.fail(error);
    process.on("unhandledRejection", onRejection);
    // Each turn runs on its own process's machine; the world's on any.
    this.scheduler.intercept = (owner) => {
      const gateway = this.gateways.find((each) => each.owner === owner) ?? this.gateways.find(isUp);
      if (gateway) setMachine(gateway.machine);
      return false;
    };
    this.makeBlocks();
    const failed = new Promise<never>((_, reject) => (this.onFailure = () => reject(this.failure!)));
    try {
      await this.scheduler.run(Promise.race([this.direct(), failed]));
    } catch (error) {
      this.failure ??= error as Error;
    } finally {
      process.off("unhandledRejection", onRejection);
      for (const gateway of this.gateways.filter(({ owner }) => owner.alive)) gateway.kill();
      setMachine(undefined);
      rmSync(this.settings.folder, { recursive: true, force: true });
    }
    const { failure } = this;
    const text = failure && (failure instanceof Violation ? failure.message : (failure.stack ?? String(failure)));
    return {
      seed: this.settings.seed,
      ...(text !== undefined && { failure: text }),
      turns: this.scheduler.turns,
      crashes: this.crashes,
      mischief: this.mischief,
      stored: this.chain.files().length,
      fingerprint: this.fingerprint,
    };
  }

  private async direct(): Promise<void> {
    const { random } = this;
    const ids = ["one", "two", "three"].slice(0, random() < 0.5 ? 2 : 3);
    // Clocks that differ by more than a start allows: truth must not depend on them.
    const skewed = random() < 0.3;
    const skews = new Map(ids.map((id) => [id, Math.round((skewed ? 40_000 : 2_000) * (random() - 0.5))]));
    for (const id of ids) await this.start(id, skews.get(id)!);
    for (const { id, displayName } of this.accounts.values())
      await this.gateways[0]!.ask(({ catalog }) =>
        catalog.buckets.create({ name: displayName, owner: id, region: "us-east-1" }),
      );
    // Where the chain is slow, more happens between a look and an order.
    if (random() < 0.5) this.trouble.latencyMs = 8_000;
    let ended = false;
    const parts = this.troubleParts();
    const kinds = KINDS.filter(() => random() < 0.3);
    const trouble = makeTrouble(parts, kinds, 20_000 + 100_000 * random(), () => ended);
    const fates = ids.map((id) => this.fate(id, skews.get(id)!));
    const clients = [...this.accounts.values()].flatMap((account) => [this.client(account), this.client(account)]);
    const documents = [...this.accounts.values()].map(({ displayName }) => this.changeDocuments(displayName));
    await Promise.all([...clients, ...fates, ...documents]);
    ended = true;
    await trouble;
    heal(parts);
    this.trace(() => "all is well");
    await this.untilIdle();
    await this.check();
  }

  private async start(id: string, skewMs: number): Promise<void> {
    const gateway = new ClusterGateway(this.surroundings, id, skewMs);
    this.gateways.push(gateway);
    await gateway.open();
    this.trace(() => `${id} is up, ${skewMs} ms ahead`);
  }

  /** It dies, or stands still, now and then. */
  private async fate(id: string, skewMs: number): Promise<void> {
    const { random } = this;
    const strokes = Math.floor(5 * random());
    for (let n = 0; n < strokes; n++) {
      await this.owner.sleep(90_000 * random());
      const gateway = this.gateways.find((each) => each.id === id && each.isUp)!;
      if (random() < 0.5) {
        const ms = Math.round(LEASE_MS * 4 * random());
        this.trace(() => `${id} stands still for ${ms} ms`);
        gateway.owner.standsUntil = this.owner.now() + ms;
        await this.owner.sleep(ms);
      } else {
        this.crashes++;
        this.trace(() => `${id} dies`);
        gateway.kill();
        await this.owner.sleep(3 * LEASE_MS * random() ** 2);
        await this.start(id, skewMs);
      }
    }
  }

  /** An owner changes what is set on the bucket through one gateway, and looks at it through another. */
  private async changeDocuments(bucket: string): Promise<void> {
    const { random } = this;
    for (let number = 1; number <= 6; number++) {
      await this.owner.sleep(30_000 * random());
      const [one, two] = this.gateways.filter(isUp).sort(() => random() - 0.5);
      const value = String(number);
      const changed = await one?.ask(async ({ catalog }) => {
        await catalog.documents.put(bucket, "tagging", [{ key: "number", value }]);
        return true;
      });
      if (changed !== true) continue;
      const seen = await two?.ask(async ({ catalog }) => {
        // As each request does.
        await catalog.configuration.refresh();
        return (await catalog.documents.get(bucket, "tagging"))?.[0]?.value ?? "none";
      });
      if (seen !== undefined && seen !== value)
        throw new Violation(`${two!.id} shows number ${seen} of ${bucket}'s documents, and ${value} was acknowledged`);
    }
  }

  private async client(account: Account): Promise<void> {
    const { random } = this;
    const bucket = account.displayName;
    for (let n = 0; n < 8; n++) {
      await this.owner.sleep(40_000 * random() ** 3);
      const gateway = this.gateways.filter(isUp).sort(() => random() - 0.5)[0];
      if (!gateway) continue;
      const key = `key-${Math.floor(4 * random())}`;
      const name = `${bucket}/${key}`;
      const before = this.model.get(name) ?? new Set([undefined]);
      // Others may be at the key: then either may be the last.
      const content = random() < 0.7 ? `content-${Math.floor(3 * random())}` : undefined;
      this.model.set(name, new Set([...before, content]));
      this.trace(() => `${gateway.id}: ${content === undefined ? "delete" : `put ${content} as`} ${name}`);
      await gateway.ask(async (parts, wake) => {
        if (content === undefined) await parts.staging.commit([], () => parts.catalog.objects.delete(bucket, key));
        else await this.put(gateway, parts, { bucket, key, owner: account.id }, content);
        for (const worker of ["encode", "store", "delete"]) wake(worker);
      });
    }
  }

  /** Bytes first, row second: others may sweep meanwhile. */
  private async put(
    { owner }: ClusterGateway,
    { catalog, blobs, staging }: ClusterParts,
    where: { readonly bucket: string; readonly key: string; readonly owner: string },
    content: string,
  ): Promise<void> {
    const { random } = this;
    const bytes = Buffer.from(content);
    const object = { ...where, size: bytes.length, etag: content, content: {}, metadata: {} };
    try {
      const { id: blob } = await blobs.write(ByteStream.of(bytes));
      // As what is written first and judged then, or for a catalog that is slow.
      if (random() < 0.5) await owner.sleep(30_000 * random());
      await staging.commit([blob], () =>
        catalog.objects.put(object, { blobs: [{ blob, offset: 0, length: bytes.length }] }),
      );
    } catch (error) {
      // It stood still for so long that another may have swept what it wrote.
      if (!isProblem(error, "dependencyUnavailable")) throw error;
      this.trace(() => `${owner.name}: the bytes of ${where.bucket}/${where.key} are too old`);
    }
  }

  private async untilIdle(): Promise<void> {
    const end = this.owner.now() + PATIENCE_MS;
    for (;;) {
      const { encode, store, delete: deletions } = (await this.anyone(({ catalog }) => catalog.jobs.count()))!;
      const nonces = (await this.anyone(({ catalog }) => catalog.extrinsics.open("signer")))!;
      if (encode + store + deletions + nonces.length === 0) return;
      if (this.owner.now() < end) {
        await this.owner.sleep(20_000);
        continue;
      }
      const states = await this.anyone(({ catalog }) => catalog.files.countByState());
      throw new Violation(
        `${encode} encode, ${store} store and ${deletions} delete jobs are never done, ${nonces.length} nonces are never settled; files: ${JSON.stringify(states)}`,
      );
    }
  }

  private anyone<T>(question: Parameters<typeof ClusterGateway.prototype.ask<T>>[0]): Promise<T | undefined> {
    return this.gateways.find(isUp)!.ask(question);
  }

  private async check(): Promise<void> {
    this.requireNoHazard();
    const needed = new Map<string, Set<string>>();
    for (const [name, allowed] of this.model) {
      const [bucket, key] = name.split("/") as [string, string];
      const version = await this.anyone(({ catalog }) => catalog.objects.get(bucket, key));
      if (!allowed.has(version?.etag)) throw new Violation(`${name} is ${version?.etag ?? "not there"}`);
      if (!version) continue;
      if (version.durability.state !== "stored") throw new Violation(`${name} is ${version.durability.state}`);
      const fid = clusterFid(version.etag);
      const { cessAccount } = this.accounts.get(version.owner)!;
      needed.set(fid, (needed.get(fid) ?? new Set()).add(cessAccount));
      const listed = this.chain.finalFile(fid)?.owners.map(({ account }) => account) ?? [];
      if (!listed.includes(cessAccount))
        throw new Violation(`${name} counts as stored, but no final block lists its file ${fid}`);
    }
    for (const { fid, owners, segments } of this.chain.files()) {
      for (const { account } of owners)
        if (needed.get(fid)?.has(account) !== true)
          throw new Violation(`${account} still owns ${fid}, which nothing needs`);
      for (const { fragments } of segments)
        if (new Set(fragments.map(({ node }) => node)).size !== fragments.length)
          throw new Violation(`two fragment indexes of ${fid} are on one node`);
    }
    const deals = this.chain.pendingDeals().length;
    if (deals > 0) throw new Violation(`${deals} deals are pending although no job is left`);
    const spends = (await this.anyone(({ catalog }) => catalog.leases.spends(0)))!;
    spends.forEach(({ amount }, index) => {
      if (amount !== BigInt(index)) throw new Violation(`what was spent as number ${index} counts ${amount} before it`);
    });
    if (spends.length < 3) throw new Violation(`the worker of which one runs has done ${spends.length} steps`);
    const locks = (await this.anyone(({ catalog }) => catalog.locks.held()))!.filter(({ name }) =>
      name.startsWith("fid:"),
    );
    if (locks.length > 0) throw new Violation(`${locks.length} locks of FIDs are held although no job is left`);
  }

  private requireNoHazard(): void {
    requireNoHazard(this.chain);
    if (this.chain.noncesUsedTwice > 0) throw new Violation("two extrinsics were signed with one nonce");
  }

  private makeBlocks(): void {
    this.owner.schedule(BLOCK_MS, () => {
      if (this.stalled === 0) this.chain.advance();
      try {
        this.requireNoHazard();
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
      disk: this.surroundings.disk,
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

  private trace(line: () => string): void {
    const text = `${((this.owner.now() - 1_700_000_000_000) / 1000).toFixed(3)} ${line()}`;
    for (let at = 0; at < text.length; at++)
      this.fingerprint = (Math.imul(this.fingerprint, 31) + text.charCodeAt(at)) | 0;
    this.settings.trace?.(text);
  }

  private fail(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.failure ??= error instanceof Violation ? error : new Violation(`an error that nobody expects: ${text}`);
    this.onFailure();
  }
}

function isUp(gateway: ClusterGateway): boolean {
  return gateway.isUp;
}
