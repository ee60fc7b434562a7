import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Fid, type Hash, ZERO_FRAGMENT_HASH } from "../../../src/model/hash.js";
import { FRAGMENT_SIZE, FRAGMENTS } from "../../../src/model/sizes.js";
import type { Clock } from "../../../src/model/clock.js";
import { systemClock } from "../../../src/async/system-clock.js";
import type { NodeChain } from "../../../src/network/chain/node-chain.js";
import { HttpNodes } from "../../../src/network/nodes/http-nodes.js";
import type { NodeAddress } from "../../../src/network/nodes/nodes.js";
import { StorageNode, type StorageNodeSettings } from "../../../src/storage-node/storage-node.js";
import { expectFailure, failure, sha256, withOthers } from "../../suites/nodes.js";
import { reservePort } from "../../support/reserved-port.js";
import { eventually } from "../../support/eventually.js";
import { ManualClock } from "../../support/manual-clock.js";
import { MemoryNetwork } from "./memory-network.js";

const bytes = new Uint8Array(randomBytes(FRAGMENT_SIZE));
const hash = sha256(bytes);
const zeros = new Uint8Array(FRAGMENT_SIZE);

describe("StorageNode", () => {
  let folder: string;
  let network: MemoryNetwork;
  let gateway: ReturnType<MemoryNetwork["signer"]>;
  let nodes: HttpNodes;
  let chain: NodeChain;
  let node: StorageNode;
  let address: NodeAddress;
  const running = new Set<StorageNode>();

  async function start(
    settings: Partial<StorageNodeSettings> = {},
    on = chain,
    clock: Clock = systemClock,
  ): Promise<StorageNode> {
    const made = new StorageNode(
      { chain: on, clock },
      {
        folder: join(folder, on.account),
        host: "127.0.0.1",
        port: 0,
        spaceTib: 1,
        reporter: { firstRetryMs: 20 },
        ...settings,
      },
    );
    running.add(made);
    const { endpoint } = await made.start();
    address = { account: on.account, endpoint };
    return made;
  }

  async function stop(made: StorageNode): Promise<void> {
    running.delete(made);
    await made.close();
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "cess-s3-node-"));
    network = await MemoryNetwork.create();
    gateway = network.signer();
    nodes = new HttpNodes({ signer: gateway }, { allowPrivate: true });
    chain = network.chain();
    node = await start();
  });
  afterEach(async () => {
    await nodes.close();
    for (const each of [...running]) await stop(each);
    await rm(folder, { recursive: true });
  });

  const headers = (fid: string, fragment: string, signer = gateway): Record<string, string> => {
    const message = randomBytes(8).toString("hex");
    const signature = Buffer.from(signer.sign(Buffer.from(message))).toString("hex");
    return { Fid: fid, Fragment: fragment, Account: gateway.account, Message: message, Signature: signature };
  };
  const get = (fid: string, fragment: string, extra: Record<string, string> = {}) =>
    fetch(`${address.endpoint}/fragment`, { headers: { ...headers(fid, fragment), ...extra } });
  const reports = (fid: Fid) => network.deals.get(fid)?.reports ?? [];

  describe("over HTTP", () => {
    it("refuses a wrong, a missing and another's signature with 403, before it looks at names", async () => {
      const wrong = await fetch(`${address.endpoint}/fragment`, { headers: headers("x", "y", network.signer()) });
      expect(wrong.status).to.equal(403);
      expect(await wrong.json()).to.include({ code: 403 });
      expect((await fetch(`${address.endpoint}/fragment`)).status).to.equal(403);
      expect((await get("x", "y", { Signature: "zz" })).status).to.equal(403);
    });

    it("accepts a signature over the message wrapped as wallets do, and one written with 0x", async () => {
      const message = "hello";
      const sign = (text: string) => `0x${Buffer.from(gateway.sign(Buffer.from(text))).toString("hex")}`;
      const wrapped = await get(hash, hash, { Message: message, Signature: sign(`<Bytes>${message}</Bytes>`) });
      expect(wrapped.status).to.equal(404);
    });

    it("refuses names that are no hashes with 400, also those that look like paths", async () => {
      for (const name of ["", "abc", hash.toUpperCase(), "../../../../etc/passwd", `${hash}0`]) {
        expect((await get(hash, name)).status, name).to.equal(400);
        expect((await get(name, hash)).status, name).to.equal(400);
      }
      expect((await get(hash, hash)).status).to.equal(404);
    });

    it("answers a range, whose end is excluded, with 206, and refuses other ranges", async () => {
      const fid = network.declare([withOthers(hash)]);
      await nodes.put(address, { fid, hash }, bytes);
      const part = await get(fid, hash, { Range: `bytes=100-5000/${FRAGMENT_SIZE}` });
      expect(part.status).to.equal(206);
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 5000))).to.equal(true);
      for (const range of ["bytes=0-5", "bytes=5-5/8388608", "bytes=0-8388609/8388608", "bytes=0-5/10", "x"]) {
        expect((await get(fid, hash, { Range: range })).status, range).to.equal(400);
      }
    });

    it("refuses bodies that are no form of one fragment with 400, and keeps nothing", async () => {
      const fid = network.declare([withOthers(hash)]);
      const send = async (body: string | FormData) => {
        const response = await fetch(`${address.endpoint}/fragment`, {
          method: "PUT",
          headers: headers(fid, hash),
          body,
        });
        return { status: response.status, body: (await response.json()) as object };
      };
      const form = (content: Uint8Array, field = "file") => {
        const data = new FormData();
        data.set(field, new Blob([new Uint8Array(content)]), "f");
        return data;
      };
      expect((await send("text")).status).to.equal(400);
      expect((await send(form(bytes, "other"))).status).to.equal(400);
      expect((await send(form(bytes.subarray(1)))).status).to.equal(400);
      expect((await send(form(zeros))).status).to.equal(400);
      expect((await send(form(randomBytes(FRAGMENT_SIZE + 200_000)))).status).to.equal(400);
      expect(await node.usage()).to.equal(0);
      expect(await send(form(bytes))).to.deep.equal({ status: 200, body: { code: 200, msg: "ok", data: null } });
    });

    it("keeps nothing of an upload whose client goes away", async () => {
      const fid = network.declare([withOthers(hash)]);
      await new Promise<void>((resolve) => {
        const upload = request(`${address.endpoint}/fragment`, {
          method: "PUT",
          headers: {
            ...headers(fid, hash),
            "content-type": "multipart/form-data; boundary=b",
            "content-length": FRAGMENT_SIZE,
          },
        });
        upload.on("error", () => undefined).on("close", resolve);
        upload.write('--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n');
        upload.write(bytes.subarray(0, 3 << 20), () => setTimeout(() => upload.destroy(), 50));
      });
      await eventually(
        "the upload has come or gone",
        async () => (await readdir(join(folder, chain.account, "incoming"))).length === 0,
      );
      expect(await readdir(join(folder, chain.account))).to.deep.equal(["incoming"]);
      expect(reports(fid)).to.deep.equal([]);
    });

    it("takes no more uploads at a time than it may", async () => {
      await stop(node);
      node = await start({ uploads: 1, faulty: { slowBytesPerSecond: 1_000 } });
      node.setFault("slow");
      const fid = network.declare([withOthers(hash)]);
      const controller = new AbortController();
      const first = failure(nodes.put(address, { fid, hash }, bytes, controller.signal));
      await eventually(
        "the upload has come or gone",
        async () => (await readdir(join(folder, chain.account, "incoming"))).length === 1,
      );
      const error = await expectFailure(nodes.put(address, { fid, hash }, bytes), "unreachable");
      expect(error.message).to.contain("503");
      controller.abort();
      await first;
    });

    it("says 403 when the chain cannot be asked, as the real nodes do", async () => {
      const fid = network.declare([withOthers(hash)]);
      network.away = true;
      expect((await expectFailure(nodes.put(address, { fid, hash }, bytes), "unreachable")).message).to.contain("403");
    });

    it("tells its state and space", async () => {
      const status = (await (await fetch(`${address.endpoint}/status`)).json()) as { code: number; data: object };
      expect(status.code).to.equal(200);
      expect(status.data).to.include({ state: "positive", signature_acc: chain.account, service_space: 0 });
    });
  });

  describe("on chain", () => {
    it("registers on its first start and says when its endpoint moves, and no more than that", async () => {
      expect(network.endpoints).to.deep.equal([address.endpoint]);
      await stop(node);
      node = await start({ endpoint: "http://node.example:15001" });
      await stop(node);
      node = await start({ endpoint: "http://node.example:15001" });
      expect(network.endpoints).to.have.length(2);
    });

    it("waits at its start for a chain that is away, and does not listen any more when it cannot start", async () => {
      const other = network.chain();
      network.away = true;
      const settings = { registrationRetryMs: 10 };
      const waiting = start(settings, other);
      await new Promise((resolve) => setTimeout(resolve, 50));
      network.away = false;
      await waiting;
      await stop(await waiting);
      const [stranger, port] = [network.chain(), await reservePort()];
      const refused = new StorageNode({ chain: stranger }, { folder: join(folder, "x"), host: "127.0.0.1", port });
      expect(await failure(refused.start()))
        .to.have.property("message")
        .that.contains("not registered as a storage node");
      const there = { account: stranger.account, endpoint: `http://127.0.0.1:${port}` };
      await expectFailure(nodes.get(there, { fid: hash as Fid, hash }), "unreachable");
    });

    it("reports the index it holds once it has every segment's fragment, and not before", async () => {
      const second = new Uint8Array(randomBytes(FRAGMENT_SIZE));
      const shape = (first: Hash) => {
        const fragments = withOthers(first);
        [fragments[0], fragments[4]] = [fragments[4]!, first];
        return fragments;
      };
      const fid = network.declare([shape(hash), shape(sha256(second))]);
      await nodes.put(address, { fid, hash }, bytes);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(network.attempts).to.equal(0);
      await nodes.put(address, { fid, hash: sha256(second) }, second);
      await eventually("it is reported", () => reports(fid).length === 1);
      expect(reports(fid)).to.deep.equal([{ index: 4, node: chain.account }]);
      await nodes.put(address, { fid, hash }, bytes);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(network.attempts).to.equal(1);
    });

    it("reports again what got lost", async () => {
      network.losing = 2;
      const fid = network.declare([withOthers(hash)]);
      await nodes.put(address, { fid, hash }, bytes);
      await eventually("it is reported", () => reports(fid).length === 1);
      expect(network.attempts).to.equal(3);
    });

    it("reports after a restart what it had not reported before", async () => {
      node.setFault("silent");
      const fid = network.declare([withOthers(hash)]);
      await nodes.put(address, { fid, hash }, bytes);
      await stop(node);
      expect(reports(fid)).to.deep.equal([]);
      node = await start();
      await eventually("it is reported", () => reports(fid).length === 1);
    });

    it("reports anew when the deal is declared again, which forgets its reports", async () => {
      const fragments = withOthers(hash);
      const fid = network.declare([fragments]);
      await nodes.put(address, { fid, hash }, bytes);
      await eventually("it is reported", () => reports(fid).length === 1);
      network.declare([fragments], fid);
      await eventually("it is reported", () => reports(fid).length === 1);
    });

    it("finds another index when equal fragments make several nodes want the same, in a file of zeros", async () => {
      const fid = network.declare([Array<Hash>(FRAGMENTS).fill(ZERO_FRAGMENT_HASH)]);
      for (let i = 0; i < FRAGMENTS; i++) {
        if (i > 0) await start({}, network.chain());
        await nodes.put(address, { fid, hash: ZERO_FRAGMENT_HASH }, zeros);
      }
      await eventually("the file is stored", () => network.files.has(fid));
      const holders = network.files.get(fid)!.segments[0]!.fragments.map((fragment) => fragment.node);
      expect(new Set(holders).size).to.equal(FRAGMENTS);
    });

    it("takes no fragment of a stored file, as the real nodes do", async () => {
      const fid = network.declare([withOthers(hash)]);
      await nodes.put(address, { fid, hash }, bytes);
      await eventually("it is reported", () => reports(fid).length === 1);
      network.close(fid);
      await stop(node);
      await rm(join(folder, chain.account), { recursive: true });
      node = await start();
      await expectFailure(nodes.put(address, { fid, hash }, bytes), "refused");
    });

    it("drops, after a grace, what the chain no longer wants here, and keeps the rest", async () => {
      await stop(node);
      const clock = new ManualClock();
      const sweeper = { intervalMs: 1000, pauseMs: 1, graceMs: 60_000 };
      node = await start({ sweeper, custody: { lookupLifetimeMs: 0 } }, chain, clock);
      const second = new Uint8Array(randomBytes(FRAGMENT_SIZE));
      const kept = network.declare([withOthers(hash)]);
      const gone = network.declare([withOthers(sha256(second))]);
      await nodes.put(address, { fid: kept, hash }, bytes);
      await nodes.put(address, { fid: gone, hash: sha256(second) }, second);
      await eventually("it is reported", () => reports(kept).length === 1 && reports(gone).length === 1);
      network.close(kept);
      network.close(gone);
      network.files.delete(gone);
      const status = async () => {
        await clock.advance(1000);
        return (await get(gone, sha256(second))).status;
      };
      for (let seconds = 0; seconds < 59; seconds++) expect(await status(), "within the grace").to.equal(200);
      await eventually("the fragment is dropped", async () => (await status()) === 404);
      expect((await get(kept, hash)).status).to.equal(200);
    });
  });

  describe("with a fault", () => {
    let fid: Fid;
    beforeEach(async () => {
      fid = network.declare([withOthers(hash)]);
      node.setFault("silent");
      await nodes.put(address, { fid, hash }, bytes);
    });

    it("silent: takes fragments and reports only when the fault ends", async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(network.attempts).to.equal(0);
      node.setFault("none");
      await eventually("it is reported", () => reports(fid).length === 1);
    });

    it("down: cuts connections off, new ones too, until the fault ends", async () => {
      const { hostname, port } = new URL(address.endpoint);
      const idle = connect(Number(port), hostname).on("error", () => undefined);
      await new Promise((resolve) => idle.once("connect", resolve));
      const cut = new Promise((resolve) => idle.once("close", resolve));
      node.setFault("down");
      await cut;
      await expectFailure(nodes.get(address, { fid, hash }), "unreachable");
      expect(network.attempts).to.equal(0);
      node.setFault("none");
      expect(sha256(await nodes.get(address, { fid, hash }))).to.equal(hash);
    });

    it("corrupt: serves a fragment's length of other bytes, and the right ones when the fault ends", async () => {
      node.setFault("corrupt");
      expect(sha256(await nodes.get(address, { fid, hash }))).to.not.equal(hash);
      node.setFault("none");
      expect(sha256(await nodes.get(address, { fid, hash }))).to.equal(hash);
    });

    it("slow: bytes trickle, and run again when the fault ends in the middle", async () => {
      node.setFault("slow");
      const work = nodes.get(address, { fid, hash });
      let done = false;
      void work.then(() => (done = true));
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(done).to.equal(false);
      node.setFault("none");
      expect(sha256(await work)).to.equal(hash);
    });

    it("closes in the middle of a slow transfer without waiting for it", async () => {
      node.setFault("slow");
      const work = failure(nodes.get(address, { fid, hash }));
      await new Promise((resolve) => setTimeout(resolve, 100));
      await stop(node);
      await work;
    });
  });
});
