import { randomFillSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GIB, MIB } from "../../src/model/sizes.js";
import type { Figure } from "./figure.js";
import { GatewayUnderTest } from "./gateway-under-test.js";
import { Nginx } from "./nginx.js";
import { rawRequest, readRaw } from "./raw-reader.js";

const BIG = GIB;
const SMALL = MIB;
const CONNECTIONS = 8;
const REQUESTS = 300;
/** The first is not counted: a server's code is compiled in its first seconds. */
const ROUNDS = 6;

interface Server {
  readonly port: number;
  readonly request: (path: string) => Buffer;
}

/** MiB/s of one GET of a big object. */
async function streaming({ port, request }: Server, path: string): Promise<number> {
  const began = performance.now();
  await readRaw(port, [request(path)], BIG);
  return (BIG * 1000) / MIB / (performance.now() - began);
}

/** Requests a second for an object of 1 MiB, over several connections. */
async function rate({ port, request }: Server, path: string): Promise<number> {
  const requests = Array.from({ length: REQUESTS }, () => request(path));
  const began = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, () => readRaw(port, requests, SMALL)));
  return (CONNECTIONS * REQUESTS * 1000) / (performance.now() - began);
}

/**
 * Staged and cached objects against nginx with the same files, in turns; nothing where nginx is not installed. About 80
 * s.
 */
export async function benchEgress(): Promise<Figure[]> {
  if (!Nginx.installed()) {
    process.stderr.write("egress: nginx is not installed, there is nothing to measure against\n");
    return [];
  }
  const gateway = await GatewayUnderTest.start({ cacheMemory: BIG + BIG / 4, packs: false });
  const other = await GatewayUnderTest.start({ cacheMemory: 0, packs: false });
  const root = await mkdtemp(join(tmpdir(), "cess-s3-static-"));
  const nginx = await Nginx.start(root);
  const server = (port: number): Server => ({ port, request: (path) => rawRequest("GET", path, `127.0.0.1:${port}`) });
  // nginx takes the same requests and looks at no signature.
  const theirs = server(nginx.port);
  const [ours, fromDisk] = [server(gateway.client.port), server(other.client.port)];
  const best = { staged: 0, cached: 0, disk: 0, nginx: 0, rate: 0, stagedRate: 0, nginxRate: 0 };
  let round = 0;
  const keep = (what: keyof typeof best, value: number) => (best[what] = round === 0 ? 0 : Math.max(best[what], value));
  try {
    const bytes = randomFillSync(Buffer.allocUnsafe(BIG));
    const small = bytes.subarray(0, SMALL);
    await gateway.client.send({ method: "PUT", path: "/bench" });
    for (const [name, body] of [
      ["staged", bytes],
      ["cached", bytes],
      ["small", small],
      ["small-cached", small],
    ] as const) {
      await gateway.client.send({ method: "PUT", path: `/bench/${name}`, body });
      await writeFile(join(root, name), body);
    }
    for (const name of ["small-cached", "cached"]) await gateway.store("bench", name);
    await other.client.send({ method: "PUT", path: "/bench" });
    await other.client.send({ method: "PUT", path: "/bench/cached", body: bytes });
    await other.store("bench", "cached");
    for (; round < ROUNDS; round++) {
      keep("staged", await streaming(ours, "/bench/staged"));
      keep("nginx", await streaming(theirs, "/staged"));
      keep("cached", await streaming(ours, "/bench/cached"));
      keep("disk", await streaming(fromDisk, "/bench/cached"));
      keep("rate", await rate(ours, "/bench/small-cached"));
      keep("stagedRate", await rate(ours, "/bench/small"));
      keep("nginxRate", await rate(theirs, "/small"));
    }
  } finally {
    await nginx.close();
    await gateway.close();
    await other.close();
    await rm(root, { recursive: true, force: true });
  }
  const requests = { what: "nginx", value: best.nginxRate, unit: "requests/s" };
  const stream = { what: "nginx", value: best.nginx, unit: "MiB/s" };
  return [
    {
      what: "GET 1 GiB, cached in memory",
      ours: { value: best.cached, unit: "MiB/s" },
      reference: stream,
      wanted: { atLeast: 0.8 },
    },
    { what: "GET 1 GiB, cached on disk", ours: { value: best.disk, unit: "MiB/s" }, reference: stream },
    { what: "GET 1 GiB, staged", ours: { value: best.staged, unit: "MiB/s" }, reference: stream },
    {
      what: "GET 1 MiB, cached in memory",
      ours: { value: best.rate, unit: "requests/s" },
      reference: requests,
      wanted: { atLeast: 0.5 },
    },
    {
      what: "GET 1 MiB, staged",
      ours: { value: best.stagedRate, unit: "requests/s" },
      reference: requests,
      wanted: { atLeast: 0.5 },
    },
  ];
}
