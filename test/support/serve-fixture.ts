import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DevNetwork } from "../../src/devnet/dev-network.js";
import { GatewayProcess } from "./gateway-process.js";

const NODES = 14;

/** A dev network in this process, and `cess-s3 serve` on data folders of its own: as an operator would run it. */
export class ServeFixture {
  private readonly running = new Set<GatewayProcess>();

  private constructor(
    readonly folder: string,
    readonly network: DevNetwork,
  ) {}

  static async start(): Promise<ServeFixture> {
    const folder = mkdtempSync(join(tmpdir(), "cess-s3-serve-"));
    const network = await DevNetwork.start({ folder: join(folder, "network"), nodes: NODES, blockMs: 200, spec: 133 });
    return new ServeFixture(folder, network);
  }

  dataDir(name: string): string {
    return join(this.folder, name);
  }

  /** The path of a configuration file for that data folder. */
  config(name: string, more: object = {}): string {
    const path = join(this.folder, `${name}.yaml`);
    const content = {
      chain: { endpoints: [this.network.chainEndpoint], mnemonic: this.network.gatewayMnemonic, blockMs: 200 },
      accounts: this.network.users,
      dataDir: this.dataDir(name),
      allowPrivateNodes: true,
      encryption: { default: "AES256" },
      nodes: { cooldownSeconds: 2, maxCooldownSeconds: 20 },
      packing: { maxAgeSeconds: 2 },
      quarantine: { minFreeBytes: 0 },
      shutdown: { delaySeconds: 0 },
      logLevel: "info",
      ...more,
    };
    writeFileSync(path, JSON.stringify(content));
    return path;
  }

  async serve(
    name: string,
    options: {
      readonly unready?: boolean;
      readonly more?: object;
      readonly environment?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<GatewayProcess> {
    mkdirSync(this.dataDir(name), { recursive: true });
    const args = ["serve", "--config", this.config(name, options.more)];
    const gateway = await GatewayProcess.start(args, options.environment ?? {}, options);
    this.running.add(gateway);
    return gateway;
  }

  /** Nothing can be stored while the nodes are down: what is put stays staged. */
  nodesFail(fault: "down" | "none"): void {
    for (let n = 0; n < NODES; n++)
      if (!this.network.setFault(n, fault)) throw new Error(`there is no storage node ${n}`);
  }

  async end(): Promise<void> {
    await Promise.all([...this.running].map((gateway) => gateway.end("SIGKILL")));
    await this.network.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
