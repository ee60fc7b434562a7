import { expect } from "chai";
import { join } from "node:path";
import { TieredCache } from "../../../../src/cache/tiered-cache.js";
import { segmentContent } from "../../../../src/distribution/content.js";
import type { ReadRequest } from "../../../../src/gateway/gateway.js";
import type { CustomerKey, EncryptionRequest } from "../../../../src/model/encryption.js";
import { PLAIN } from "../../../../src/model/file.js";
import type { ObjectVersion } from "../../../../src/model/object.js";
import { DATA_FRAGMENTS, MIB } from "../../../../src/model/sizes.js";
import { MeasuredNodes } from "../../../../src/network/nodes/measured-nodes.js";
import { PersistentNodeRegistry } from "../../../../src/network/nodes/persistent-node-registry.js";
import { NetworkRetrieval } from "../../../../src/retrieval/network-retrieval.js";
import { systemClock } from "../../../../src/async/system-clock.js";
import type { AskingGateway } from "../../../support/asking-gateway.js";
import { collect } from "../../../support/collect.js";
import { alice, as, body, TestGateway, plainly, type TestGatewaySettings } from "../../../support/test-gateway.js";
import { MemoryNetwork } from "../../retrieval/memory-network.js";

export const AES: EncryptionRequest = { algorithm: "AES256" };
export const customerKey = (fill: number): CustomerKey => ({ key: Buffer.alloc(32, fill), md5: "" });
export const withKey = (customer: CustomerKey): EncryptionRequest => ({ algorithm: "customer", customer });

/** For the tests of one `describe`: a gateway that `build` makes, with a bucket `vault` and a network behind it. */
export function useEncryptedObjects() {
  let fixture: TestGateway;
  let network: MemoryNetwork;
  let cache: TieredCache;
  let gateway: AskingGateway;
  let retrieval: NetworkRetrieval;
  const at = (key: string) => ({ bucket: "vault", key });

  async function build(settings: TestGatewaySettings = {}): Promise<void> {
    fixture = await TestGateway.build(settings);
    network = new MemoryNetwork(fixture.encoder);
    const { encoder } = fixture;
    cache = new TieredCache(
      { verify: (bytes, hash) => encoder.verify(bytes, hash) },
      { folder: join(fixture.folder, "cache"), memoryBytes: 256 * MIB, diskBytes: 0 },
    );
    const registry = PersistentNodeRegistry.inMemory({ chain: network.chain, clock: systemClock });
    const nodes = new MeasuredNodes({ nodes: network.nodes, registry, clock: systemClock });
    // On a busy machine any node is slow for a moment.
    retrieval = new NetworkRetrieval(
      { chain: network.chain, nodes, registry, cache, encoder, clock: systemClock },
      { minHedgeMs: 100_000, maxHedgeMs: 100_000 },
    );
    gateway = fixture.gatewayWith({ retrieval }, settings);
    await gateway.buckets.create(as(alice), "vault");
  }
  afterEach(async () => {
    await cache.close();
    await fixture.close();
  });

  const put = (key: string, bytes: Buffer, encryption?: EncryptionRequest) =>
    gateway.objects.put(as(alice), at(key), body(bytes), { ...plainly, ...(encryption ? { encryption } : {}) });
  const get = async (key: string, request: Partial<ReadRequest> = {}, of = gateway) =>
    collect((await of.objects.get(as(alice), at(key), { preconditions: {}, ...request })).body);

  /** What the jobs do: afterwards the bytes are on storage nodes alone. */
  async function store({ id }: Pick<ObjectVersion, "id">): Promise<void> {
    const { catalog, blobs, preprocessing } = fixture;
    const staged = await catalog.objects.blobs(id);
    const job = (await catalog.jobs.lease(["encode"], 100, 0)).find(({ subject }) => subject === id);
    if (job) {
      const files = await preprocessing.files(id, staged, {
        format: job.format ?? PLAIN,
        territory: alice.territory,
        priority: "background",
      });
      await blobs.remove((await catalog.objects.attach(id, files, preprocessing.root(files))).orphans);
    }
    for (const { file } of await catalog.objects.extents(id)) {
      const row = (await catalog.files.get(file))!;
      if (row.state === "stored") continue;
      await network.keep(
        row,
        row.segments.map((_, index) => segmentContent(row, index, blobs)),
        0,
        DATA_FRAGMENTS,
      );
      await catalog.files.advance(file, "declared", 0);
      await blobs.remove((await catalog.files.stored(file)).orphans);
    }
    expect(await catalog.objects.blobs(id)).to.deep.equal([]);
  }

  const isEncrypted = (bytes: Buffer) => {
    for (const fragment of network.nodes.stored())
      expect(Buffer.from(fragment).includes(bytes.subarray(0, 32)), "a node holds the plaintext").to.equal(false);
  };

  return {
    at,
    build,
    put,
    get,
    store,
    isEncrypted,
    get fixture(): TestGateway {
      return fixture;
    },
    get network(): MemoryNetwork {
      return network;
    },
    get cache(): TieredCache {
      return cache;
    },
    get retrieval(): NetworkRetrieval {
      return retrieval;
    },
    get gateway(): AskingGateway {
      return gateway;
    },
    set gateway(other: AskingGateway) {
      gateway = other;
    },
  };
}
