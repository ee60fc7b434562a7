import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { LoopPauses } from "../../src/async/loop-pauses.js";
import { systemClock } from "../../src/async/system-clock.js";
import type { CessAccount } from "../../src/model/account.js";
import type { Fid, Hash } from "../../src/model/hash.js";
import { HttpNodes } from "../../src/network/nodes/http-nodes.js";
import { MeasuredNodes } from "../../src/network/nodes/measured-nodes.js";
import { type NodeAddress, NodeFailure } from "../../src/network/nodes/nodes.js";
import { PersistentNodeRegistry } from "../../src/network/nodes/persistent-node-registry.js";
import { NodeFetcher } from "../../src/retrieval/node-fetcher.js";

const NODES = 14;
const ATTEMPT_MS = 800;

/** Storage nodes on a thread of their own, which answer ranges after a tenth of a second. */
const SERVERS = `
const { createServer } = require("node:http");
const { parentPort, workerData } = require("node:worker_threads");
const servers = Array.from({ length: workerData }, () => createServer((request, response) => {
  setTimeout(() => response.writeHead(206, { "content-length": 1000 }).end(Buffer.alloc(1000, 7)), 100);
}));
Promise.all(servers.map((server) => new Promise((resolve) => server.listen(0, "127.0.0.1", resolve)))).then(() =>
  parentPort.postMessage(servers.map((server) => server.address().port)));
`;

describe("a gateway whose event loop is blocked now and then", function () {
  this.timeout(120_000);
  const fragment = { fid: "a".repeat(64) as Fid, hash: "b".repeat(64) as Hash };
  let servers: Worker;
  let nodes: NodeAddress[];
  let http: HttpNodes;

  before(async () => {
    servers = new Worker(SERVERS, { eval: true, workerData: NODES });
    const [ports] = (await once(servers, "message")) as [number[]];
    nodes = ports.map((port, n) => ({ account: `cXnode${n}` as CessAccount, endpoint: `http://127.0.0.1:${port}` }));
    http = new HttpNodes(
      { signer: { account: "cXgateway" as CessAccount, sign: (bytes) => bytes } },
      { allowPrivate: true },
    );
  });
  after(async () => {
    await http.close();
    await servers.terminate();
  });

  it("blames no node for it, and goes on when it is over", async () => {
    const clock = systemClock;
    const chain = {
      nodes: () => Promise.resolve(nodes.map((node) => ({ ...node, state: "positive" as const, idleSpace: 1n }))),
    };
    const pauses = new LoopPauses(clock).start();
    // One failure would do, and many at once are no excuse: only the pauses are.
    const registry = PersistentNodeRegistry.inMemory(
      { chain, clock, pauses },
      { failures: 1, leastAvailable: 0, mass: { windowMs: 1, nodes: 1_000 } },
    );
    const measured = new MeasuredNodes({ nodes: http, registry, clock });
    const fetcher = new NodeFetcher(
      { nodes: measured, encoder: {} as never, clock, registry },
      { attemptMs: ATTEMPT_MS },
    );
    const ask = (node: NodeAddress) =>
      fetcher.fetchRange(node, fragment, { start: 0, end: 1000 }, new AbortController().signal).then(
        () => "answered",
        (error: unknown) => {
          if (error instanceof NodeFailure) return "failed";
          throw error;
        },
      );
    try {
      let failures = 0;
      for (let round = 0; round < 3; round++) {
        const began = clock.now();
        const asked = nodes.map(ask);
        // The requests leave, and then nothing here runs for longer than any of them may take.
        await new Promise((resolve) => setTimeout(resolve, 20));
        // From here timers come before what has arrived.
        await new Promise((resolve) => setImmediate(resolve));
        for (const end = Date.now() + 2 * ATTEMPT_MS; Date.now() < end;);
        failures += (await Promise.all(asked)).filter((outcome) => outcome === "failed").length;
        expect(registry.troubledSince(began)).to.equal(true);
      }
      expect(failures, "the time limits passed while the answers lay unread").to.be.above(0);
      const cooling = nodes.filter(({ account }) => registry.experience(account).openUntil !== undefined);
      expect(cooling).to.deep.equal([]);
      expect(nodes.map(({ account }) => registry.experience(account).failures)).to.deep.equal(nodes.map(() => 0));
      expect((await registry.nodes()).filter(({ openUntil }) => openUntil !== undefined)).to.deep.equal([]);
    } finally {
      pauses.close();
    }
  });
});
