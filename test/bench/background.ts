import { spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { KIB, MIB } from "../../src/model/sizes.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { processorMsOf } from "../support/processor-time.js";
import { BENCH_KEY, BenchClient, inParallel } from "./bench-client.js";
import type { Figure } from "./figure.js";
import { lanesOf, sendLanes } from "./raw-lanes.js";

const main = join(dirname(fileURLToPath(import.meta.url)), "../../src/main.js");
const BLOCK_MS = 1000;
/** What is on its way into the network meanwhile. */
const LARGE = { count: 32, size: 64 * MIB };
const ROUNDS = 3;

/** One kind of request, over and over. */
const WORKS = [
  { what: "PUT 4 KiB", method: "PUT", size: 4 * KIB, clients: 32, requests: 3200 },
  { what: "GET 4 KiB", method: "GET", size: 4 * KIB, clients: 32, requests: 3200 },
  { what: "PUT 1 MiB", method: "PUT", size: MIB, clients: 8, requests: 96 },
] as const;

type Work = (typeof WORKS)[number];

/** Requests a second. */
async function rate(work: Work, port: number, round: string): Promise<number> {
  const lanes = lanesOf(work, round, port);
  const began = performance.now();
  await sendLanes(lanes, work, port);
  return (work.requests * 1000) / (performance.now() - began);
}

/** The rates of all kinds in turns, the mean of the rounds. */
async function rates(port: number, name: string): Promise<Map<Work, number>> {
  const means = new Map<Work, number>();
  for (let round = 0; round < ROUNDS; round++)
    for (const work of WORKS)
      means.set(work, (means.get(work) ?? 0) + (await rate(work, port, `${name}-${round}`)) / ROUNDS);
  return means;
}

/** `cess-s3 devnet` in a process of its own, so that its processor time can be told from the gateway's. */
async function startNetwork(folder: string) {
  const environment = { ...process.env, CESS_S3_DEV_BLOCK_MS: String(BLOCK_MS) };
  const args = [main, "devnet", "--json", "--data-dir", folder];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], env: environment });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const described = JSON.parse(line) as {
    readonly chain: string;
    readonly mnemonic: string;
    readonly accounts: readonly object[];
  };
  return { child, ...described };
}

/**
 * Small requests while objects are on their way into a network of 14 nodes on the same cores, beside the same gateway before;
 * and who used the processors meanwhile. About three minutes.
 */
export async function benchBackground(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-bench-"));
  const network = await startNetwork(join(folder, "network"));
  const { accessKeyId, secretAccessKey } = BENCH_KEY;
  const config = join(folder, "cess-s3.yaml");
  mkdirSync(join(folder, "data"));
  writeFileSync(
    config,
    JSON.stringify({
      dataDir: join(folder, "data"),
      chain: { endpoints: [network.chain], mnemonic: network.mnemonic, blockMs: BLOCK_MS },
      accounts: [{ ...network.accounts[0], accessKeyId, secretAccessKey }],
      encryption: { default: "none" },
      allowPrivateNodes: true,
      logLevel: "warn",
    }),
  );
  let gateway: GatewayProcess | undefined;
  try {
    gateway = await GatewayProcess.start(["serve", "--config", config], {});
    return await measure(gateway, network.child.pid ?? 0);
  } finally {
    await gateway?.end();
    network.child.kill();
    if (network.child.exitCode === null) await once(network.child, "exit");
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(gateway: GatewayProcess, network: number): Promise<Figure[]> {
  const port = Number(new URL(gateway.endpoint).port);
  const client = new BenchClient(port);
  try {
    await client.send({ method: "PUT", path: "/bench" });
    await rates(port, "warm");
    const without = await rates(port, "without");
    const body = randomFillSync(Buffer.alloc(LARGE.size));
    await inParallel(LARGE.count, 2, async (n) => {
      randomFillSync(body, 0, 4 * KIB);
      await client.send({ method: "PUT", path: `/bench/large-${n}`, body });
    });
    const sentBefore = await gateway.metric("cess_s3_fragment_sent_bytes_total");
    const pids = { gateway: gateway.pid, network, client: process.pid };
    const used = () => Object.entries(pids).map(([name, pid]) => [name, processorMsOf(pid)] as const);
    const before = new Map(used());
    const began = performance.now();
    const beside = await rates(port, "beside");
    const ms = performance.now() - began;
    const shares = used().map(([name, now]) => [name, now - (before.get(name) ?? 0)] as const);
    const sentBytes = (await gateway.metric("cess_s3_fragment_sent_bytes_total")) - sentBefore;
    return [
      ...WORKS.map((work): Figure => ({
        what: `${work.what}, ${work.clients} clients, while objects go into the network`,
        ours: { value: beside.get(work) ?? 0, unit: "/s" },
        reference: { what: "before", value: without.get(work) ?? 0, unit: "/s" },
        wanted: { atLeast: 0.6 },
      })),
      {
        what: "… sent to nodes meanwhile",
        ours: { value: (sentBytes * 1000) / ms / MIB, unit: "MiB/s" },
        reference: { what: "in all", value: sentBytes / MIB, unit: "MiB" },
      },
      ...shares.map(([name, used]): Figure => ({
        what: `… processor time of the ${name}`,
        ours: { value: used / ms, unit: "cores" },
        reference: { what: "all", value: shares.reduce((sum, [, each]) => sum + each, 0) / ms, unit: "cores" },
      })),
    ];
  } finally {
    client.close();
  }
}
