import { createHash, randomFillSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { DevNetworkThread } from "../../src/devnet/dev-network-thread.js";
import { FRAGMENT_SIZE, GIB, MIB } from "../../src/model/sizes.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { untilStored } from "../support/object-state.js";
import { processorMsOf } from "../support/processor-time.js";
import { BENCH_KEY, inParallel } from "./bench-client.js";
import type { Figure } from "./figure.js";
import { rawRequest, readRaw } from "./raw-reader.js";

const SIZE = GIB;
const PART = 16 * MIB;
const RANGE = MIB;
const WIDTH = 4;
const BUCKET = "bench";
const KEY = "object";
const PATH = `/${BUCKET}/${KEY}`;
const STORED_WITHIN_MS = 300_000;
const ROUNDS = 3;

interface Transfers {
  /** Bytes that the kernel has had to write to the disk. */
  readonly written: number;
  /** Bytes that the kernel has had to read from the disk. */
  readonly read: number;
  /** Bytes asked for in read calls, from files (mostly out of the page cache) and sockets. */
  readonly asked: number;
}

/** Of a process, all its threads together. Linux. */
function transfers(pid: number): Transfers {
  const text = readFileSync(`/proc/${pid}/io`, "utf8");
  const count = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(text)?.[1]);
  return { written: count("write_bytes"), read: count("read_bytes"), asked: count("rchar") };
}

/** MiB/s of SHA-256 on one core. */
function hashSpeed(bytes: Buffer): number {
  const began = performance.now();
  createHash("sha256").update(bytes).digest();
  return (bytes.length * 1000) / (performance.now() - began) / MIB;
}

/** Every part is another: two that were alike would share their fragments. */
async function upload(client: S3Client): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: KEY }));
  const count = SIZE / PART;
  const etags: (string | undefined)[] = [];
  await inParallel(count, WIDTH, async (n) => {
    const Body = randomFillSync(Buffer.allocUnsafe(PART));
    etags[n] = (
      await client.send(new UploadPartCommand({ Bucket: BUCKET, Key: KEY, UploadId, PartNumber: n + 1, Body }))
    ).ETag;
  });
  const Parts = etags.map((ETag, n) => ({ PartNumber: n + 1, ETag }));
  await client.send(
    new CompleteMultipartUploadCommand({ Bucket: BUCKET, Key: KEY, UploadId, MultipartUpload: { Parts } }),
  );
}

interface World {
  readonly gateway: GatewayProcess;
  readonly client: S3Client;
  readonly port: number;
}

/** Reads cold, once each round; of the best its MiB/s, and the share of the processors' time that everything took. */
async function coldReads({ gateway, port }: World): Promise<{ readonly speed: number; readonly busy: number }> {
  let best = { speed: 0, busy: 0 };
  const used = () => processorMsOf(gateway.pid) + processorMsOf(process.pid);
  for (let round = 0; round < ROUNDS; round++) {
    await gateway.dropCache();
    const [began, usedBefore] = [performance.now(), used()];
    await readRaw(port, [request(port, {})], SIZE);
    const took = performance.now() - began;
    const speed = (SIZE * 1000) / MIB / took;
    if (speed > best.speed) best = { speed, busy: (used() - usedBefore) / (took * availableParallelism()) };
  }
  return best;
}

/** Bytes that the storage nodes gave for one cold range inside a fragment. */
async function fetchedForRange({ gateway, port }: World): Promise<number> {
  await gateway.dropCache();
  const fetched = () => gateway.metric('cess_s3_node_fetched_bytes_total{kind="fragment"}');
  const before = await fetched();
  await readRaw(
    port,
    [request(port, { Range: `bytes=${FRAGMENT_SIZE + RANGE}-${FRAGMENT_SIZE + 2 * RANGE - 1}` })],
    RANGE,
  );
  return (await fetched()) - before;
}

function request(port: number, more: Readonly<Record<string, string>>): Buffer {
  return rawRequest("GET", PATH, `127.0.0.1:${port}`, more);
}

async function startWorld(folder: string, network: DevNetworkThread): Promise<World> {
  const path = join(folder, "gateway.yaml");
  const { accessKeyId, secretAccessKey } = BENCH_KEY;
  writeFileSync(
    path,
    JSON.stringify({
      chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: 1000 },
      accounts: network.users.slice(0, 1).map((user) => ({ ...user, accessKeyId, secretAccessKey })),
      dataDir: join(folder, "gateway"),
      allowPrivateNodes: true,
      encryption: { default: "none" },
      logLevel: "warn",
    }),
  );
  mkdirSync(join(folder, "gateway"));
  const gateway = await GatewayProcess.start(["serve", "--config", path], {});
  return {
    gateway,
    client: gateway.client(accessKeyId, secretAccessKey),
    port: Number(new URL(gateway.endpoint).port),
  };
}

/**
 * An object of 1 GiB on a network of 14 storage nodes on this machine: what the gateway's disk writes for it until it
 * is stored, and how it is read back when nothing of it is cached. About a minute. Needs 5 GiB of disk, and Linux.
 */
export async function benchNetwork(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-bench-"));
  const network = await DevNetworkThread.start({
    folder: join(folder, "network"),
    nodes: 14,
    blockMs: 1000,
    spec: 133,
  });
  let world: World | undefined;
  try {
    world = await startWorld(folder, network);
    const { client, gateway } = world;
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const before = transfers(gateway.pid);
    await upload(client);
    await untilStored(client, BUCKET, KEY, STORED_WITHIN_MS);
    const after = transfers(gateway.pid);
    const hashing = hashSpeed(randomFillSync(Buffer.allocUnsafe(256 * MIB)));
    const cold = await coldReads(world);
    return [
      {
        what: "disk writes of a 1 GiB upload until stored",
        ours: { value: (after.written - before.written) / MIB, unit: "MiB" },
        reference: { what: "the object", value: SIZE / MIB, unit: "MiB" },
        wanted: { atMost: 1.1 },
      },
      {
        what: "disk reads of the same",
        ours: { value: (after.read - before.read) / MIB, unit: "MiB" },
        reference: { what: "the object", value: SIZE / MIB, unit: "MiB" },
      },
      {
        what: "staged bytes read to make its hashes and 12 fragments",
        ours: { value: (after.asked - before.asked - SIZE) / MIB, unit: "MiB" },
        reference: { what: "the object", value: SIZE / MIB, unit: "MiB" },
      },
      {
        what: "cold GET of 1 GiB from 14 local nodes",
        ours: { value: cold.speed, unit: "MiB/s" },
        reference: { what: "SHA-256 on one core", value: hashing, unit: "MiB/s" },
      },
      {
        what: "… processors busy, with nodes and client on them",
        ours: { value: cold.busy * 100, unit: "%" },
        reference: { what: "all of them", value: 100, unit: "%" },
      },
      {
        what: "cold GET of a range of 1 MiB: fetched",
        ours: { value: (await fetchedForRange(world)) / MIB, unit: "MiB" },
        reference: { what: "one fragment", value: FRAGMENT_SIZE / MIB, unit: "MiB" },
        wanted: { atMost: 1 },
      },
    ];
  } finally {
    await world?.gateway.end();
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
