import { createHash, randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import { GetObjectCommand, HeadObjectCommand, PutBucketTaggingCommand, type S3Client } from "@aws-sdk/client-s3";
import { Keyring } from "@polkadot/keyring";
import { u8aToHex } from "@polkadot/util";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { expect } from "chai";
import { SEGMENT_SIZE } from "../../src/model/sizes.js";
import { cessS3 } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import type { GatewayProcess } from "../support/gateway-process.js";
import { untilStored } from "../support/object-state.js";
import { reservePort } from "../support/reserved-port.js";
import { ServeFixture } from "../support/serve-fixture.js";

const SIZE = SEGMENT_SIZE + 1_000_000;

interface PeerRow {
  readonly endpoint: string;
  readonly kind?: string;
  readonly given: number;
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("A public gateway, and another that finds it on the chain", function () {
  this.timeout(180_000);
  let on: ServeFixture;
  let first: GatewayProcess;
  let second: GatewayProcess;
  let endpoint: string;
  let token: string;
  let bucket: string;
  let fid: string;
  const content = randomBytes(SIZE);
  /** Of the first gateway. */
  const settings = () => ({
    encryption: { default: "none" },
    public: { listen: endpoint.replace("http://", ""), endpoint, register: true },
    sdk: { enabled: true, public: false },
  });

  const read = async (client: S3Client, Bucket: string, Key: string) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.concat((await (Body as Readable).toArray()) as Buffer[]);
  };
  const peers = async () => (await (await fetch(`${second.admin}/peers`)).json()) as PeerRow[];
  const download = (path: string, headers: Record<string, string> = {}) => fetch(`${endpoint}/${path}`, { headers });

  before(async () => {
    await cryptoWaitReady();
    on = await ServeFixture.start();
    endpoint = `http://127.0.0.1:${await reservePort()}`;
    first = await on.serve("first", { more: settings() });
    // With an account of its own: that of the first would find itself on the list. It only reads, so it needs no tokens.
    second = await on.serve("second", {
      unready: true,
      more: {
        chain: { endpoints: [on.network.chainEndpoint], mnemonic: "//Second", blockMs: 200 },
        accounts: on.network.users.map((user) => ({ ...user, readsNetwork: true })),
        peers: { fromChain: true },
      },
    });
  });
  after(() => on.end());

  it("takes a file by the API of the CESS SDKs, from who signs with an account's key", async () => {
    const pair = new Keyring({ type: "sr25519", ss58Format: 11_330 }).addFromUri(
      "bottom drive obey lake curtain smoke basket hold race lonely fit walk//CessDev",
    );
    const message = String(Math.floor(Date.now() / 1000));
    const digest = createHash("sha256").update(message).digest();
    const signed = Buffer.concat([Buffer.from("<Bytes>"), digest, Buffer.from("</Bytes>")]);
    const sign = u8aToHex(pair.sign(signed)).slice(2);
    const answer = await fetch(`${endpoint}/gateway/gentoken`, {
      method: "POST",
      body: new URLSearchParams({ account: pair.address, message, sign }),
    });
    expect(answer.status).to.equal(200);
    token = `Bearer ${((await answer.json()) as { data: string }).data}`;

    const request = await fetch(`${endpoint}/gateway/upload/batch/request`, {
      method: "POST",
      headers: { token },
      body: JSON.stringify({ file_name: "movie.mp4", territory: "cessdev", total_size: SIZE }),
    });
    const { data: hash } = (await request.json()) as { data: string };
    const chunk = async (start: number, end: number) => {
      const form = new FormData();
      form.append("file", new Blob([content.subarray(start, end)]), "part");
      const headers = { token, hash, Range: `bytes=${start}-${end}` };
      const options: RequestInit = { method: "POST", headers, body: form, redirect: "manual" };
      const taken = await fetch(`${endpoint}/gateway/upload/batch/file`, options);
      return { status: taken.status, ...((await taken.json()) as { data: { fid: string; chunk_end: number } }) };
    };
    const begun = await chunk(0, SEGMENT_SIZE);
    expect([begun.status, begun.data.chunk_end]).to.deep.equal([308, SEGMENT_SIZE]);
    const done = await chunk(SEGMENT_SIZE, SIZE);
    expect(done.status).to.equal(200);
    fid = done.data.fid;
    expect(fid).to.match(/^[0-9a-f]{64}$/);
    const whole = await download(`gateway/download/${fid}`, { token });
    expect(sha256(new Uint8Array(await whole.arrayBuffer()))).to.equal(sha256(content));
    bucket = `cess-sdk-${u8aToHex(pair.publicKey).slice(2, 18)}`;
    const head = await first.client().send(new HeadObjectCommand({ Bucket: bucket, Key: "movie.mp4" }));
    expect([head.ContentLength, head.ETag]).to.deep.equal([SIZE, `"${fid}"`]);
  });

  it("gives it to everyone once its bucket says so, and not before", async () => {
    expect((await download(`open/${fid}`)).status).to.equal(404);
    const Tagging = { TagSet: [{ Key: "cess-public", Value: "yes" }] };
    await first.client().send(new PutBucketTaggingCommand({ Bucket: bucket, Tagging }));
    // It is a file of its own once it is encoded. An upload waits for that where buckets are public from the start.
    await eventually("the file is there", async () => (await download(`download/${fid}`)).status === 200);
    const whole = await download(`download/${fid}`);
    expect(sha256(new Uint8Array(await whole.arrayBuffer()))).to.equal(sha256(content));
    const part = await download(`gateway/download/${fid}`, { range: `bytes=${SEGMENT_SIZE - 5}-${SEGMENT_SIZE + 5}` });
    expect(part.headers.get("content-range")).to.equal(`bytes ${SEGMENT_SIZE - 5}-${SEGMENT_SIZE + 5}/${SIZE}`);
    const middle = Buffer.from(await part.arrayBuffer());
    expect(middle.equals(content.subarray(SEGMENT_SIZE - 5, SEGMENT_SIZE + 5))).to.equal(true);
  });

  it("is read by the other gateway, which found it on the chain, while all 14 storage nodes are down", async () => {
    await untilStored(first.client(), bucket, "movie.mp4", 120_000);
    // From now on it is in the first one's cache alone.
    await read(first.client(), bucket, "movie.mp4");
    on.nodesFail("down");
    await eventually("the second gateway reads it from the first", async () => {
      const found = await read(second.client(), "cess", fid).catch(() => undefined);
      return found?.equals(content) === true;
    });
    expect(await second.metric('cess_s3_fragment_reads_total{source="node"}')).to.equal(0);
    const [row] = await peers();
    expect(row).to.include({ endpoint, kind: "cess-s3" });
    expect(row!.given).to.be.greaterThan(3);
    on.nodesFail("none");
  });

  it("is on the chain's list once, and is taken off it by whoever can sign", async () => {
    const register = (...args: string[]) => cessS3(["register", ...args], {});
    const running = await register("--admin", first.admin, "--endpoint", endpoint);
    expect(running.stdout).to.include("nothing to do");
    expect(running.code).to.equal(0);
    const beside = await register("--config", on.config("first", settings()), "--remove");
    expect(beside.stderr, "its admin listener is elsewhere, and it has the data folder").to.match(/cess-s3 serve/);
    expect(beside.code).to.equal(1);
    await first.end();
    const alone = await register("--config", on.config("first", settings()), "--remove");
    expect(alone.stdout).to.match(/oss\.destroy[\s\S]*done, and final on the chain/);
    expect(alone.code, alone.stderr).to.equal(0);
    const again = await register("--config", on.config("first", settings()), "--remove");
    expect(again.stdout).to.include("nothing to do");
  });
});
