import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import { DevNetworkThread } from "../../src/devnet/dev-network-thread.js";
import { MIB } from "../../src/model/sizes.js";
import { Relay } from "../support/relay.js";
import { GatewayProcess } from "../support/gateway-process.js";

export const NODES = 14;
const BLOCK_MS = 500;

/** What the clients talk to, and what fails meanwhile. */
export interface World {
  /** Of a gateway that runs; undefined while none does. */
  readonly client: () => S3Client | undefined;
  /** Clients of all gateways that run. */
  readonly clients: () => readonly S3Client[];
  readonly network: Pick<DevNetworkThread, "setFault">;
  readonly chain: Relay;
  /** Ends a gateway and starts it again; resolves with its exit code. */
  restart(signal: "SIGTERM" | "SIGKILL", random: () => number): Promise<number | null>;
  /** What else can fail here, each for about `ms`, by name. */
  readonly troubles: Readonly<Record<string, (ms: number) => Promise<void>>>;
  dropCaches(): Promise<void>;
  /** The process whose memory is to be judged, and its resident memory, bytes; undefined while there is none. */
  memory(): { readonly pid: number; readonly bytes: number } | undefined;
  /** What the gateways printed last. */
  readonly output: string;
  close(): Promise<void>;
}

/** A dev network, with a relay before its chain, and a gateway process that comes and goes on one data folder. */
export class SoakWorld implements World {
  readonly troubles = {};
  private running: { readonly gateway: GatewayProcess; readonly client: S3Client } | undefined;

  private constructor(
    readonly folder: string,
    readonly network: DevNetworkThread,
    readonly chain: Relay,
  ) {}

  static async start(): Promise<SoakWorld> {
    const folder = mkdtempSync(join(tmpdir(), "cess-s3-soak-"));
    const network = await DevNetworkThread.start({
      folder: join(folder, "network"),
      nodes: NODES,
      blockMs: BLOCK_MS,
      spec: 133,
    });
    const relay = await new Relay(network.chainEndpoint).open();
    mkdirSync(join(folder, "data"));
    writeFileSync(
      join(folder, "cess-s3.yaml"),
      JSON.stringify({
        dataDir: join(folder, "data"),
        chain: { endpoints: [relay.endpoint], mnemonic: network.gatewayMnemonic, blockMs: BLOCK_MS },
        accounts: network.users,
        encryption: { default: "AES256" },
        allowPrivateNodes: true,
        reportTimeoutBlocks: 20,
        packing: { maxAgeSeconds: 10 },
        // Soon full: what the cache takes afterwards would be a leak.
        cache: { memory: 32 * MIB, disk: 256 * MIB },
        nodes: { cooldownSeconds: 2, maxCooldownSeconds: 20 },
        logLevel: "warn",
      }),
    );
    const world = new SoakWorld(folder, network, relay);
    await world.startGateway();
    return world;
  }

  /** Of the gateway that runs; undefined while none does. */
  readonly client = (): S3Client | undefined => this.running?.client;

  readonly clients = (): readonly S3Client[] => (this.running ? [this.running.client] : []);

  get output(): string {
    return this.running?.gateway.output ?? "";
  }

  async restart(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    const code = await this.endGateway(signal);
    await this.startGateway();
    return code;
  }

  async dropCaches(): Promise<void> {
    await this.running?.gateway.dropCache();
  }

  /** Linux only. */
  memory(): { readonly pid: number; readonly bytes: number } | undefined {
    const pid = this.running?.gateway.pid;
    if (pid === undefined) return undefined;
    const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
    return { pid, bytes: Number(kib) * 1024 };
  }

  async close(): Promise<void> {
    await this.endGateway("SIGTERM");
    await this.chain.close().catch(() => undefined);
    await this.network.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async startGateway(): Promise<void> {
    const gateway = await GatewayProcess.start(["serve", "--config", join(this.folder, "cess-s3.yaml")], {});
    const [user] = this.network.users;
    this.running = { gateway, client: gateway.client(user?.accessKeyId, user?.secretAccessKey) };
  }

  private async endGateway(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    const before = this.running;
    this.running = undefined;
    const code = (await before?.gateway.end(signal)) ?? null;
    before?.client.destroy();
    return code;
  }
}
