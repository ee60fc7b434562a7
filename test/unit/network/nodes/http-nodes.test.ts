import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CessAccount } from "../../../../src/model/account.js";
import type { Fid } from "../../../../src/model/hash.js";
import { FRAGMENT_SIZE } from "../../../../src/model/sizes.js";
import { MeasuredNodes } from "../../../../src/network/nodes/measured-nodes.js";
import { HttpNodes } from "../../../../src/network/nodes/http-nodes.js";
import { PersistentNodeRegistry } from "../../../../src/network/nodes/persistent-node-registry.js";
import { LimitedNodes } from "../../../../src/network/nodes/limited-nodes.js";
import type { NodeAddress } from "../../../../src/network/nodes/nodes.js";
import { StorageNode } from "../../../../src/storage-node/storage-node.js";
import { systemClock } from "../../../../src/async/system-clock.js";
import { expectFailure, nodesContract, type NodesHarness, sha256 } from "../../../suites/nodes.js";
import { eventually } from "../../../support/eventually.js";
import { MemoryNetwork } from "../../storage-node/memory-network.js";

async function harness(decorate: (nodes: HttpNodes) => NodesHarness["nodes"]): Promise<NodesHarness> {
  const folder = await mkdtemp(join(tmpdir(), "cess-s3-nodes-"));
  const network = await MemoryNetwork.create();
  const chain = network.chain();
  const server = new StorageNode({ chain }, { folder, host: "127.0.0.1", port: 0, spaceTib: 1 });
  const { endpoint } = await server.start();
  const http = new HttpNodes({ signer: network.signer() }, { allowPrivate: true });
  return {
    nodes: decorate(http),
    node: { account: chain.account, endpoint },
    nobody: { account: network.signer().account, endpoint: "http://127.0.0.1:1" },
    order: (fragments) => network.declare([fragments]),
    async close() {
      await http.close();
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

nodesContract("HttpNodes over a storage node", () => harness((nodes) => nodes));
nodesContract("HttpNodes with limits and the node registry", () =>
  harness((nodes) => {
    const clock = systemClock;
    const registry = PersistentNodeRegistry.inMemory({ chain: { nodes: () => Promise.resolve([]) }, clock });
    return new LimitedNodes(
      { nodes: new MeasuredNodes({ nodes, registry, clock }) },
      { fetches: 3, fetchesPerNode: 2 },
    );
  }),
);

describe("HttpNodes", () => {
  const account = "cNode" as CessAccount;
  const signer = { account: "cGateway" as CessAccount, sign: () => new Uint8Array(64).fill(0xab) };
  const bytes = new Uint8Array(randomBytes(FRAGMENT_SIZE));
  const name = { fid: sha256(randomBytes(8)) as Fid, hash: sha256(bytes) };
  const closers: (() => Promise<void>)[] = [];
  let nodes: HttpNodes;

  beforeEach(() => {
    nodes = new HttpNodes({ signer }, { allowPrivate: true });
  });
  afterEach(async () => {
    await nodes.close();
    for (const close of closers.splice(0)) await close();
  });

  async function serve(listener: RequestListener): Promise<NodeAddress> {
    const server = createServer(listener).listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return { account, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  const answer =
    (status: number, body: string, type = "application/json"): RequestListener =>
    (request, response) => {
      request.resume();
      response.writeHead(status, { "content-type": type }).end(body);
    };

  it("sends the headers of the miner protocol, with a fresh message each time", async () => {
    const seen: NodeJS.Dict<string | string[]>[] = [];
    const node = await serve((request, response) => {
      seen.push(request.headers);
      answer(200, '{"code":200}')(request, response);
    });
    await nodes.put(node, name, bytes);
    await nodes.put(node, name, bytes);
    expect(seen[0]).to.include({ fid: name.fid, fragment: name.hash, account: "cGateway", signature: "ab".repeat(64) });
    expect(seen[0]!.message).to.not.equal(seen[1]!.message);
  });

  it("gives its account as the chain's programs write it", async () => {
    const seen: unknown[] = [];
    const node = await serve((request, response) => {
      seen.push(request.headers["account"]);
      answer(200, '{"code":200}')(request, response);
    });
    const abroad = new HttpNodes({ signer: { ...signer, address: "cAbroad" } }, { allowPrivate: true });
    await abroad.put(node, name, bytes);
    await abroad.close();
    expect(seen).to.deep.equal(["cAbroad"]);
  });

  it("keeps the path of an endpoint that has one", async () => {
    const paths: (string | undefined)[] = [];
    const node = await serve((request, response) => {
      paths.push(request.url);
      answer(200, '{"code":200}')(request, response);
    });
    await nodes.put({ account, endpoint: `${node.endpoint}/miner` }, name, bytes);
    expect(paths).to.deep.equal(["/miner/fragment"]);
  });

  const cases = [
    { answer: answer(200, '{"code":400,"msg":"no such deal"}'), kind: "refused", what: "a refusal under HTTP 200" },
    { answer: answer(403, "", "text/plain"), kind: "unreachable", what: "a bare 403" },
    { answer: answer(403, '{"code":403,"msg":"invalid signature"}'), kind: "refused", what: "a refused signature" },
    { answer: answer(200, '{"code":404,"msg":"gone"}'), kind: "missing", what: "a 404 under HTTP 200" },
    { answer: answer(200, '{"code":500,"msg":"system"}'), kind: "unreachable", what: "the node's own trouble" },
    { answer: answer(502, "<html>", "text/html"), kind: "unreachable", what: "a proxy's answer" },
    { answer: answer(200, "hello", "text/plain"), kind: "unreachable", what: "something that is no answer" },
    { answer: answer(200, `"${"x".repeat(70_000)}"`), kind: "unreachable", what: "an endless answer" },
  ] as const;
  for (const each of cases) {
    it(`takes ${each.what} for \`${each.kind}\``, async () => {
      const node = await serve(each.answer);
      await expectFailure(nodes.put(node, name, bytes), each.kind);
      await expectFailure(nodes.get(node, name), each.kind);
    });
  }

  it("never follows a redirect", async () => {
    let followed = 0;
    const target = await serve((request, response) => {
      followed++;
      answer(200, '{"code":200}')(request, response);
    });
    const node = await serve((request, response) => {
      request.resume();
      response.writeHead(307, { location: `${target.endpoint}/fragment` }).end();
    });
    await expectFailure(nodes.get(node, name), "refused");
    await expectFailure(nodes.put(node, name, bytes), "refused");
    expect(followed).to.equal(0);
  });

  it("does not take in more than a fragment, nor less", async () => {
    let sent = 0;
    const endless = await serve((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(1 << 20))) sent++;
      };
      response.on("drain", more);
      more();
    });
    await expectFailure(nodes.get(endless, name), "unreachable");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sent).to.be.lessThan(64);
    const short = await serve((_, response) => response.end(Buffer.alloc(1000)));
    await expectFailure(nodes.get(short, name), "unreachable");
    const cut = await serve((_, response) => {
      response.writeHead(200, { "content-length": FRAGMENT_SIZE });
      response.write(Buffer.alloc(1000), () => response.destroy());
    });
    await expectFailure(nodes.get(cut, name), "unreachable");
  });

  it("asks for a range as miners write it, and takes 206 with just these bytes", async () => {
    const asked: (string | undefined)[] = [];
    const node = await serve((request, response) => {
      asked.push(request.headers.range);
      response.writeHead(206).end(bytes.subarray(100, 300));
    });
    const part = await nodes.getRange(node, name, { start: 100, end: 300 });
    expect(Buffer.compare(part, bytes.subarray(100, 300))).to.equal(0);
    expect(asked).to.deep.equal([`bytes=100-300/${FRAGMENT_SIZE}`]);
  });

  it("says `no-ranges` of other bytes than a range's, and does not read them", async () => {
    const range = { start: 100, end: 300 };
    let [sent, cut] = [0, 0];
    const whole = await serve((_, response) => {
      response.on("close", () => cut++);
      response.writeHead(200, { "content-length": 64 * FRAGMENT_SIZE });
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(1 << 20))) sent++;
      };
      response.on("drain", more);
      more();
    });
    await expectFailure(nodes.getRange(whole, name, range), "no-ranges");
    await eventually("the connection is closed", () => cut === 1);
    expect(sent).to.be.lessThan(64);
    const inclusive = await serve((_, response) => {
      response.writeHead(206, { "content-length": 201 }).end(bytes.subarray(100, 301));
    });
    await expectFailure(nodes.getRange(inclusive, name, range), "no-ranges");
    await expectFailure(nodes.getRange(await serve(answer(416, "", "text/plain")), name, range), "no-ranges");
  });

  it("fails for a range that comes short or long, and for refusals, as for a fragment", async () => {
    const range = { start: 100, end: 300 };
    for (const length of [199, 201]) {
      const node = await serve((_, response) => response.writeHead(206).end(Buffer.alloc(length)));
      await expectFailure(nodes.getRange(node, name, range), "unreachable");
    }
    const cut = await serve((_, response) => {
      response.writeHead(206, { "content-length": 200 });
      response.write(Buffer.alloc(100), () => response.destroy());
    });
    await expectFailure(nodes.getRange(cut, name, range), "unreachable");
    for (const each of cases)
      if (each.kind !== "unreachable")
        await expectFailure(nodes.getRange(await serve(each.answer), name, range), each.kind);
    await expectFailure(nodes.getRange(await serve(answer(200, '{"code":200}')), name, range), "unreachable");
  });

  it("gives up on a node that stalls while it receives, before it answers, or while it sends", async () => {
    const sockets: Socket[] = [];
    const deaf = createTcpServer((socket) => {
      sockets.push(socket.pause());
      socket.on("error", () => undefined);
    }).listen(0, "127.0.0.1");
    await once(deaf, "listening");
    closers.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => deaf.close(resolve));
    });
    const mute = await serve((request) => request.resume());
    const stuck = await serve((_, response) => {
      response.writeHead(200, { "content-length": FRAGMENT_SIZE });
      response.write(Buffer.alloc(1000));
    });
    const port = (deaf.address() as AddressInfo).port;
    const impatient = new HttpNodes({ signer }, { allowPrivate: true, headersTimeoutMs: 1_000, stallTimeoutMs: 1_000 });
    closers.push(() => impatient.close());
    await Promise.all([
      expectFailure(impatient.put({ account, endpoint: `http://127.0.0.1:${port}` }, name, bytes), "unreachable"),
      expectFailure(impatient.put(mute, name, bytes), "unreachable"),
      expectFailure(impatient.get(stuck, name), "unreachable"),
    ]);
  });

  it("opens no more connections to a node than it may", async () => {
    let open = 0;
    let most = 0;
    const node = await serve((request, response) => {
      most = Math.max(most, ++open);
      request.resume().on("end", () =>
        setTimeout(() => {
          open--;
          response.writeHead(200, { "content-type": "application/json" }).end('{"code":200}');
        }, 10),
      );
    });
    await Promise.all(Array.from({ length: 10 }, () => nodes.put(node, name, bytes)));
    expect(most).to.be.within(2, 4);
  });

  it("does not connect to private addresses unless told so, neither by address nor by name", async () => {
    let requests = 0;
    const node = await serve((_, response) => {
      requests++;
      response.end();
    });
    const port = new URL(node.endpoint).port;
    const careful = new HttpNodes({ signer });
    closers.push(() => careful.close());
    for (const host of ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "[::ffff:127.0.0.1]"]) {
      await expectFailure(careful.get({ account, endpoint: `http://${host}:${port}` }, name), "forbidden-endpoint");
    }
    expect(requests).to.equal(0);
  });

  it("connects to http and https alone", async () => {
    for (const endpoint of [
      "ftp://example.com",
      "file:///etc/passwd",
      "example",
      "",
      "http://u:p@example.com",
      "http://",
    ]) {
      await expectFailure(nodes.get({ account, endpoint }, name), "forbidden-endpoint");
    }
  });

  it("refuses to send what is no fragment", async () => {
    let error: unknown;
    await nodes
      .put({ account, endpoint: "http://127.0.0.1:1" }, name, new Uint8Array(5))
      .catch((e: unknown) => (error = e));
    expect(error).to.be.instanceOf(RangeError);
  });
});
