import { randomFillSync } from "node:crypto";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { journalSchema } from "../../src/cli/admin-answers.js";
import { DevNetwork } from "../../src/devnet/dev-network.js";
import { KIB, MIB } from "../../src/model/sizes.js";
import { cessS3 } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { BENCH_KEY, BenchClient } from "./bench-client.js";
import { processorMsOf } from "../support/processor-time.js";
import type { BenchOptions, Figure } from "./figure.js";
import { flushPacks, packStatus } from "./packing-gateway.js";
import { rawRequest, readRaw } from "./raw-reader.js";

const BLOCK_MS = 1000;
const SIZE = 4 * KIB;
const CLIENTS = 32;
/** For each object that the bench `stored` stores. */
const OBJECTS_PER_LARGE_ONE = 1000;
/** Turns with and without a journal, in an order that a drift of the machine touches alike. */
const TURNS = [true, false, false, true, true, false, false, true];
/** Of the objects, those that each turn puts. */
const TURN_PART = 0.1;
const LOOK_MS = 500;
const PATIENCE_MS = 3_600_000;

const seconds = z.object({
  finding: z.number(),
  reading: z.number(),
  replaying: z.number(),
  lookingUp: z.number(),
  counting: z.number(),
});
const reportSchema = z.object({ files: z.number(), lost: z.array(z.unknown()), seconds });

/** The journal: what it adds to a PUT, how long it is, and how long a rebuild takes from it. */
export async function benchJournal({ objects }: BenchOptions): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-bench-"));
  const network = await DevNetwork.start({ folder: join(folder, "network"), nodes: 14, blockMs: BLOCK_MS, spec: 133 });
  try {
    const count = objects * OBJECTS_PER_LARGE_ONE;
    return [...(await putFigures(folder, network, count)), ...(await rebuildFigures(folder, network, count))];
  } finally {
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A gateway on an empty folder, or on that of another one of this name. */
function start(folder: string, network: DevNetwork, name: string, enabled: boolean): Promise<GatewayProcess> {
  const dataDir = join(folder, name);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const [user] = network.users;
  const { accessKeyId, secretAccessKey } = BENCH_KEY;
  const config = join(folder, `${name}.yaml`);
  writeFileSync(
    config,
    JSON.stringify({
      dataDir,
      chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: BLOCK_MS },
      accounts: [{ ...user, accessKeyId, secretAccessKey }],
      encryption: { default: "none", keyFile: join(folder, "keys.json") },
      allowPrivateNodes: true,
      journal: { enabled },
      logLevel: "warn",
    }),
  );
  return GatewayProcess.start(["serve", "--config", config], {});
}

async function createBucket({ endpoint }: GatewayProcess): Promise<void> {
  const client = new BenchClient(Number(new URL(endpoint).port));
  await client.send({ method: "PUT", path: "/bench" });
  client.close();
}

/** Puts so many objects. Resolves with the milliseconds of processor time of the gateway until they are acknowledged. */
async function put({ endpoint, pid }: GatewayProcess, prefix: string, count: number): Promise<number> {
  const host = new URL(endpoint).host;
  const body = randomFillSync(Buffer.alloc(SIZE));
  const lanes = Array.from({ length: CLIENTS }, (_, lane) =>
    Array.from({ length: Math.ceil(count / CLIENTS) }, (__, n) => {
      body.writeUInt32LE(n, 0);
      body.writeUInt32LE(lane, 4);
      return rawRequest("PUT", `/bench/${prefix}-${lane}-${n}`, host, {}, body);
    }),
  );
  const before = processorMsOf(pid);
  await Promise.all(lanes.map((requests) => readRaw(Number(new URL(endpoint).port), requests, 0)));
  return processorMsOf(pid) - before;
}

/** CPU time of PUTs in gateways with a journal and without one, by turns: with all that is noted and read meanwhile. */
async function putFigures(folder: string, network: DevNetwork, count: number): Promise<Figure[]> {
  const part = Math.ceil((TURN_PART * count) / CLIENTS) * CLIENTS;
  const cpu = new Map([
    [true, 0],
    [false, 0],
  ]);
  // One at a time: they sign for one account.
  for (const [turn, kept] of TURNS.entries()) {
    const gateway = await start(folder, network, kept ? "kept" : "not-kept", kept);
    try {
      if (turn < 2) await createBucket(gateway);
      await put(gateway, `warm-${turn}`, CLIENTS * 20);
      cpu.set(kept, cpu.get(kept)! + (await put(gateway, `turn-${turn}`, part)));
    } finally {
      await gateway.end();
    }
  }
  const perPut = (kept: boolean) => cpu.get(kept)! / (part * (TURNS.length / 2));
  return [
    {
      what: `PUT of ${SIZE / KIB} KiB, ${CLIENTS} clients, with a journal: CPU`,
      ours: { value: perPut(true), unit: "ms" },
      reference: { what: "without one", value: perPut(false), unit: "ms" },
      wanted: { atMost: 1.03 },
    },
  ];
}

const journalOf = async ({ admin }: GatewayProcess) =>
  journalSchema.parse(await (await fetch(`${admin}/journal`)).json());

/** Until all that was put is on CESS, and a journal has it. */
async function journaled(gateway: GatewayProcess): Promise<void> {
  const wait = () => new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  await flushPacks(gateway);
  await eventually(
    "all packs are stored",
    async () => {
      await wait();
      const { queues, packs } = await packStatus(gateway);
      const states = Object.keys(packs);
      return queues.length === 0 && states.every((state) => state === "stored");
    },
    PATIENCE_MS,
  );
  await eventually(
    "all of it is in stored journals",
    async () => {
      await fetch(`${gateway.admin}/journal/flush`, { method: "POST" });
      await wait();
      return (await journalOf(gateway)).changedSince === undefined;
    },
    PATIENCE_MS,
  );
}

/** A gateway's journals of all that was put, and another one that is made of them. */
async function rebuildFigures(folder: string, network: DevNetwork, count: number): Promise<Figure[]> {
  let gateway: GatewayProcess | undefined;
  try {
    gateway = await start(folder, network, "lost", true);
    await createBucket(gateway);
    // The first journal, a snapshot, has next to nothing; the next one has the changes.
    await journaled(gateway);
    const { stream, journals: first } = await journalOf(gateway);
    const before = first.at(-1)?.number ?? 0;
    const putCpu = await put(gateway, "object", count);
    const cpuAcknowledged = processorMsOf(gateway.pid);
    await journaled(gateway);
    const cpuJournaled = processorMsOf(gateway.pid);
    const journals = (await journalOf(gateway)).journals.filter(({ number }) => number > before);
    const bytes = journals.reduce((sum, journal) => sum + journal.bytes, 0);
    const units = journals.reduce((sum, journal) => sum + journal.units, 0);
    const [account] = (await packStatus(gateway)).accounts;
    await gateway.end("SIGKILL");
    gateway = undefined;
    renameSync(join(folder, "lost"), join(folder, "gone"));
    mkdirSync(join(folder, "lost"), { mode: 0o700 });
    const began = performance.now();
    const config = join(folder, "lost.yaml");
    const { code, stdout, stderr } = await cessS3(["rebuild", "--config", config, "--stream", stream, "--json"]);
    if (code !== 0) throw new Error(`not rebuilt: ${stderr}`);
    const tookS = (performance.now() - began) / 1000;
    const report = reportSchema.parse(JSON.parse(stdout));
    if (report.lost.length > 0) throw new Error(`${report.lost.length} objects were lost`);
    const what = `${count} objects of ${SIZE / KIB} KiB`;
    const packed = account?.objectBytes ?? 0;
    const of = (name: string, value: number): Figure => ({
      what: `rebuild of ${what}: ${name}`,
      ours: { value, unit: "s" },
      reference: { what: "all of it", value: tookS, unit: "s" },
    });
    return [
      {
        what: `${what}: bytes of the journal, for each thing that changed`,
        ours: { value: bytes / units, unit: "bytes" },
        reference: { what: "bytes of an object", value: SIZE, unit: "bytes" },
      },
      {
        what: `${what}: bytes of the journal`,
        ours: { value: bytes / MIB, unit: "MiB" },
        reference: { what: "bytes of the objects in packs", value: packed / MIB, unit: "MiB" },
      },
      {
        what: `${what}: CPU until packed, stored and journaled`,
        ours: { value: (cpuJournaled - cpuAcknowledged) / 1000, unit: "s" },
        reference: { what: "until acknowledged", value: putCpu / 1000, unit: "s" },
      },
      {
        what: `rebuild of ${what}`,
        ours: { value: tookS, unit: "s" },
        reference: {
          what: `files on the chain: ${report.files}; objects in a second`,
          value: count / tookS,
          unit: "/s",
        },
      },
      of("finding the journals", report.seconds.finding),
      of("reading them", report.seconds.reading),
      of("replaying them", report.seconds.replaying),
      of("looking up files", report.seconds.lookingUp),
      of("counting", report.seconds.counting),
    ];
  } finally {
    await gateway?.end();
  }
}
