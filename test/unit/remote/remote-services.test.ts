import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { SystemClock } from "../../../src/async/system-clock.js";
import { LocalClient } from "../../../src/ipc/local-client.js";
import { LocalServer } from "../../../src/ipc/local-server.js";
import type { CessAccount } from "../../../src/model/account.js";
import { DomainError, isProblem } from "../../../src/model/errors.js";
import { PLAIN } from "../../../src/model/file.js";
import type { Fid } from "../../../src/model/hash.js";
import { Waits } from "../../../src/model/waits.js";
import { ChainUnavailable } from "../../../src/network/chain/chain.js";
import { KnownFacts } from "../../../src/remote/known-facts.js";
import { RemoteChain } from "../../../src/remote/remote-chain.js";
import { RemoteNetworkFiles } from "../../../src/remote/remote-network-files.js";
import { RemotePreprocessing } from "../../../src/remote/remote-preprocessing.js";
import { RemoteReceipts } from "../../../src/remote/remote-receipts.js";
import type { Receipt } from "../../../src/receipts/document.js";
import { RemoteRetrieval } from "../../../src/remote/remote-retrieval.js";
import { RemoteStore } from "../../../src/remote/remote-store.js";
import { serveRequests, type RequestServing } from "../../../src/remote/serve-requests.js";
import { HeldFiles } from "../../../src/retrieval/held-files.js";
import type { FileRange } from "../../../src/retrieval/retrieval.js";
import { ByteStream } from "../../../src/streams/byte-stream.js";
import { eventually } from "../../support/eventually.js";

const owner = "cXowner" as CessAccount;
const fidOf = (n: number) => n.toString(16).padStart(64, "0") as Fid;
const territory = {
  total: 2n ** 80n,
  used: 0n,
  locked: 0n,
  remaining: 1n,
  state: "active",
  deadline: 7,
} as const;
const fileRange = (n: number): FileRange => ({
  file: { fid: fidOf(n), size: 10, format: PLAIN, segments: [] },
  range: { start: 0, end: 10 },
});

describe("Services of the background process, asked from a request process", () => {
  const clock = new SystemClock({ holdsProcess: false });
  let folder: string;
  let server: LocalServer;
  let background: LocalClient;
  let told: string[];
  let chainIs: "there" | "away";
  beforeEach(async () => {
    [told, chainIs] = [[], "there"];
    const away = () => Promise.reject(new ChainUnavailable("no endpoint answers"));
    const serving: RequestServing = {
      chain: {
        authorized: () => (chainIs === "there" ? Promise.resolve(true) : away()),
        territory: (of, name) => Promise.resolve(of === owner && name === "photos" ? territory : undefined),
      },
      files: {
        find: () => Promise.reject(new DomainError({ kind: "wrongCipher" }, "it does not open the file")),
        entry: (fid, _, recent) => Promise.resolve({ fid, size: recent === true ? 1 : 2, owners: [] }),
        redundancy: () => Promise.resolve(9),
        sizes: (fids) => Promise.resolve(fids.map((_, n) => (n === 1 ? undefined : n))),
        held: () => HeldFiles.of(Array.from({ length: 12_000 }, (_, n) => fidOf(n))),
      },
      preprocessing: {
        rootOf: (subject) => Promise.resolve(`${subject} root` as Fid),
        check: () => Promise.resolve(),
        advance: (upload, _, part) => void told.push(`advance ${upload} ${part}`),
        forget: (upload) => void told.push(`forget ${upload}`),
      },
      retrieval: {
        open: ([first], _signal, reach = "peers", waits) => {
          waits?.add({ chain: 1, nodes: 20 });
          return Promise.resolve(
            ByteStream.of(Buffer.from(`${Number.parseInt(first?.file.fid ?? "", 16)} by ${reach};`)),
          );
        },
      },
      receipts: {
        of: (version) =>
          version === "7"
            ? Promise.resolve({ issuedAt: `receipt of ${version}` } as Receipt)
            : Promise.reject(new DomainError({ kind: "notStored", state: "declared" }, "not yet")),
      },
      onWork: () => void told.push("work"),
    };
    folder = await mkdtemp(join(tmpdir(), "cess-s3-remote-"));
    server = new LocalServer({ clock, served: serveRequests(serving) });
    await server.listen(join(folder, "background.sock"));
    background = new LocalClient({ clock, served: {} }, join(folder, "background.sock"));
    await eventually("it is connected", () => background.isConnected);
  });
  afterEach(async () => {
    await background.close();
    await server.close();
    await rm(folder, { recursive: true });
  });

  const kindOf = (work: Promise<unknown>) =>
    work.then(
      () => "nothing",
      (error: unknown) => (error instanceof DomainError ? error.kind : (error as Error).name),
    );

  it("issue receipts, and say why there is none", async () => {
    const receipts = new RemoteReceipts(background);
    expect(await receipts.of("7")).to.deep.equal({ issuedAt: "receipt of 7" });
    expect(await kindOf(receipts.of("8"))).to.equal("notStored");
    await server.close();
    await eventually("it is not connected", () => !background.isConnected);
    expect(await kindOf(receipts.of("7"))).to.equal("dependencyUnavailable");
  });

  it("tell of territories; a chain that is away is away here, and so it is without the background process", async () => {
    const facts = new KnownFacts();
    const chain = new RemoteChain({ background, facts });
    expect(await chain.territory(owner, "photos")).to.deep.equal(territory);
    expect(await chain.territory(owner, "videos")).to.equal(undefined);
    expect(await chain.authorized(owner)).to.equal(true);
    chainIs = "away";
    expect(await chain.authorized(owner).catch((error: unknown) => error)).to.be.instanceOf(ChainUnavailable);
    expect(chain.connected).to.equal(false);
    facts.learn({ account: owner, connected: true, paidUntil: new Map([["a", 5]]), keepRemoved: false });
    expect([chain.connected, chain.account, facts.paidUntil("a"), facts.keepRemoved]).to.deep.equal([
      true,
      owner,
      5,
      false,
    ]);
    facts.outdate();
    expect([chain.connected, facts.paidUntil("a"), facts.keepRemoved]).to.deep.equal([false, 5, false]);
    await server.close();
    expect(await chain.territory(owner, "photos").catch((error: unknown) => error)).to.be.instanceOf(ChainUnavailable);
  });

  it("destroy nothing before the first facts are known", () => {
    expect(new KnownFacts().keepRemoved).to.equal(true);
  });

  it("tell of files of the network, and of all that an account holds, page by page", async () => {
    const files = new RemoteNetworkFiles(background);
    expect(await files.entry(fidOf(1), undefined, true)).to.include({ size: 1 });
    expect(await files.entry(fidOf(1))).to.include({ size: 2 });
    expect(await files.redundancy(fidOf(1))).to.equal(9);
    expect(await files.sizes([fidOf(1), fidOf(2), fidOf(3)])).to.deep.equal([0, undefined, 2]);
    expect(await kindOf(files.find(fidOf(1), undefined, "secret"))).to.equal("wrongCipher");
    const held = await files.held(owner);
    const read = async (after: string, prefix: string) => {
      const found: Fid[] = [];
      for await (const fids of held.after(after, prefix)) found.push(...fids);
      return found;
    };
    expect(await read("", "")).to.deep.equal(Array.from({ length: 12_000 }, (_, n) => fidOf(n)));
    expect((await read(fidOf(11_000), ""))[0]).to.equal(fidOf(11_001));
    expect(await read("", "f")).to.deep.equal([]);
  });

  it("hash uploads there, and are told of parts and of work without being waited for", async () => {
    const preprocessing = new RemotePreprocessing(background);
    preprocessing.advance("u1", PLAIN, 3);
    preprocessing.forget("u1");
    background.notify("work");
    await preprocessing.check("u1", []);
    expect(await preprocessing.rootOf("u1", [], { format: PLAIN })).to.equal("u1 root");
    expect(told).to.deep.equal(["advance u1 3", "forget u1", "work"]);
  });

  it("read objects of one file and of several, one after another, and count what was waited for", async () => {
    const retrieval = new RemoteRetrieval(background);
    const read = async (files: readonly FileRange[], waits?: Waits) => {
      let text = "";
      for await (const chunk of await retrieval.open(files, undefined, "nodes", waits))
        text += Buffer.from(chunk).toString();
      return text;
    };
    expect(await read([])).to.equal("");
    const waits = new Waits();
    expect(await read([fileRange(1), fileRange(2), fileRange(3)], waits)).to.equal("1 by nodes;2 by nodes;3 by nodes;");
    expect(waits.ms).to.deep.equal({ chain: 3, nodes: 60 });
  });

  it("keep small state for all request processes", async () => {
    const [one, other] = [new RemoteStore(background), new RemoteStore(background)];
    expect(await one.get("a")).to.equal(undefined);
    await one.set("a", { b: [1] }, 60_000);
    expect(await other.get("a")).to.deep.equal({ b: [1] });
  });

  it("answer that the request is to be tried again while the background process is away", async () => {
    await server.close();
    const failure = await new RemoteRetrieval(background).open([fileRange(1)]).catch((error: unknown) => error);
    expect(isProblem(failure, "dependencyUnavailable")).to.equal(true);
    expect(await kindOf(new RemotePreprocessing(background).rootOf("u", [], { format: PLAIN }))).to.equal(
      "dependencyUnavailable",
    );
  });
});
