import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DevNetwork } from "../../src/devnet/dev-network.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { BENCH_KEY } from "./bench-client.js";

const BLOCK_MS = 1000;

/** Of `GET /packs`, what benches look at. */
export interface PackStatus {
  readonly queues: readonly object[];
  readonly packs: Readonly<Record<string, number>>;
  readonly accounts: readonly { readonly objectBytes: number; readonly chargedBytes: number }[];
  readonly merging: { readonly sentBytes: number };
}

export async function packStatus({ admin }: GatewayProcess): Promise<PackStatus> {
  return (await (await fetch(`${admin}/packs`)).json()) as PackStatus;
}

export async function flushPacks({ admin }: GatewayProcess): Promise<void> {
  await fetch(`${admin}/packs/flush`, { method: "POST" });
}

/**
 * Works with `cess-s3 serve` on a dev network with the bench's key, and cleans up. `packing`: settings that differ from the
 * defaults.
 */
export async function withPackingGateway<T>(
  packing: { readonly mergeBudget?: number },
  work: (gateway: GatewayProcess) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-bench-"));
  const network = await DevNetwork.start({ folder: join(folder, "network"), nodes: 14, blockMs: BLOCK_MS, spec: 133 });
  let gateway: GatewayProcess | undefined;
  try {
    gateway = await startGateway(folder, network, packing);
    return await work(gateway);
  } finally {
    await gateway?.end();
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function startGateway(folder: string, network: DevNetwork, packing: object): Promise<GatewayProcess> {
  mkdirSync(join(folder, "data"));
  const [user] = network.users;
  const { accessKeyId, secretAccessKey } = BENCH_KEY;
  writeFileSync(
    join(folder, "cess-s3.yaml"),
    JSON.stringify({
      dataDir: join(folder, "data"),
      chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: BLOCK_MS },
      accounts: [{ ...user, accessKeyId, secretAccessKey }],
      encryption: { default: "none" },
      allowPrivateNodes: true,
      packing,
      nodes: { cooldownSeconds: 2, maxCooldownSeconds: 20 },
      logLevel: "warn",
    }),
  );
  return GatewayProcess.start(["serve", "--config", join(folder, "cess-s3.yaml")], {});
}
