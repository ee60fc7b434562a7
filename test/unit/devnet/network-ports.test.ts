import { expect } from "chai";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDevChain } from "../../../src/devnet/chain/dev-chain.js";
import { NetworkPorts } from "../../../src/devnet/network-ports.js";

describe("The dev network's ports", () => {
  let folder: string;
  let other: Server;
  let taken: number;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "cess-s3-ports-"));
    other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    taken = (other.address() as AddressInfo).port;
  });
  after(async () => {
    other.close();
    await rm(folder, { recursive: true });
  });

  const ports = async (known: Readonly<Record<string, number>>) => {
    const path = join(folder, "ports.json");
    await (await NetworkPorts.load(path)).save(known);
    return NetworkPorts.load(path);
  };

  it("are those of the last time, and any where there was none", async () => {
    const known = await ports({ chain: 4711 });
    expect(await known.start("chain", (port) => Promise.resolve(port))).to.equal(4711);
    expect(await known.start("node0", (port) => Promise.resolve(port))).to.equal(0);
  });

  it("are any where the file is missing or damaged", async () => {
    const path = join(folder, "damaged.json");
    for (const text of [undefined, "", "{", "null", "[4711]", '{"chain":"4711"}', '{"chain":70000}']) {
      if (text !== undefined) await writeFile(path, text);
      const known = await NetworkPorts.load(path);
      expect(await known.start("chain", (port) => Promise.resolve(port)), text).to.equal(0);
    }
  });

  it("are others where another server has them by now, for a chain that finds its blocks there again", async () => {
    const settings = { folder: join(folder, "chain"), blockMs: 3_600_000 };
    const first = await startDevChain({}, { ...settings, port: 0 });
    const { hash } = first.chain.build();
    await first.close();
    const known = await ports({ chain: taken });
    const again = await known.start("chain", (port) => startDevChain({}, { ...settings, port }));
    expect(again.port).not.to.equal(taken);
    expect(again.chain.best.hash).to.equal(hash);
    await again.close();
  });

  it("do not hide why else a server does not start", async () => {
    const known = await ports({});
    let starts = 0;
    const failure: unknown = await known
      .start("node0", () => {
        starts++;
        return Promise.reject(new Error("the disk is full"));
      })
      .catch((error: unknown) => error);
    expect(failure).to.have.property("message", "the disk is full");
    expect(starts).to.equal(1);
  });
});
