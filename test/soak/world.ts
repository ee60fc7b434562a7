import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import { DevNetworkThread } from "../../src/devnet/dev-network-thread.js";
import { MIB } from "../../src/model/sizes.js";
import { Relay } from "../support/chain-relay.js";
import { GatewayProcess } from "../support/gateway-process.js";

export const NODES = 14;
const BLOCK_MS = 500;

/** A dev network, with a relay before its chain, and a gateway process that comes and goes on one data folder. */
export class SoakWorld {
  private running: { readonly gateway: GatewayProcess; readonly client: S3Client } | undefined;

  private constructor(
    readonly folder: string,
    readonly network: DevNetworkThread,
    readonly relay: Relay,
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

  get gateway(): GatewayProcess {
    if (!this.running) throw new Error("no gateway runs");
    return this.running.gateway;
  }

  async startGateway(): Promise<void> {
    const gateway = await GatewayProcess.start(["serve", "--config", join(this.folder, "cess-s3.yaml")], {});
    const [user] = this.network.users;
    this.running = { gateway, client: gateway.client(user?.accessKeyId, user?.secretAccessKey) };
  }

  /** Resolves with the exit code. */
  async endGateway(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    const before = this.running;
    this.running = undefined;
    const code = (await before?.gateway.end(signal)) ?? null;
    before?.client.destroy();
    return code;
  }

  /** Resident memory of the gateway's process, bytes. Linux only. */
  rss(): number {
    const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.gateway.pid}/status`, "latin1")) ?? [];
    return Number(kib) * 1024;
  }

  async close(): Promise<void> {
    await this.endGateway("SIGTERM");
    await this.relay.close().catch(() => undefined);
    await this.network.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
