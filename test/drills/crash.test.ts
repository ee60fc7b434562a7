import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { DevNetwork } from "../../src/devnet/dev-network.js";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";
import { untilStored } from "../support/object-state.js";
import { seededRandom } from "../support/seeded-random.js";

const MIB = 2 ** 20;
const ROUNDS = 20;
/** Of a round: two small objects and an upload of three parts. */
const REQUESTS = 7;
const BUCKET = "crashes";
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Set CRASH_SEED to replay a run. */
const seed = Number(process.env["CRASH_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

describe("a gateway killed with SIGKILL at random moments", function () {
  this.timeout(1_800_000);
  const random = seededRandom(seed);
  /** What was acknowledged: key → SHA-256 of its bytes. */
  const acknowledged = new Map<string, string>();
  /** Requests of this round that were answered. */
  let answers = 0;
  let folder: string;
  let network: DevNetwork;
  let gateway: GatewayProcess;

  const start = () =>
    GatewayProcess.start(["serve", "--config", join(folder, "cess-s3.yaml")], {
      CESS_S3_DATA_DIR: join(folder, "data"),
    });

  before(async () => {
    console.log(`      CRASH_SEED=${seed}`);
    folder = mkdtempSync(join(tmpdir(), "cess-s3-crash-"));
    mkdirSync(join(folder, "data"));
    network = await DevNetwork.start({ folder: join(folder, "network"), nodes: 14, blockMs: 100, spec: 133 });
    writeFileSync(
      join(folder, "cess-s3.yaml"),
      JSON.stringify({
        chain: { endpoints: [network.chainEndpoint], mnemonic: network.gatewayMnemonic, blockMs: 100 },
        accounts: network.users,
        // Crashes must not part objects from their keys either.
        encryption: { default: "AES256" },
        allowPrivateNodes: true,
        reportTimeoutBlocks: 50,
        // Crashes must meet packs in every state.
        packing: { maxAgeSeconds: 1 },
        nodes: { cooldownSeconds: 2, maxCooldownSeconds: 20 },
        logLevel: "warn",
      }),
    );
    gateway = await start();
    await gateway.client().send(new CreateBucketCommand({ Bucket: BUCKET }));
  });
  after(async () => {
    await gateway.end("SIGKILL");
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const bytes = (size: number) => {
    const block = Buffer.alloc(size);
    for (let i = 0; i + 4 <= Math.min(size, 65_536); i += 4) block.writeUInt32LE(Math.floor(random() * 2 ** 32), i);
    return block;
  };

  const answer = <T>(request: Promise<T>): Promise<T> => request.finally(() => (answers += 1));

  async function putSmall(client: S3Client, Key: string): Promise<void> {
    const Body = bytes(1 + Math.floor(random() * MIB));
    await answer(client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body })));
    acknowledged.set(Key, sha256(Body));
  }

  async function putMultipart(client: S3Client, Key: string): Promise<void> {
    const bodies = [bytes(5 * MIB), bytes(5 * MIB), bytes(1000)];
    const { UploadId } = await answer(client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key })));
    const Parts = [];
    for (const [index, Body] of bodies.entries()) {
      const { ETag } = await answer(
        client.send(new UploadPartCommand({ Bucket: BUCKET, Key, UploadId, PartNumber: index + 1, Body })),
      );
      Parts.push({ PartNumber: index + 1, ETag });
    }
    await answer(
      client.send(new CompleteMultipartUploadCommand({ Bucket: BUCKET, Key, UploadId, MultipartUpload: { Parts } })),
    );
    acknowledged.set(Key, sha256(Buffer.concat(bodies)));
  }

  async function check(client: S3Client, keys: Iterable<string>): Promise<void> {
    for (const Key of keys) {
      const digest = acknowledged.get(Key);
      const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
      expect(sha256(await Body!.transformToByteArray()), `${Key} after a crash`).to.equal(digest);
    }
  }

  it(`loses nothing acknowledged in ${ROUNDS} crashes during uploads and distribution`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const client = gateway.client();
      answers = 0;
      const work = [
        putSmall(client, `small-${round}`),
        putSmall(client, `overwritten`),
        putMultipart(client, `multipart-${round}`),
      ];
      let ended = false;
      const outcome = Promise.allSettled(work).then(() => (ended = true));
      // So far by answers, for a busy machine takes longer for each; then a little further, into what follows.
      const wanted = Math.floor(random() * (REQUESTS + 1));
      await eventually(`${wanted} requests are answered`, () => answers >= wanted || ended);
      await new Promise((resolve) => setTimeout(resolve, Math.floor(random() * 300)));
      // An overwrite under way may or may not have happened: either content is right, so the key is not checked then.
      acknowledged.delete("overwritten");
      await gateway.end("SIGKILL");
      await outcome;
      acknowledged.delete("overwritten");
      gateway = await start();
      client.destroy();
      // The round's own objects, and one of an earlier round; the last test reads them all.
      const earlier = [...acknowledged.keys()][Math.floor(random() * acknowledged.size)];
      await check(
        gateway.client(),
        [`small-${round}`, `multipart-${round}`, ...(earlier === undefined ? [] : [earlier])].filter((key) =>
          acknowledged.has(key),
        ),
      );
    }
    expect(acknowledged.size, "some uploads were acknowledged before their crash").to.be.greaterThan(3);
  });

  it("brings every acknowledged object to stored, once nobody kills it", async () => {
    const client = gateway.client();
    for (const key of acknowledged.keys()) await untilStored(client, BUCKET, key, 300_000);
    await check(client, acknowledged.keys());
  });

  it("leaves no job and no staged byte behind", async () => {
    const left = async () => (await gateway.sum("cess_s3_jobs")) + (await gateway.metric("cess_s3_pack_queue_objects"));
    // On a busy machine nodes are late and cool for a while, and each wait for them takes longer.
    await eventually("no job is left", async () => (await left()) === 0, 1_200_000);
    // Metrics of the catalog are a moment old.
    const staged = () =>
      Promise.all([gateway.metric("cess_s3_open_upload_bytes"), gateway.metric("cess_s3_staged_bytes")]);
    await eventually("only open uploads are staged", async () => new Set(await staged()).size === 1);
    const [uploads] = await staged();
    const files = readdirSync(join(folder, "data"), { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile() && entry.parentPath.includes("blobs"),
    );
    expect(files.length === 0 || uploads > 0, "blobs on disk belong to uploads still open").to.equal(true);
  });
});
