import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KIB, MIB } from "../../src/model/sizes.js";
import { processorMsOf } from "../support/processor-time.js";
import type { Figure } from "./figure.js";
import { fileFloor, floor, garage, ourselves, type Peer, seaweedfs, versitygw } from "./peer-servers.js";
import { lanesOf, type RawWork, sendLanes } from "./raw-lanes.js";

/** `requests` are those of a round. */
interface Work extends RawWork {
  readonly rounds: number;
  /** Processor time of a request, as a share of versitygw's … */
  readonly cpuAtMost?: number;
  /** … or of the floor's. */
  readonly floorAtMost?: number;
  /** Rate, as a share of versitygw's. */
  readonly rateAtLeast?: number;
}

const SMALL = { size: 4 * KIB, clients: 32, requests: 3200, rounds: 6 };
const MEDIUM = { size: MIB, clients: 8, requests: 400, rounds: 3 };
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

async function run(work: Work, round: number, peer: Peer, measured: Measured): Promise<void> {
  const lanes = lanesOf(work, round, peer.port);
  // A sync also writes what others have left to the kernel, and would be charged for it.
  spawnSync("sync");
  const before = processorMsOf(peer.pid);
  const began = performance.now();
  await sendLanes(lanes, work, peer.port);
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
    peers.push(us, await floor(), await fileFloor(folder));
    for (const [name, start] of Object.entries({ versitygw, seaweedfs, garage })) {
      const peer = await start(folder);
      if (peer) peers.push(peer);
      else process.stderr.write(`  ${name} is not in the path: not measured\n`);
    }
    const figures: Figure[] = [];
    for (const size of new Set(WORKS.map((work) => work.size))) {
      const some = peers.filter(({ kind }) => kind !== "file floor" || size >= MIB);
      const measured = await measure(
        WORKS.filter((work) => work.size === size),
        some,
      );
      for (const [work, results] of measured)
        for (const peer of some) if (peer !== us) figures.push(...beside(work, results, us, peer));
    }
    return figures;
  } finally {
    await Promise.all(peers.map((peer) => peer.end()));
    rmSync(folder, { recursive: true, force: true });
  }
}

function beside(work: Work, results: ReadonlyMap<Peer, Measured>, us: Peer, peer: Peer): readonly Figure[] {
  const [ours, theirs] = [results.get(us), results.get(peer)];
  if (!ours || !theirs) return [];
  const { method, size, clients } = work;
  const what = `${method} ${size >= MIB ? `${size / MIB} MiB` : `${size / KIB} KiB`}, ${clients} clients`;
  const { atMost, atLeast } = wantedBeside(peer, work);
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

function wantedBeside(peer: Peer, work: Work): { readonly atMost?: number; readonly atLeast?: number } {
  switch (peer.kind) {
    case "floor":
      return { ...(work.floorAtMost !== undefined && { atMost: work.floorAtMost }) };
    case "versitygw":
      return {
        ...(work.cpuAtMost !== undefined && { atMost: work.cpuAtMost }),
        ...(work.rateAtLeast !== undefined && { atLeast: work.rateAtLeast }),
      };
    case "file floor":
      return {};
    default:
      return { atLeast: 1 };
  }
}
