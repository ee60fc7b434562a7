import { once } from "node:events";
import { Session, type Profiler } from "node:inspector/promises";
import type { AddressInfo } from "node:net";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { JsonFileStore } from "../../src/cli/json-file-store.js";
import { letHeapGrow } from "../../src/cli/processes/heap-growth.js";
import { findStaging } from "../../src/cli/gateway/staging.js";
import { settingsSchema } from "../../src/config/config.js";
import { stagingSchema } from "../../src/config/staging.js";
import { TieredCache } from "../../src/cache/tiered-cache.js";
import { openPostgresCatalog } from "../../src/catalog/postgres/postgres-catalog.js";
import type { PostgresSettings } from "../../src/catalog/postgres/postgres-store.js";
import { openSqliteCatalog } from "../../src/catalog/sqlite/sqlite-catalog.js";
import { ThreadEncoder } from "../../src/encoding/thread-encoder.js";
import { CessGateway } from "../../src/gateway/cess-gateway.js";
import type { MultipartEtag } from "../../src/gateway/uploads/uploads.js";
import { DigestThreads } from "../../src/gateway/ingest/digest-threads.js";
import { PLAIN } from "../../src/model/file.js";
import { DATA_FRAGMENTS, GIB, MIB } from "../../src/model/sizes.js";
import { systemClock } from "../../src/async/system-clock.js";
import { cutSegments } from "../../src/preprocessing/segment-slices.js";
import { ResumablePreprocessing } from "../../src/preprocessing/resumable-preprocessing.js";
import { PersistentNodeRegistry } from "../../src/network/nodes/persistent-node-registry.js";
import { NetworkRetrieval } from "../../src/retrieval/network-retrieval.js";
import { createS3App } from "../../src/s3/app.js";
import { MemoryChain } from "../support/memory-chain.js";
import { MemoryNodes } from "../support/memory-nodes.js";
import { BENCH_KEY } from "./bench-client.js";
import { fillCatalog } from "./fill-catalog.js";
import type { Command, Usage } from "./gateway-under-test.js";
import { testKeys } from "../support/test-keys.js";

/**
 * The gateway as it is served, but with nothing in the background: no chain to talk to and no fragments to send, so
 * that what is measured is the request. Listens on loopback, obeys commands over IPC, ends with its parent.
 */
const folder = process.argv[2] ?? "";
const clock = systemClock;
const key = BENCH_KEY;
letHeapGrow();
const chain = new MemoryChain();
chain.addTerritory(key.account.cessAccount, key.account.territory, BigInt(4096 * GIB));

const catalogPath = join(folder, "catalog.sqlite");
const staging = stagingSchema.parse(JSON.parse(process.argv[5] ?? "{}"));
// Settings of a database, where the catalog is to be in one.
const database = process.argv[7] === undefined ? undefined : (JSON.parse(process.argv[7]) as PostgresSettings);
const catalog = database
  ? await openPostgresCatalog({ clock, sealer: testKeys }, database)
  : await openSqliteCatalog({ clock, sealer: testKeys }, { path: catalogPath });
const found = await findStaging({ dataDir: folder, reserveBytes: 0, staging }, catalog);
const blobs = await found.open({ several: false });
const encoder = new ThreadEncoder();
const preprocessing = new ResumablePreprocessing({ catalog, blobs, encoder });
const cache = new TieredCache(
  { verify: (bytes, hash) => encoder.verify(bytes, hash) },
  { folder: join(folder, "cache"), memoryBytes: Number(process.argv[3]), diskBytes: 10 * GIB },
);
const registry = await PersistentNodeRegistry.open({
  chain,
  clock,
  store: new JsonFileStore({ folder: join(folder, "state") }),
});
const retrieval = new NetworkRetrieval({ chain, nodes: new MemoryNodes(chain, 14), registry, cache, encoder, clock });
const digests = new DigestThreads();
const gateway = new CessGateway(
  { digests, keys: testKeys, catalog, blobs, preprocessing, chain, clock, retrieval },
  {
    multipartEtag: process.argv[4] as MultipartEtag,
    packing: {
      maxObjectBytes: process.argv[6] === "packs" ? settingsSchema.shape.packing.parse({}).maxObjectBytes : 0,
    },
  },
);
const server = createS3App({
  gateway,
  clock,
  credentials: { lookup: (id) => Promise.resolve(id === key.accessKeyId ? key : undefined) },
  logger: { error: (fields) => console.error(fields) },
});
server.listen(0, "127.0.0.1");
await once(server, "listening");

/** Lets an object leave staging for the fragment cache, as if it had been stored and read once. */
async function store(bucket: string, name: string): Promise<void> {
  const version = await catalog.objects.get(bucket, name);
  if (!version) throw new Error(`no object ${name}`);
  const staged = await catalog.objects.blobs(version.id);
  const files = await preprocessing.files(version.id, staged, {
    format: PLAIN,
    territory: key.account.territory,
    priority: "background",
  });
  for (const { segments, blobs: slices } of files) {
    for (const [index, segment] of cutSegments(slices, PLAIN).entries()) {
      const data = segments[index]?.fragments.slice(0, DATA_FRAGMENTS) ?? [];
      const wanted = data.map((hash, fragment) => ({ index: fragment, hash }));
      const made = await blobs.withLocal(segment, (content) => encoder.fragments(content, PLAIN, wanted));
      for (const [n, bytes] of made.entries()) if (bytes) await cache.set(data[n]!, bytes);
    }
  }
  await blobs.remove((await catalog.objects.attach(version.id, files, preprocessing.root(files))).orphans);
  for (const { file } of await catalog.objects.extents(version.id)) {
    await catalog.files.advance(file, "declared", 0);
    await blobs.remove((await catalog.files.stored(file)).orphans);
  }
}

let enough = new AbortController();

/** Twice as many segments at once as there are cores, so that some always wait. */
async function code(bucket: string, name: string): Promise<void> {
  const version = await catalog.objects.get(bucket, name);
  const segments = version ? cutSegments(await catalog.objects.blobs(version.id), PLAIN) : [];
  if (segments.length === 0) throw new Error(`no object ${name}`);
  enough = new AbortController();
  const { signal } = enough;
  for (let lane = 0; lane < 2 * availableParallelism(); lane++)
    void (async () => {
      for (let n = lane; !signal.aborted; n++)
        await blobs.withLocal(segments[n % segments.length] ?? [], (content) =>
          encoder.hashSegment(content, PLAIN, { priority: "background" }),
        );
    })();
}

let cpuSince = process.cpuUsage();

const inspector = new Session();
inspector.connect();

/** Of this thread alone, a sample each ms: more of them cost more than what is measured. */
async function profile(on: boolean): Promise<Profiler.Profile | undefined> {
  if (!on) return (await inspector.post("Profiler.stop")).profile;
  await inspector.post("Profiler.enable");
  await inspector.post("Profiler.setSamplingInterval", { interval: 1000 });
  await inspector.post("Profiler.start");
  return undefined;
}

async function obey(command: Command): Promise<Usage | Profiler.Profile | undefined> {
  switch (command.name) {
    case "code":
      if (command.on) await code(command.bucket, command.key);
      else enough.abort();
      return undefined;
    case "profile":
      return profile(command.on);
    case "store":
      await store(command.bucket, command.key);
      return undefined;
    case "fill":
      fillCatalog(catalogPath, command.bucket, key.account.id, command.count, command.perPrefix);
      return undefined;
    case "usage": {
      const { user, system } = process.cpuUsage(cpuSince);
      cpuSince = process.cpuUsage();
      return { cpuMs: (user + system) / 1000, rssMib: process.memoryUsage.rss() / MIB };
    }
  }
}

process.on("message", ({ id, command }: { id: number; command: Command }) => {
  obey(command).then(
    (result) => process.send?.({ id, result }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
process.on("disconnect", () => process.exit());
process.send?.({ port: (server.address() as AddressInfo).port });
