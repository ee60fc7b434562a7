import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DevNetwork } from "../../src/devnet/dev-network.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { BENCH_KEY } from "./bench-client.js";

/** Of `GET /packs`, what benches look at. */
export interface PackStatus {
  readonly queues: readonly object[];
  readonly packs: Readonly<Record<string, number>>;
  readonly accounts: readonly { readonly objectBytes: number; readonly chargedBytes: number }[];
  readonly merging: { readonly sentBytes: number };
}

/** `cess-s3 serve` on a dev network with the bench's key; `packing`: settings that differ from the defaults. */
export async function startPackingGateway(
  folder: string,
  network: DevNetwork,
  blockMs: number,
  packing: { readonly mergeBudget?: number } = {},
): Promise<GatewayProcess> {
  mkdirSync(join(folder, "data"));
  const [user] = network.users;
  const { accessKeyId, secretAccessKey } = BENCH_KEY;
  writeFileSync(
    join(folder, "cess-s3.yaml"),
    JSON.stringify({
      dataDir: join(folder, "data"),
      chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs },
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
