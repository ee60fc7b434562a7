import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand, PutObjectCommand, type PutObjectCommandInput, type S3Client } from "@aws-sdk/client-s3";
import { DevNetworkThread } from "../../src/devnet/dev-network-thread.js";
import { MIB } from "../../src/model/sizes.js";
import { GatewayProcess } from "./gateway-process.js";
import { PostgresServer } from "./postgres-server.js";
import { RedisServer } from "./redis-server.js";
import { Relay } from "./relay.js";
import { reservePort } from "./reserved-port.js";
import { VersityServer } from "./versity-server.js";

export const BLOCK_MS = 500;
const STORAGE_NODES = 14;
const DATABASE = "catalog";
const STAGING_BUCKET = "staging";

export interface ClusterSettings {
  readonly gateways: number;
  readonly staging: "file" | "s3";
  /** Of every gateway's configuration, beside what a cluster needs. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly leaseSeconds?: number;
}

export interface Member {
  readonly gateway: GatewayProcess;
  readonly client: S3Client;
}

/**
 * Several gateway processes over one PostgreSQL, one Redis and one staging on the dev network. Relays are before the
 * chain, PostgreSQL and Redis, for everything that can happen to connections.
 */
export class Cluster {
  private readonly members: (Member | undefined)[] = [];
  /** A gateway keeps its port over restarts, as behind a proxy. */
  private readonly ports: number[] = [];

  private constructor(
    readonly folder: string,
    readonly network: DevNetworkThread,
    readonly postgres: PostgresServer,
    readonly redis: RedisServer,
    readonly staging: VersityServer | undefined,
    readonly relays: { readonly chain: Relay; readonly postgres: Relay; readonly redis: Relay },
    private readonly settings: ClusterSettings,
  ) {}

  static async start(settings: ClusterSettings): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), "cess-s3-cluster-"));
    const network = await DevNetworkThread.start({
      folder: join(folder, "network"),
      nodes: STORAGE_NODES,
      blockMs: BLOCK_MS,
      spec: 133,
    });
    const postgres = await PostgresServer.start();
    postgres.createDatabase(DATABASE);
    const redis = await RedisServer.start();
    const staging = settings.staging === "s3" ? await VersityServer.start(folder) : undefined;
    await staging?.createBucket(STAGING_BUCKET);
    const relays = {
      chain: await new Relay(network.chainEndpoint).open(),
      postgres: await new Relay(`tcp://127.0.0.1:${postgres.port}`).open(),
      redis: await new Relay(`tcp://127.0.0.1:${redis.port}`).open(),
    };
    const cluster = new Cluster(folder, network, postgres, redis, staging, relays, settings);
    for (let n = 0; n < settings.gateways; n += 1) cluster.ports.push(await reservePort());
    try {
      // The first writes the key file, which the others have, too.
      for (let n = 0; n < settings.gateways; n += 1) await cluster.startGateway(n);
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  /** What to set of a gateway that is not one of the cluster's, to make it one. */
  configOf(n: number): Readonly<Record<string, unknown>> {
    const { folder, network, postgres, relays, settings } = this;
    return {
      dataDir: join(folder, `gateway-${n}`),
      gateway: { id: `gateway-${n}` },
      // The last is of several processes itself.
      workers: n === settings.gateways - 1 ? 2 : 1,
      catalog: { url: postgres.url(DATABASE, relays.postgres.port), statementSeconds: 10 },
      state: { url: `redis://127.0.0.1:${relays.redis.port}` },
      staging: this.stagingSettings(),
      chain: { endpoints: [relays.chain.endpoint], mnemonic: network.gatewayMnemonic, blockMs: BLOCK_MS },
      accounts: network.users,
      encryption: { default: "AES256", keyFile: join(folder, "keys.json") },
      allowPrivateNodes: true,
      reportTimeoutBlocks: 20,
      packing: { maxAgeSeconds: 5 },
      cache: { memory: 32 * MIB, disk: 256 * MIB },
      nodes: { cooldownSeconds: 2, maxCooldownSeconds: 20 },
      shutdown: { delaySeconds: 0, drainSeconds: 5 },
      logLevel: "warn",
      ...settings.settings,
    };
  }

  async startGateway(n: number, changes: Readonly<Record<string, unknown>> = {}): Promise<Member> {
    const config = join(this.folder, `gateway-${n}.yaml`);
    mkdirSync(join(this.folder, `gateway-${n}`), { recursive: true });
    writeFileSync(config, JSON.stringify({ ...this.configOf(n), ...changes }), { mode: 0o600 });
    const gateway = await GatewayProcess.start(["serve", "--config", config], {
      CESS_S3_LISTEN: `127.0.0.1:${this.ports[n] ?? 0}`,
      ...(this.staging && {
        AWS_ACCESS_KEY_ID: VersityServer.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: VersityServer.credentials.secretAccessKey,
      }),
    });
    const [user] = this.network.users;
    return (this.members[n] = { gateway, client: gateway.client(user?.accessKeyId, user?.secretAccessKey) });
  }

  /** Resolves with the exit code; null after SIGKILL. */
  async endGateway(n: number, signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    const member = this.members[n];
    this.members[n] = undefined;
    const code = (await member?.gateway.end(signal)) ?? null;
    member?.client.destroy();
    return code;
  }

  /** Throws where this gateway does not run. */
  member(n: number): Member {
    const member = this.members[n];
    if (!member) throw new Error(`gateway ${n} does not run`);
    return member;
  }

  client(n: number): S3Client {
    return this.member(n).client;
  }

  /** By gateway `n`; `more`: members of the request. */
  put(n: number, Bucket: string, Key: string, Body: Uint8Array, more: Partial<PutObjectCommandInput> = {}) {
    return this.client(n).send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
  }

  /** An object's bytes, as gateway `n` gives them. */
  async bytesAt(n: number, Bucket: string, Key: string): Promise<Buffer> {
    const { Body } = await this.client(n).send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  }

  /** Those that run. */
  get running(): readonly Member[] {
    return this.members.filter((member) => member !== undefined);
  }

  portOf(n: number): number {
    return this.ports[n] ?? 0;
  }

  query(sql: string): string {
    return this.postgres.query(DATABASE, sql);
  }

  async close(): Promise<void> {
    for (let n = 0; n < this.members.length; n += 1) await this.endGateway(n, "SIGTERM");
    for (const relay of Object.values(this.relays)) await relay.close().catch(() => undefined);
    await this.staging?.end();
    await this.redis.end();
    await this.postgres.remove();
    await this.network.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private stagingSettings(): object {
    if (!this.staging) {
      const folder = join(this.folder, "staging");
      mkdirSync(folder, { recursive: true });
      return { url: `file://${folder}` };
    }
    return {
      url: `s3://${STAGING_BUCKET}/gateway?endpoint=${encodeURIComponent(this.staging.endpoint)}&region=us-east-1`,
    };
  }
}
