import { spawnSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { KIB, MIB } from "../../src/model/sizes.js";
import { answers } from "../support/answers.js";
import { processorMsOf } from "../support/processor-time.js";
import { reservePort } from "../support/reserved-port.js";
import { ServerProcess } from "../support/server-process.js";
import { VersityServer } from "../support/versity-server.js";
import { BENCH_KEY, BenchClient } from "./bench-client.js";
import type { Figure } from "./figure.js";
import { GatewayUnderTest } from "./gateway-under-test.js";
import { rawHead, readRaw, type RawRequest } from "./raw-reader.js";

/** A server on an empty folder of the same disk, with the bucket `bench`. */
interface Peer {
  /** With its version, and what a PUT that was answered survives. */
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  end(): Promise<void>;
}

type Method = "PUT" | "GET" | "HEAD" | "DELETE";

/** One kind of request, over and over. */
interface Work {
  readonly method: Method;
  readonly size: number;
  /** Connections, each with one request after another. */
  readonly clients: number;
  /** Requests of a round. */
  readonly requests: number;
  readonly rounds: number;
  /** Processor time of a request, as a share of versitygw's … */
  readonly cpuAtMost?: number;
  /** … or of the floor's. */
  readonly floorAtMost?: number;
  /** Rate, as a share of versitygw's. */
  readonly rateAtLeast?: number;
}

const SMALL = { size: 4 * KIB, clients: 32, requests: 3200, rounds: 6 };
const MEDIUM = { size: MIB, clients: 8, requests: 96, rounds: 4 };
const LARGE = { size: 256 * MIB, clients: 2, requests: 2, rounds: 3 };

/** In this order: objects are written, read, and deleted. */
const WORKS: readonly Work[] = [
  { method: "PUT", ...SMALL, cpuAtMost: 1.15, rateAtLeast: 0.85 },
  { method: "GET", ...SMALL, cpuAtMost: 1.15 },
  { method: "HEAD", ...SMALL, floorAtMost: 3 },
  { method: "DELETE", ...SMALL, cpuAtMost: 1.15 },
  { method: "PUT", ...MEDIUM, cpuAtMost: 1.2 },
  { method: "GET", ...MEDIUM, cpuAtMost: 1.6 },
  { method: "PUT", ...LARGE, cpuAtMost: 1.2 },
  { method: "GET", ...LARGE, cpuAtMost: 1.5 },
];

/** The best of the rounds: what else the machine does makes a round worse, never better. */
interface Measured {
  rate: number;
  cpuMs: number;
}

/** The gateway without work in the background. It syncs what it has acknowledged. */
async function ourselves(): Promise<Peer> {
  const gateway = await GatewayUnderTest.start();
  await gateway.client.send({ method: "PUT", path: "/bench" });
  return { name: "cess-s3", port: gateway.client.port, pid: gateway.pid, end: () => gateway.close() };
}

async function versitygw(folder: string): Promise<Peer | undefined> {
  const version = versionOf("versitygw", ["--version"], /Version\s*:\s*(\S+)/);
  if (version === undefined) return undefined;
  const server = await VersityServer.start(folder, BENCH_KEY);
  await bucketAt(server.port);
  return {
    name: `versitygw ${version}, no sync`,
    port: server.port,
    pid: server.pid,
    end: () => server.end(),
  };
}

async function floor(): Promise<Peer> {
  const port = await reservePort();
  const program = fileURLToPath(new URL("./floor-server.js", import.meta.url));
  const server = new ServerProcess(process.execPath, [program, String(port)], {
    isReady: () => answers(port, "HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "HTTP/1.1 "),
  });
  await server.start();
  return { name: "bare node:http", port, pid: server.pid, end: () => server.end("SIGKILL") };
}

async function bucketAt(port: number): Promise<void> {
  const client = new BenchClient(port);
  await client.send({ method: "PUT", path: "/bench" });
  client.close();
}

/**
 * The version of a program in the path; undefined where it is not installed. One that was built from a Go module says
 * nothing of it itself, but Go knows.
 */
function versionOf(program: string, args: readonly string[], pattern: RegExp): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) return undefined;
  const path = spawnSync("which", [program], { encoding: "utf8" }).stdout.trim();
  const module = spawnSync("go", ["version", "-m", path], { encoding: "utf8" });
  const built = module.status === 0 ? /^\s*mod\s+\S+\s+(\S+)/m.exec(module.stdout)?.[1] : undefined;
  return built ?? pattern.exec(stdout)?.[1] ?? "";
}

function requestsOf({ method, size, clients, requests }: Work, round: number, port: number): RawRequest[][] {
  const host = `127.0.0.1:${port}`;
  const body = method === "PUT" ? randomFillSync(Buffer.alloc(size)) : undefined;
  return Array.from({ length: clients }, (_, lane) =>
    Array.from({ length: requests / clients }, (__, n) => {
      const head = rawHead(method, `/bench/${size}-${round}-${lane}-${n}`, host, {}, body?.length);
      return body ? [head, body] : [head];
    }),
  );
}

async function run(work: Work, round: number, peer: Peer, measured: Measured): Promise<void> {
  const lanes = requestsOf(work, round, peer.port);
  const before = processorMsOf(peer.pid);
  const began = performance.now();
  await Promise.all(lanes.map((requests) => readRaw(peer.port, requests, work.method === "GET" ? work.size : 0)));
  measured.rate = Math.max(measured.rate, (work.requests * 1000) / (performance.now() - began));
  measured.cpuMs = Math.min(measured.cpuMs, (processorMsOf(peer.pid) - before) / work.requests);
}

/** Kinds of work of one size belong together: a round writes its objects, reads and deletes them. */
async function measure(works: readonly Work[], peers: readonly Peer[]): Promise<Map<Work, Map<Peer, Measured>>> {
  const fresh = () => new Map(peers.map((peer) => [peer, { rate: 0, cpuMs: Infinity }]));
  const all = new Map(works.map((work) => [work, fresh()]));
  const [{ rounds } = { rounds: 0 }] = works;
  // In turns: what else the machine does is as bad for all.
  for (let round = 0; round < rounds; round++)
    for (const peer of peers)
      for (const [work, measured] of all) {
        const own = measured.get(peer);
        if (own) await run(work, round, peer, own);
      }
  return all;
}

/**
 * The gateway beside other S3 servers: processor time of a request and requests a second, for small, medium and large
 * objects, in one run on one disk. Of others those that are in the path; and what Node.js itself needs. Linux. About two
 * minutes.
 */
export async function benchPeers(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-peers-"));
  const peers: Peer[] = [];
  try {
    const us = await ourselves();
    peers.push(us);
    const base = await floor();
    peers.push(base);
    const versity = await versitygw(folder);
    if (versity) peers.push(versity);
    else process.stderr.write("  versitygw is not in the path: not measured\n");
    const figures: Figure[] = [];
    for (const size of new Set(WORKS.map((work) => work.size))) {
      const measured = await measure(
        WORKS.filter((work) => work.size === size),
        peers,
      );
      for (const [work, results] of measured)
        for (const peer of peers) if (peer !== us) figures.push(...beside(work, results, us, peer, peer === base));
    }
    return figures;
  } finally {
    await Promise.all(peers.map((peer) => peer.end()));
    rmSync(folder, { recursive: true, force: true });
  }
}

function beside(
  work: Work,
  results: ReadonlyMap<Peer, Measured>,
  us: Peer,
  peer: Peer,
  isFloor: boolean,
): readonly Figure[] {
  const [ours, theirs] = [results.get(us), results.get(peer)];
  if (!ours || !theirs) return [];
  const { method, size, clients } = work;
  const what = `${method} ${size >= MIB ? `${size / MIB} MiB` : `${size / KIB} KiB`}, ${clients} clients`;
  const atMost = isFloor ? work.floorAtMost : work.cpuAtMost;
  const atLeast = isFloor ? undefined : work.rateAtLeast;
  return [
    {
      what: `${what}: CPU of one`,
      ours: { value: ours.cpuMs, unit: "ms" },
      reference: { what: peer.name, value: theirs.cpuMs, unit: "ms" },
      ...(atMost === undefined ? {} : { wanted: { atMost } }),
    },
    {
      what: `${what}: rate`,
      ours: { value: ours.rate, unit: "/s" },
      reference: { what: peer.name, value: theirs.rate, unit: "/s" },
      ...(atLeast === undefined ? {} : { wanted: { atLeast } }),
    },
  ];
}
