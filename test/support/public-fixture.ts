import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { TieredCache } from "../../src/cache/tiered-cache.js";
import { digestFile } from "../../src/encoding/file-digest.js";
import type { CessAccount } from "../../src/model/account.js";
import { PLAIN, type SegmentFormat } from "../../src/model/file.js";
import type { Fid } from "../../src/model/hash.js";
import { PUBLIC_TAG } from "../../src/model/sharing.js";
import { FRAGMENT_SIZE, SEGMENT_SIZE } from "../../src/model/sizes.js";
import type { ChainFile } from "../../src/network/chain/chain.js";
import { FileMetadata } from "../../src/peers/file-metadata.js";
import { NodeStatus } from "../../src/peers/node-status.js";
import { PublicFiles, type PublicPolicy } from "../../src/peers/public-files.js";
import {
  PublicServer,
  type PublicRoute,
  type PublicServerComponents,
  type PublicServerSettings,
} from "../../src/peers/public-server.js";
import { SharedFiles } from "../../src/peers/shared-files.js";
import { StrangerLimits, type StrangerLimitsSettings } from "../../src/peers/stranger-limits.js";
import { ChainFiles } from "../../src/retrieval/chain-files.js";
import { ManualClock } from "./manual-clock.js";
import { alice, as, body, plainly, TestGateway, type TestGatewaySettings } from "./test-gateway.js";

export interface Envelope {
  readonly code: number;
  readonly msg: string;
  readonly data: unknown;
}

interface Served {
  readonly policy?: Partial<PublicPolicy>;
  readonly limits?: Partial<StrangerLimitsSettings>;
  readonly settings?: Partial<PublicServerSettings>;
  readonly routes?: readonly PublicRoute[];
  readonly holdersFile?: PublicServerComponents["holdersFile"];
}

export const stranger = "cXstranger" as CessAccount;

/** Public listeners over one gateway, whose bucket `shown` is for everyone and `hidden` is not, and a chain in a map. */
export class PublicFixture {
  readonly clock = new ManualClock();
  /** What the chain lists. */
  readonly listed = new Map<string, ChainFile>();
  private readonly servers: PublicServer[] = [];

  private constructor(
    readonly gateway: TestGateway,
    readonly cache: TieredCache,
    private readonly folder: string,
  ) {}

  static async open(settings: TestGatewaySettings = {}): Promise<PublicFixture> {
    const folder = mkdtempSync(join(tmpdir(), "cess-s3-public-"));
    const gateway = await TestGateway.build(settings);
    const { encoder } = gateway;
    const cache = new TieredCache({ verify: (bytes, hash) => encoder.verify(bytes, hash) }, { folder, diskBytes: 0 });
    await gateway.gateway.buckets.create(as(alice), "shown", { tags: [{ key: PUBLIC_TAG, value: "yes" }] });
    await gateway.gateway.buckets.create(as(alice), "hidden");
    return new PublicFixture(gateway, cache, folder);
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
    await this.cache.close();
    await this.gateway.close();
    rmSync(this.folder, { recursive: true });
  }

  /** An object whose file is known, its bytes still staged. */
  async encoded(bucket: string, key: string, bytes: Buffer, format: SegmentFormat = PLAIN): Promise<Fid> {
    const { id } = await this.gateway.gateway.objects.put(as(alice), { bucket, key }, body(bytes), plainly);
    const made = await this.gateway.preprocessing.files(id, await this.gateway.catalog.objects.blobs(id), {
      format,
      territory: alice.territory,
      priority: "background",
    });
    await this.gateway.catalog.objects.attach(id, made, this.gateway.preprocessing.root(made));
    return (await this.gateway.catalog.objects.byId(id))!.extents[0]!.fid;
  }

  /** A file of one segment that somebody else's gateway stored. */
  async onChain(bytes: Buffer, owner: CessAccount, fileName: string): Promise<Fid> {
    const path = join(this.gateway.folder, "theirs");
    writeFileSync(path, bytes);
    const { fid, size, segments } = await digestFile(this.gateway.encoder, path, PLAIN);
    const node = "cXnode" as CessAccount;
    this.listed.set(fid, {
      fid,
      size,
      owners: [{ account: owner, territory: "t", fileName }],
      segments: segments.map(({ hash, fragments }) => ({
        hash,
        fragments: fragments.map((fragment) => ({ hash: fragment, node })),
      })),
    });
    this.gateway.retrieval.contents.set(fid, Buffer.concat([bytes], SEGMENT_SIZE));
    return fid;
  }

  private fragment(fid: Fid, segment: number, fragment: number): Uint8Array {
    const start = segment * SEGMENT_SIZE + fragment * FRAGMENT_SIZE;
    return this.gateway.retrieval.contents.get(fid)!.subarray(start, start + FRAGMENT_SIZE);
  }

  async serve({ policy, limits, settings, routes = [], holdersFile }: Served = {}): Promise<string> {
    const { catalog, blobs, encoder, chain, retrieval } = this.gateway;
    const { cache } = this;
    const directory = { file: (fid: Fid) => Promise.resolve(this.listed.get(fid)) };
    const network = new ChainFiles({
      directory: directory as never,
      fragments: { get: ({ file, segment, fragment }) => Promise.resolve(this.fragment(file.fid, segment, fragment)) },
    });
    const metadata = new FileMetadata({ chain, owners: (id) => (id === alice.id ? alice : undefined) });
    const shared = new SharedFiles({ catalog, blobs, cache, encoder, retrieval }, { share: "all" });
    const strangers = new StrangerLimits(this.clock, {
      rate: { perSecond: 0, burst: 1 },
      downloads: 64,
      downloadsPerAddress: 64,
      bytesPerDay: 0,
      ...limits,
    });
    const server = new PublicServer(
      {
        files: new PublicFiles(
          {
            catalog,
            shared,
            metadata,
            cache,
            retrieval,
            network,
            listed: (fid) => network.listed(fid),
            isOurs: (account) => account === alice.cessAccount,
          },
          { policy: "own", files: new Set(), accounts: new Set(), ...policy },
        ),
        limits: strangers,
        log: { warn: (fields) => expect.fail(JSON.stringify(fields)) },
        clientOf: () => "client",
        routes,
        holdersFile,
        status: () =>
          new NodeStatus(
            {
              cache,
              catalog,
              nodes: () => Promise.resolve([{ account: "cXnode" as CessAccount, state: "positive" as const }]),
              downloads: () => strangers.downloads,
            },
            { version: "cess-s3/1", endpoint: "http://gateway.example.com", poolId: "pool" },
          ).read(),
      },
      settings,
    );
    this.servers.push(server);
    return `http://127.0.0.1:${(await server.listen("127.0.0.1", 0)).port}`;
  }
}

export async function bytesFrom(answer: Response): Promise<Buffer> {
  return Buffer.from(await answer.arrayBuffer());
}

export async function envelopeFrom(answer: Response): Promise<Envelope> {
  return (await answer.json()) as Envelope;
}

export async function statusOf(url: string, options?: RequestInit): Promise<number> {
  const answer = await fetch(url, options);
  await answer.arrayBuffer();
  return answer.status;
}
