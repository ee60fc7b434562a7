import { expect } from "chai";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { get as httpGet, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TieredCache } from "../../../src/cache/tiered-cache.js";
import type { ByteStream } from "../../../src/streams/byte-stream.js";
import { PLAIN, type DataKey, type SegmentFormat } from "../../../src/model/file.js";
import type { Fid } from "../../../src/model/hash.js";
import { DomainError } from "../../../src/model/errors.js";
import { FRAGMENT_SIZE } from "../../../src/model/sizes.js";
import { FileMetadata } from "../../../src/peers/file-metadata.js";
import type { HttpListenerSettings } from "../../../src/peers/http-listener.js";
import { PeerServer } from "../../../src/peers/peer-server.js";
import { SharedFiles } from "../../../src/peers/shared-files.js";
import type { FileRange, Reach, Retrieval } from "../../../src/retrieval/retrieval.js";
import { alice, as, body, bytesOf, TestGateway, plainly } from "../../support/test-gateway.js";
import { eventually } from "../../support/eventually.js";

interface Envelope {
  readonly code: number;
  readonly msg: string;
  readonly data: unknown;
}

describe("PeerServer", () => {
  const content = bytesOf(300_000, 7);
  const servers: PeerServer[] = [];
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-peers-"));
  let fixture: TestGateway;
  let cache: TieredCache;
  /** Staged, and in the network alone. */
  let staged: Fid;
  let stored: Fid;
  let base: string;

  before(async () => {
    fixture = await TestGateway.build();
    cache = new TieredCache({ verify: (bytes, hash) => fixture.encoder.verify(bytes, hash) }, { folder, diskBytes: 0 });
    await fixture.gateway.buckets.create(as(alice), "bucket");
    staged = await encoded("staged", content);
    stored = await encoded("stored", Buffer.concat([content, content]));
    const version = (await fixture.catalog.objects.get("bucket", "stored"))!;
    await fixture.store(version);
    base = await serve();
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.close()));
    await cache.close();
    await fixture.close();
    rmSync(folder, { recursive: true });
  });

  /** An object whose FID is known, its bytes still staged. */
  async function encoded(key: string, bytes: Buffer, format: SegmentFormat = PLAIN): Promise<Fid> {
    const { id } = await fixture.gateway.objects.put(as(alice), { bucket: "bucket", key }, body(bytes), plainly);
    const blobs = await fixture.catalog.objects.blobs(id);
    const files = await fixture.preprocessing.files(id, blobs, {
      format,
      territory: alice.territory,
      priority: "background",
    });
    await fixture.catalog.objects.attach(id, files, fixture.preprocessing.root(files));
    const [extent] = (await fixture.catalog.objects.byId(id))!.extents;
    return extent!.fid;
  }

  /** The network, but nothing of it is cached here. */
  class Uncached implements Retrieval {
    readonly reaches: Reach[] = [];
    open(files: readonly FileRange[], _signal?: AbortSignal, reach: Reach = "peers"): Promise<ByteStream> {
      this.reaches.push(reach);
      return reach === "cache"
        ? Promise.reject(new DomainError({ kind: "objectUnavailable" }, "not cached here"))
        : fixture.retrieval.open(files);
    }
  }
  const retrieval = new Uncached();

  async function serve(share: "all" | "none" = "all", settings: Partial<HttpListenerSettings> = {}): Promise<string> {
    const { catalog, blobs, encoder, chain } = fixture;
    const files = new SharedFiles({ catalog, blobs, cache, encoder, retrieval }, { share });
    const metadata = new FileMetadata({ chain, owners: (id) => (id === alice.id ? alice : undefined) });
    const server = new PeerServer(
      { files, metadata, log: { warn: (fields) => expect.fail(JSON.stringify(fields)) } },
      settings,
    );
    servers.push(server);
    return `http://127.0.0.1:${(await server.listen("127.0.0.1", 0)).port}`;
  }

  const get = (path: string, headers: Record<string, string> = {}, at = base) => fetch(`${at}${path}`, { headers });
  const bytes = async (answer: Response) => Buffer.from(await answer.arrayBuffer());
  const envelope = async (answer: Response) => (await answer.json()) as Envelope;

  /** With headers that fetch does not send. */
  async function rawGet(
    path: string,
    headers: Record<string, string>,
  ): Promise<{ answer: IncomingMessage; bytes: Buffer }> {
    const request = httpGet(`${base}${path}`, { headers, agent: false });
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    return { answer, bytes: Buffer.concat((await answer.toArray()) as Buffer[]) };
  }

  it("gives a whole file by its FID, staged or from the network", async () => {
    for (const [fid, wanted] of [
      [staged, content],
      [stored, Buffer.concat([content, content])],
    ] as const) {
      const answer = await get(`/file/download/${fid}`);
      expect(answer.status).to.equal(200);
      expect(answer.headers.get("content-type")).to.equal("application/octet-stream");
      expect(answer.headers.get("content-length")).to.equal(String(wanted.length));
      expect(Buffer.compare(await bytes(answer), wanted)).to.equal(0);
    }
  });

  it("never asks other gateways for what another gateway asks", async () => {
    retrieval.reaches.length = 0;
    await bytes(await get(`/file/download/${stored}`));
    expect(retrieval.reaches).to.deep.equal(["nodes"]);
  });

  it("opens a range by either header, with the type that the extension says", async () => {
    const range = await get(`/file/open/${staged}.mp4`, { Range: "bytes=1000-1999" });
    expect(range.status).to.equal(206);
    expect(range.headers.get("content-range")).to.equal("bytes 1000-1999/300000");
    expect(range.headers.get("content-type")).to.equal("video/mp4");
    expect(Buffer.compare(await bytes(range), content.subarray(1000, 2000))).to.equal(0);
    const cess = await rawGet(`/file/open/${staged}`, { "Content-Range": "bytes=299000-" });
    expect(cess.answer.statusCode).to.equal(206);
    expect(Buffer.compare(cess.bytes, content.subarray(299_000))).to.equal(0);
    const last = await get(`/file/open/${stored}`, { Range: "bytes=-5" });
    expect(Buffer.compare(await bytes(last), content.subarray(-5))).to.equal(0);
  });

  it("refuses a range that is none, or outside the file", async () => {
    for (const range of ["bytes=300000-", "bytes=5-2", "items=0-1", "bytes=0-1,4-5"]) {
      const answer = await get(`/file/open/${staged}`, { Range: range });
      expect(answer.status, range).to.equal(416);
      expect((await envelope(answer)).code, range).to.equal(416);
    }
  });

  it("gives what is here and nothing else to those who say only-if-cached", async () => {
    const here = await get(`/file/open/${staged}`, { "Cache-Control": "only-if-cached", Range: "bytes=0-9" });
    expect(here.status).to.equal(206);
    await bytes(here);
    const elsewhere = await get(`/file/open/${stored}`, {
      "Cache-Control": "no-transform, only-if-cached",
      Range: "bytes=0-9",
    });
    expect(elsewhere.status).to.equal(504);
    expect((await envelope(elsewhere)).code).to.equal(504);
  });

  it("answers metadata in the protocol's envelope: from the chain, else from its own books", async () => {
    fixture.chain.set(({ files }) => {
      files.set(stored, {
        fid: stored,
        size: 600_000,
        segments: [],
        owners: [{ account: alice.cessAccount, territory: "home", fileName: "opaque" }],
      });
    });
    const known = await get(`/file/metadata/${stored}`);
    expect(known.status).to.equal(200);
    expect(await envelope(known)).to.deep.equal({
      code: 200,
      msg: "ok",
      data: { fid: stored, size: 600_000, owner: [{ user: alice.cessAccount, file_name: "opaque" }] },
    });
    expect((await envelope(await get(`/file/metadata/${staged}`))).data).to.deep.equal({
      fid: staged,
      size: 300_000,
      owner: [{ user: alice.cessAccount, file_name: "" }],
    });
    const unknown = await get(`/file/metadata/${"0".repeat(64)}`);
    expect(unknown.status).to.equal(200);
    expect(await envelope(unknown)).to.deep.equal({ code: 404, msg: "Not found", data: null });
  });

  it("gives any fragment of a staged segment, and a cached one of another", async () => {
    const { segments } = (await fixture.catalog.files.withFid(staged))[0]!;
    for (const index of [0, 7, 11]) {
      const hash = segments[0]!.fragments[index]!;
      const answer = await get(`/fragment/download?fid=${staged}&fragment=${hash}`);
      expect(answer.status).to.equal(200);
      expect(
        createHash("sha256")
          .update(await bytes(answer))
          .digest("hex"),
      ).to.equal(hash);
    }
    const fragment = (await fixture.catalog.files.withFid(stored))[0]!.segments[0]!.fragments[0]!;
    const path = `/fragment/download?fid=${stored}&fragment=${fragment}`;
    expect((await get(path)).status).to.equal(404);
    const whole = Buffer.alloc(FRAGMENT_SIZE);
    Buffer.concat([content, content]).copy(whole);
    await cache.set(fragment, whole);
    expect(Buffer.compare(await bytes(await get(path)), whole)).to.equal(0);
  });

  it("gives an encrypted file in clear to none but who brings its cipher", async () => {
    const secret = await encoded("secret", content, { name: "cess-cbc", cipher: "open sesame" });
    expect((await get(`/file/download/${secret}`)).status).to.equal(403);
    expect((await get(`/file/download/${secret}`, { Cipher: "open" })).status).to.equal(403);
    expect(
      Buffer.compare(await bytes(await get(`/file/download/${secret}`, { Cipher: "open sesame" })), content),
    ).to.equal(0);
  });

  it("gives what server-side encryption covers in clear to nobody, its fragments to everybody", async () => {
    const sealed = await encoded("sealed", content, { name: "aes-256-gcm", key: "ab".repeat(32) as DataKey, first: 0 });
    for (const headers of [{}, { Cipher: "" }, { Cipher: "ab".repeat(32) }]) {
      for (const verb of ["download", "open"])
        expect((await get(`/file/${verb}/${sealed}`, headers)).status).to.equal(403);
    }
    const fragment = (await fixture.catalog.files.withFid(sealed))[0]!.segments[0]!.fragments[0]!;
    const given = await bytes(await get(`/fragment/download?fid=${sealed}&fragment=${fragment}`));
    expect(createHash("sha256").update(given).digest("hex")).to.equal(fragment);
    expect(given.includes(content.subarray(0, 64))).to.equal(false);
  });

  it("lets no file out when told so", async () => {
    const closed = await serve("none");
    for (const path of [`/file/download/${staged}`, `/file/open/${staged}`])
      expect((await get(path, {}, closed)).status).to.equal(404);
    expect((await envelope(await get(`/file/metadata/${staged}`, {}, closed))).code).to.equal(404);
  });

  it("refuses what is no FID, no path of its own and no reading", async () => {
    expect((await get("/file/download/abc")).status).to.equal(400);
    expect((await get(`/file/open/${staged.toUpperCase()}`)).status).to.equal(400);
    expect((await get("/file/elsewhere/abc")).status).to.equal(404);
    expect((await get(`/file/download/${staged}/more`)).status).to.equal(404);
    expect((await get("//")).status).to.equal(404);
    expect((await get(`/fragment/download?fid=${staged}`)).status).to.equal(400);
    expect((await fetch(`${base}/file`, { method: "PUT", body: "x" })).status).to.equal(405);
  });

  it("answers HEAD with the head of GET", async () => {
    const answer = await fetch(`${base}/file/download/${staged}`, { method: "HEAD" });
    expect(answer.headers.get("content-length")).to.equal("300000");
    expect(await bytes(answer)).to.have.length(0);
  });

  it("answers busy when too many are served, and serves again after", async () => {
    const narrow = await serve("all", { requests: 1 });
    let answers: (() => void) | undefined;
    const find = fixture.catalog.files.withFid.bind(fixture.catalog.files);
    fixture.catalog.files.withFid = async (fid) => {
      await new Promise<void>((resolve) => (answers = resolve));
      return find(fid);
    };
    try {
      const first = get(`/file/download/${staged}`, {}, narrow);
      while (!answers) await new Promise((resolve) => setTimeout(resolve, 5));
      const second = await get(`/file/download/${staged}`, {}, narrow);
      expect(second.status).to.equal(503);
      await second.arrayBuffer();
      answers();
      expect(await bytes(await first)).to.have.length(300_000);
    } finally {
      fixture.catalog.files.withFid = find;
    }
    await eventually("it serves again", async () => (await get(`/file/download/${staged}`, {}, narrow)).status === 200);
  });

  it("lets go of the staged bytes of a reader that left", async () => {
    const unpinned = await fixture.blobIds();
    const request = httpGet(`${base}/file/download/${staged}`, { agent: false });
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    answer.destroy();
    await eventually("nothing is pinned any more", async () => (await fixture.blobIds()).length === unpinned.length);
    expect(await fixture.blobIds()).to.have.members(unpinned);
  });
});
