import { expect } from "chai";
import { join } from "node:path";
import { systemClock } from "../../src/async/system-clock.js";
import { TieredCache } from "../../src/cache/tiered-cache.js";
import { withSegment } from "../../src/distribution/content.js";
import type { ReadRequest } from "../../src/gateway/gateway.js";
import type { Keys } from "../../src/keys/keys.js";
import type { CustomerKey, EncryptionRequest } from "../../src/model/encryption.js";
import type { ObjectVersion } from "../../src/model/object.js";
import { CHUNK_CONTENT, DATA_FRAGMENTS, MIB } from "../../src/model/sizes.js";
import { MeasuredNodes } from "../../src/network/nodes/measured-nodes.js";
import { PersistentNodeRegistry } from "../../src/network/nodes/persistent-node-registry.js";
import { NetworkRetrieval } from "../../src/retrieval/network-retrieval.js";
import { MemoryNetwork } from "../unit/retrieval/memory-network.js";
import type { AskingGateway } from "./asking-gateway.js";
import { collect } from "./collect.js";
import { alice, as, body, plainly, TestGateway, type TestGatewaySettings } from "./test-gateway.js";

/** Bytes of content in a sealed segment. */
export const CAPACITY = 512 * CHUNK_CONTENT;
export const AES: EncryptionRequest = { algorithm: "AES256" };
export const customerKey = (fill: number): CustomerKey => ({ key: Buffer.alloc(32, fill), md5: "" });
export const withKey = (customer: CustomerKey): EncryptionRequest => ({ algorithm: "customer", customer });

/** An object of the bucket `vault`. */
export const at = (key: string) => ({ bucket: "vault", key });

/** A gateway with alice's bucket `vault`, whose stored objects are on storage nodes in memory, coded as on the real ones. */
export class EncryptedVault {
  private constructor(
    readonly fixture: TestGateway,
    readonly network: MemoryNetwork,
    readonly cache: TieredCache,
    readonly retrieval: NetworkRetrieval,
    readonly gateway: AskingGateway,
  ) {}

  /** With the keys of the tests unless others are given. */
  static async build(settings: TestGatewaySettings = {}, keys?: Keys): Promise<EncryptedVault> {
    const fixture = await TestGateway.build(settings);
    const { encoder } = fixture;
    const network = new MemoryNetwork(encoder);
    const cache = new TieredCache(
      { verify: (bytes, hash) => encoder.verify(bytes, hash) },
      { folder: join(fixture.folder, "cache"), memoryBytes: 256 * MIB, diskBytes: 0 },
    );
    const registry = PersistentNodeRegistry.inMemory({ chain: network.chain, clock: systemClock });
    const nodes = new MeasuredNodes({ nodes: network.nodes, registry, clock: systemClock });
    // On a busy machine any node is slow for a moment.
    const retrieval = new NetworkRetrieval(
      { chain: network.chain, nodes, registry, cache, encoder, clock: systemClock },
      { minHedgeMs: 100_000, maxHedgeMs: 100_000 },
    );
    const gateway = fixture.gatewayWith({ retrieval, ...(keys ? { keys } : {}) }, settings);
    await gateway.buckets.create(as(alice), "vault");
    return new EncryptedVault(fixture, network, cache, retrieval, gateway);
  }

  /** The same gateway with other keys. */
  gatewayWith(keys: Keys): AskingGateway {
    return this.fixture.gatewayWith({ retrieval: this.retrieval, keys });
  }

  async close(): Promise<void> {
    await this.cache.close();
    await this.fixture.close();
  }

  put(key: string, bytes: Buffer, encryption?: EncryptionRequest): Promise<ObjectVersion> {
    return this.gateway.objects.put(as(alice), at(key), body(bytes), {
      ...plainly,
      ...(encryption ? { encryption } : {}),
    });
  }

  async get(key: string, request: Partial<ReadRequest> = {}, by = this.gateway): Promise<Buffer> {
    return collect((await by.objects.get(as(alice), at(key), { preconditions: {}, ...request })).body);
  }

  /** What the jobs do: afterwards the bytes are on storage nodes alone. */
  async store({ id, owner }: Pick<ObjectVersion, "id" | "owner">): Promise<void> {
    const { catalog, blobs } = this.fixture;
    await this.fixture.encode({ id, owner });
    for (const { file } of await catalog.objects.extents(id)) {
      const row = (await catalog.files.get(file))!;
      if (row.state === "stored") continue;
      await this.network.keep(
        row,
        await Promise.all(
          row.segments.map((_, index) => withSegment(row, index, blobs, (content) => Promise.resolve([...content]))),
        ),
        0,
        DATA_FRAGMENTS,
      );
      await catalog.files.advance(file, "declared", 0);
      await blobs.remove((await catalog.files.stored(file)).orphans);
    }
    expect(await catalog.objects.blobs(id)).to.deep.equal([]);
  }

  /** No storage node has the beginning of these bytes in clear. */
  expectEncrypted(bytes: Buffer): void {
    for (const fragment of this.network.nodes.stored())
      expect(Buffer.from(fragment).includes(bytes.subarray(0, 32)), "a node holds the plaintext").to.equal(false);
  }
}
