import { randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { DevNetworkThread } from "../../src/devnet/dev-network-thread.js";
import { statusSchema, type ProcessAnswer } from "../../src/cli/admin-answers.js";
import { KIB, MIB } from "../../src/model/sizes.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { processorMsOf } from "../support/processor-time.js";
import { BENCH_KEY } from "./bench-client.js";
import type { Figure } from "./figure.js";
import { rawRequest, readRaw } from "./raw-reader.js";

const SIZE = 4 * KIB;
const CLIENTS = 32;
const OBJECTS = 3200;
/** In the first the servers' code is compiled; each process compiles its own. */
const ROUNDS = 8;
/** Blocks are no part of what is measured. */
const BLOCK_MS = 5_000;
const { accessKeyId, secretAccessKey } = BENCH_KEY;

interface Work {
  /** Requests a second, in the best round. */
  rate: number;
  /** Processor time of a request, of all processes of the gateway together, in the best round, ms. */
  cpuMs: number;
}

/** `cess-s3 serve` as an operator runs it, on an empty data folder. */
class Served {
  readonly put: Work = { rate: 0, cpuMs: Infinity };
  readonly get: Work = { rate: 0, cpuMs: Infinity };

  private constructor(
    private readonly gateway: GatewayProcess,
    private readonly folder: string,
    private readonly pids: readonly number[],
    /** Of the largest request process after its start, MiB. */
    readonly idleMib: number,
  ) {}

  static async start(network: DevNetworkThread, workers: number): Promise<Served> {
    const folder = mkdtempSync(join(tmpdir(), "cess-s3-workers-"));
    const config = join(folder, "config.yaml");
    const [owner] = network.users;
    const content = {
      chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: BLOCK_MS },
      accounts: [{ ...owner, accessKeyId, secretAccessKey }],
      dataDir: join(folder, "data"),
      workers,
      allowPrivateNodes: true,
      encryption: { default: "none" },
      // Nothing is brought into the network meanwhile.
      packing: { maxAgeSeconds: 86_400 },
      shutdown: { delaySeconds: 0 },
      logLevel: "warn",
    };
    writeFileSync(config, JSON.stringify(content));
    const gateway = await GatewayProcess.start(["serve", "--config", config], {});
    const processes = await processesOf(gateway);
    const idle = processes.filter(({ role }) => role.startsWith("request")).map(({ memoryBytes = 0 }) => memoryBytes);
    const pids = processes.length === 0 ? [gateway.pid] : processes.map(({ pid = 0 }) => pid);
    const client = gateway.client(accessKeyId, secretAccessKey);
    await client.send(new CreateBucketCommand({ Bucket: "bench" }));
    client.destroy();
    return new Served(gateway, folder, pids, Math.max(0, ...idle) / MIB);
  }

  async round(round: number, body: Buffer): Promise<void> {
    await this.run(this.put, "PUT", round, 0, body);
    await this.run(this.get, "GET", round, body.length);
  }

  async end(): Promise<void> {
    await this.gateway.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async run(work: Work, method: string, round: number, answerBytes: number, sent?: Buffer): Promise<void> {
    const port = Number(new URL(this.gateway.endpoint).port);
    const lanes = Array.from({ length: CLIENTS }, (_, lane) =>
      Array.from({ length: OBJECTS / CLIENTS }, (__, n) =>
        rawRequest(
          method,
          `/bench/${round}-${lane}-${n}`,
          `127.0.0.1:${port}`,
          {},
          method === "PUT" ? sent : undefined,
        ),
      ),
    );
    const before = this.cpuMs();
    const began = performance.now();
    await Promise.all(lanes.map((requests) => readRaw(port, requests, answerBytes)));
    work.rate = Math.max(work.rate, (OBJECTS * 1000) / (performance.now() - began));
    work.cpuMs = Math.min(work.cpuMs, (this.cpuMs() - before) / OBJECTS);
  }

  /** Of all processes together. */
  private cpuMs(): number {
    return this.pids.reduce((sum, pid) => sum + processorMsOf(pid), 0);
  }
}

async function processesOf({ admin }: GatewayProcess): Promise<readonly ProcessAnswer[]> {
  const status: unknown = await (await fetch(`${admin}/status`)).json();
  return statusSchema.parse(status).processes ?? [];
}

/**
 * 4 KiB PUT and GET with 32 clients on `cess-s3 serve` with one process and with two request processes. The clients are one
 * process of their own: on two cores they take part of what the second process would have, and the rates are not judged.
 * Linux. About 60 s.
 */
export async function benchWorkers(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-workers-net-"));
  const network = await DevNetworkThread.start({ folder, nodes: 14, blockMs: BLOCK_MS, spec: 133 });
  const served: Served[] = [];
  try {
    const one = await Served.start(network, 1);
    served.push(one);
    const two = await Served.start(network, 2);
    served.push(two);
    const body = randomFillSync(Buffer.alloc(SIZE));
    // In turns: what else the machine does is as bad for both.
    for (let round = 0; round < ROUNDS; round++) for (const gateway of served) await gateway.round(round, body);
    const cores = availableParallelism();
    const more = cores > 2 ? { wanted: { atLeast: 1.5 } } : {};
    const rate = (of: "put" | "get"): Figure => ({
      what: `${of.toUpperCase()} 4 KiB, ${CLIENTS} clients, 2 request processes, ${cores} cores`,
      ours: { value: two[of].rate, unit: "/s" },
      reference: { what: "one process", value: one[of].rate, unit: "/s" },
      ...more,
    });
    const cost = (of: "put" | "get"): Figure => ({
      what: `CPU of one ${of.toUpperCase()} of 4 KiB, 2 request processes, all together`,
      ours: { value: two[of].cpuMs, unit: "ms" },
      reference: { what: "one process", value: one[of].cpuMs, unit: "ms" },
      wanted: { atMost: 1.1 },
    });
    return [
      rate("put"),
      rate("get"),
      cost("put"),
      cost("get"),
      {
        what: "memory of a request process, idle",
        ours: { value: two.idleMib, unit: "MiB" },
        reference: { what: "limit", value: 120, unit: "MiB" },
        wanted: { atMost: 1 },
      },
    ];
  } finally {
    await Promise.all(served.map((gateway) => gateway.end()));
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
