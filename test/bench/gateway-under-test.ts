import { fork, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import type { Profiler } from "node:inspector";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PostgresSettings } from "../../src/catalog/postgres/postgres-store.js";
import type { MultipartEtag } from "../../src/gateway/uploads/uploads.js";
import { GIB } from "../../src/model/sizes.js";
import { BenchClient } from "./bench-client.js";

export type Command =
  | { readonly name: "store"; readonly bucket: string; readonly key: string }
  | { readonly name: "fill"; readonly bucket: string; readonly count: number; readonly perPrefix: number }
  | { readonly name: "code"; readonly bucket: string; readonly key: string; readonly on: boolean }
  | { readonly name: "profile"; readonly on: boolean }
  | { readonly name: "usage" };

/** Of the gateway's process. */
export interface Usage {
  /** Since the last time it was asked, all threads together. */
  readonly cpuMs: number;
  readonly rssMib: number;
}

/** A gateway in a process of its own, on an empty folder, and a client for it. */
export class GatewayUnderTest {
  private readonly waiting = new Map<number, (answer: { result?: Usage | Profiler.Profile; error?: string }) => void>();
  readonly client: BenchClient;
  private commands = 0;

  private constructor(
    port: number,
    private readonly child: ChildProcess,
    readonly folder: string,
  ) {
    this.client = new BenchClient(port);
    child.on("message", (message: { id: number; result?: Usage | Profiler.Profile; error?: string }) =>
      this.waiting.get(message.id)?.(message),
    );
  }

  /** `cacheMemory`: bytes of fragments in memory, a quarter of a GiB by default. */
  static async start({
    cacheMemory = GIB / 4,
    multipartEtag = "fid",
    staging = {},
    packs = true,
    database,
  }: {
    readonly cacheMemory?: number;
    readonly multipartEtag?: MultipartEtag;
    /** As in the configuration; in the data folder by default. */
    readonly staging?: { readonly url?: string | undefined; readonly credentialsFile?: string | undefined };
    /** Whether small objects wait for a pack, as by default, or become files of their own. */
    readonly packs?: boolean;
    /** Its catalog is in PostgreSQL. */
    readonly database?: PostgresSettings;
  } = {}): Promise<GatewayUnderTest> {
    const folder = await mkdtemp(join(tmpdir(), "cess-s3-bench-"));
    const given = [folder, String(cacheMemory), multipartEtag, JSON.stringify(staging), packs ? "packs" : "files"];
    if (database) given.push(JSON.stringify(database));
    const child = fork(fileURLToPath(new URL("./gateway-child.js", import.meta.url)), given, {
      execArgv:
        process.env["BENCH_PROFILE"] === undefined
          ? []
          : ["--cpu-prof", `--cpu-prof-dir=${process.env["BENCH_PROFILE"]}`],
    });
    const port = await new Promise<number>((resolve, reject) => {
      child.once("message", (message: { port: number }) => resolve(message.port));
      child.once("exit", (code) => reject(new Error(`the gateway ended with ${code}`)));
    });
    return new GatewayUnderTest(port, child, folder);
  }

  async close(): Promise<void> {
    this.client.close();
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.disconnect();
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  store(bucket: string, key: string): Promise<unknown> {
    return this.command({ name: "store", bucket, key });
  }

  fill(bucket: string, count: number, perPrefix: number): Promise<unknown> {
    return this.command({ name: "fill", bucket, count, perPrefix });
  }

  async usage(): Promise<Usage> {
    return (await this.command<Usage>({ name: "usage" })) ?? { cpuMs: 0, rssMib: 0 };
  }

  /** While `work` runs, all cores code the segments of an object that is staged, in the background, over and over. */
  async codingBeside(bucket: string, key: string, work: () => Promise<void>): Promise<void> {
    await this.command({ name: "code", bucket, key, on: true });
    try {
      await work();
    } finally {
      await this.command({ name: "code", bucket, key, on: false });
    }
  }

  /** Begins a CPU profile of the main thread. */
  async startProfile(): Promise<void> {
    await this.command({ name: "profile", on: true });
  }

  /** The profile since it was begun. */
  async endProfile(): Promise<Profiler.Profile> {
    const profile = await this.command<Profiler.Profile>({ name: "profile", on: false });
    if (!profile) throw new Error("no profile was begun");
    return profile;
  }

  private command<Result extends Usage | Profiler.Profile>(command: Command): Promise<Result | undefined> {
    const id = ++this.commands;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, ({ result, error }) => {
        this.waiting.delete(id);
        if (error === undefined) resolve(result as Result | undefined);
        else reject(new Error(error));
      });
      this.child.send({ id, command });
    });
  }
}
