import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { expect } from "chai";
import { digestFile } from "../../../src/encoding/file-digest.js";
import { ThreadEncoder } from "../../../src/encoding/thread-encoder.js";
import type { CessAccount } from "../../../src/model/account.js";
import { type CessFile, type DataKey, PLAIN } from "../../../src/model/file.js";
import type { Hash } from "../../../src/model/hash.js";
import { FRAGMENT_SIZE } from "../../../src/model/sizes.js";
import { FileMetadata } from "../../../src/peers/file-metadata.js";
import { GatewayPeers, type GatewayPeersSettings } from "../../../src/peers/gateway-peers.js";
import { PeerServer } from "../../../src/peers/peer-server.js";
import { SharedFiles } from "../../../src/peers/shared-files.js";
import { ManualClock } from "../../support/manual-clock.js";
import { PublicFixture } from "../../support/public-fixture.js";
import { bytesOf } from "../../support/test-gateway.js";
import { TestFolder } from "../encoding/vector-bytes.js";

/** Of the connections, which go by real time. */
const PATIENT = { connectTimeoutMs: 60_000, answerTimeoutMs: 60_000, stallTimeoutMs: 60_000 };

/** A gateway of another program: what it says, in the words of the protocol, and what it was asked. */
interface Other {
  readonly endpoint: string;
  readonly asked: string[];
}

describe("GatewayPeers, of other gateways' kinds", () => {
  const folder = new TestFolder();
  const encoder = new ThreadEncoder({ threads: 1 });
  const content = randomBytes(FRAGMENT_SIZE + 100_000);
  const servers: Server[] = [];
  const opened: GatewayPeers[] = [];
  const clock = new ManualClock();
  const never = new AbortController().signal;
  let file: CessFile;
  let fragments: readonly Hash[];

  before(async () => {
    file = { ...(await digestFile(encoder, folder.write("content", content), PLAIN)), format: PLAIN };
    fragments = file.segments[0]!.fragments;
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((peers) => peers.close()));
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
  after(async () => {
    await encoder.close();
    folder.remove();
  });

  async function other(
    answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
  ): Promise<Other> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      void answer(request, response);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
  }

  const say = (response: ServerResponse, status: number, code: number, data: unknown) =>
    void response
      .writeHead(status, { "content-type": "application/json; charset=utf-8" })
      .end(JSON.stringify({ code, msg: "said", data }));

  /** CD2N's retriever: these fragments are in its buffer. */
  const retriever = (has: ReadonlySet<string>, requests: unknown[] = []) =>
    other(async (request, response) => {
      const url = request.url ?? "";
      if (url === "/status") {
        say(response, 200, 200, { version: "", work_addr: "0x1", is_gateway: true, active_storage_nodes: null });
        return;
      }
      if (url.startsWith("/querydata/")) {
        say(response, 200, 200, has.has(url.slice("/querydata/".length)));
        return;
      }
      if (url === "/cache-fetch" && request.method === "POST") {
        const asked = (await json(request)) as { did: string; extdata: string; user_addr: string };
        requests.push(asked);
        const index = fragments.indexOf(asked.did as Hash);
        if (asked.extdata !== file.fid || asked.user_addr === "" || index < 0) {
          say(response, 500, 500, "no");
          return;
        }
        const whole = Buffer.alloc(FRAGMENT_SIZE);
        content.copy(whole, 0, index * FRAGMENT_SIZE);
        response.writeHead(200, { "content-type": "application/octet-stream" }).end(whole);
        return;
      }
      response.writeHead(404).end("404 page not found");
    });

  /** DeOSS, which has the file, or not. */
  const deoss = (has: boolean) =>
    other((request, response) => {
      const url = request.url ?? "";
      if (url.startsWith("/file/metadata/")) {
        say(response, 200, 403, null);
        return;
      }
      if (url !== `/file/open/${file.fid}`) return void response.writeHead(404).end("404 page not found");
      if (!has) {
        say(response, 200, 404, null);
        return;
      }
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(String(request.headers["content-range"]))!;
      const bytes = content.subarray(Number(first), Number(last) + 1);
      response.writeHead(206, { "content-range": `bytes ${first}-${last}/${content.length}` }).end(bytes);
    });

  function peers(endpoints: readonly string[], settings: Partial<GatewayPeersSettings> = {}): GatewayPeers {
    const made = new GatewayPeers(
      { clock, verify: (bytes, hash) => encoder.verify(bytes, hash) },
      { ...PATIENT, endpoints, ...settings },
    );
    opened.push(made);
    return made;
  }

  const kinds = (from: GatewayPeers) => from.table().map(({ kind }) => kind);

  it("are found out by what each answers, once", async () => {
    const gateway = await PublicFixture.open();
    try {
      const { catalog, blobs, chain, retrieval } = gateway.gateway;
      const files = new SharedFiles({ catalog, blobs, cache: gateway.cache, encoder, retrieval }, { share: "all" });
      const metadata = new FileMetadata({ chain, owners: () => undefined });
      const peerServer = new PeerServer({ files, metadata, log: { warn: () => expect.fail("a warning") } });
      const { port } = await peerServer.listen("127.0.0.1", 0);
      const others = [
        await deoss(true),
        await retriever(new Set()),
        await other((_, response) => void response.end("<html>")),
      ];
      const from = peers([
        await gateway.serve(),
        `http://127.0.0.1:${port}`,
        ...others.map(({ endpoint }) => endpoint),
        "http://127.0.0.1:1",
      ]);
      await from.kindsKnown();
      expect(kinds(from)).to.deep.equal(["cess-s3", "cess-s3", "deoss", "cd2n", undefined, undefined]);
      await from.kindsKnown();
      expect(others.map(({ asked }) => asked.length)).to.deep.equal([2, 1, 2]);
      await from.close();
      await peerServer.close();
    } finally {
      await gateway.close();
    }
  });

  it("decide how a gateway is asked: CD2N's for a fragment, if it says that it has it", async () => {
    const requests: unknown[] = [];
    const cd2n = await retriever(new Set([fragments[1]!]), requests);
    const from = peers([cd2n.endpoint]);
    await from.kindsKnown();
    const got = await from.fragment(file, 0, 1, never);
    const wanted = Buffer.alloc(FRAGMENT_SIZE);
    content.copy(wanted, 0, FRAGMENT_SIZE);
    expect(got && Buffer.compare(got, wanted)).to.equal(0);
    expect(requests).to.have.length(1);
    expect(requests[0]).to.include({ did: fragments[1], extdata: file.fid });
    expect(cd2n.asked.slice(1)).to.deep.equal([`GET /querydata/${fragments[1]}`, "POST /cache-fetch"]);
    expect(from.table()[0]).to.include({ kind: "cd2n", given: 1, missing: 0, failed: 0 });
    expect(await from.fragment(file, 0, 0, never)).to.equal(undefined);
    expect(cd2n.asked.at(-1), "nothing but the question").to.equal(`GET /querydata/${fragments[0]}`);
    expect(from.table()[0]).to.include({ missing: 1, failed: 0 });
  });

  it("decide that fragments of encrypted files are asked of CD2N alone", async () => {
    const [plain, cd2n] = [await deoss(true), await retriever(new Set([fragments[0]!]))];
    const from = peers([plain.endpoint, cd2n.endpoint]);
    await from.kindsKnown();
    const before = plain.asked.length;
    const sealed: CessFile = { ...file, format: { name: "aes-256-gcm", key: "ab".repeat(32) as DataKey, first: 0 } };
    expect(await from.fragment(sealed, 0, 0, never)).to.have.length(FRAGMENT_SIZE);
    expect(plain.asked).to.have.length(before);
  });

  it("decide that DeOSS, which would fetch what it does not have, is asked after the others", async () => {
    const [old, cd2n] = [await deoss(true), await retriever(new Set([fragments[0]!]))];
    const from = peers([old.endpoint, cd2n.endpoint], { asked: 1 });
    await from.kindsKnown();
    expect(await from.fragment(file, 0, 0, never)).to.have.length(FRAGMENT_SIZE);
    expect(old.asked.filter((each) => each.includes("/file/open/"))).to.deep.equal([]);
    // The other one is known to have the file, and then does not.
    expect(await from.fragment(file, 0, 1, never)).to.have.length(FRAGMENT_SIZE);
    expect(old.asked.at(-1)).to.equal(`GET /file/open/${file.fid}`);
  });

  it("is asked for again when a gateway fails: another program may run there", async () => {
    let isRetriever = true;
    const cd2n = await retriever(new Set([fragments[0]!]));
    const changing = await other((request, response) => {
      const target = isRetriever ? cd2n.endpoint : undefined;
      if (target === undefined) return void response.writeHead(404).end();
      response.writeHead(request.url === "/status" ? 200 : 500, { "content-type": "application/json" });
      response.end(JSON.stringify({ code: 200, msg: "", data: { version: "1", is_gateway: true } }));
    });
    const from = peers([changing.endpoint], { failures: 10 });
    await from.kindsKnown();
    expect(kinds(from)).to.deep.equal(["cd2n"]);
    isRetriever = false;
    expect(await from.fragment(file, 0, 0, never)).to.equal(undefined);
    const asked = changing.asked.length;
    await from.kindsKnown();
    expect(changing.asked.slice(asked).some((each) => each === "GET /status")).to.equal(true);
  });

  it("give our own files to our own kind: the public listener answers what it has", async () => {
    const gateway = await PublicFixture.open();
    try {
      const bytes = bytesOf(400_000, 3);
      const fid = await gateway.encoded("shown", "a", bytes);
      const [row] = await gateway.gateway.catalog.files.withFid(fid);
      const from = peers([await gateway.serve()]);
      await from.kindsKnown();
      const got = await from.fragment(row!, 0, 0, never);
      expect(got && Buffer.compare(got.subarray(0, bytes.length), bytes)).to.equal(0);
      await from.close();
    } finally {
      await gateway.close();
    }
  });

  it("are believed of gateways that say so on the chain", async () => {
    const silent = await other((_, response) => void response.writeHead(404).end());
    const register = {
      account: "cSelf" as CessAccount,
      gateways: () => Promise.resolve([{ account: "cX" as CessAccount, endpoint: silent.endpoint, isOwnKind: true }]),
    };
    const made = new GatewayPeers(
      { clock, register, verify: (bytes, hash) => encoder.verify(bytes, hash) },
      { ...PATIENT, allowPrivate: true },
    );
    opened.push(made);
    await made.fragment(file, 0, 0, never);
    await made.kindsKnown();
    expect(kinds(made)).to.deep.equal(["cess-s3"]);
  });
});
