import { expect } from "chai";
import type { Account } from "../../../src/model/account.js";
import { DomainError } from "../../../src/model/errors.js";
import type { Fid } from "../../../src/model/hash.js";
import type { ChainFile } from "../../../src/network/chain/chain.js";
import { ChainReceipts } from "../../../src/receipts/chain-receipts.js";
import type { Receipt } from "../../../src/receipts/document.js";
import { canonical } from "../../../src/receipts/signature.js";
import { alice, Bench, type BenchSettings } from "../../support/distribution-bench.js";
import { GENESIS, hashOf } from "../../support/receipt-fixture.js";

describe("Receipts of what a gateway has stored", () => {
  let bench: Bench;
  let receipts: ChainReceipts;
  let owners: (id: string) => Account | undefined;
  /** What the chain shows in place of the file. */
  let shown: ((file: ChainFile | undefined) => ChainFile | undefined) | undefined;
  const open = async (settings: BenchSettings = {}) => {
    bench = await Bench.open(settings);
    await bench.start();
    owners = (id) => bench.accounts.get(id);
    shown = undefined;
    receipts = new ChainReceipts({
      catalog: bench.catalog,
      chain: {
        genesis: () => Promise.resolve(GENESIS),
        fileAt: async (fid, block) => {
          const number = block?.number ?? (await bench.chain.finalizedBlock());
          const file = await bench.chain.file(fid, "finalized");
          return { block: { number, hash: hashOf(String(number)) }, file: shown ? shown(file) : file };
        },
      },
      signer: bench.chain,
      owners: (id) => owners(id),
      clock: { now: () => 0, sleep: () => Promise.reject(new Error("no sleep here")) },
    });
  };
  afterEach(() => bench.close());

  const versionOf = async (key: string) => (await bench.catalog.objects.get(alice.displayName, key))!;
  const issue = async (key: string) => receipts.of((await versionOf(key)).id);
  const refused = (work: Promise<unknown>) =>
    work.then(
      () => "nothing",
      (error: unknown) => (error instanceof DomainError ? error.kind : String(error)),
    );

  it("tell of the object, its file and the nodes, signed in their one form", async () => {
    await open();
    await bench.put(alice, "object", "bytes");
    await bench.untilState(alice, "object", "stored");
    const receipt = await issue("object");
    const { fid, segments } = (await bench.row(alice, "object"))!;
    expect(receipt).to.deep.include({ signer: bench.chain.account, network: { genesis: GENESIS } });
    expect(receipt.object).to.include({
      bucketSha256: hashOf(alice.displayName),
      keySha256: hashOf("object"),
      size: 5,
      encryption: "none",
    });
    const [file] = receipt.files;
    expect(file).to.include({ fid, owner: alice.cessAccount, format: "plain" });
    expect(file?.declaredBlock).to.be.a("number");
    expect(file?.segments[0]?.fragments).to.deep.equal(segments[0]?.fragments);
    expect(new Set(file?.segments[0]?.nodes).size).to.equal(12);
    // The memory chain's signature is what is signed.
    const { signature, ...said } = receipt;
    expect(Buffer.from(signature.slice(2), "hex").toString()).to.equal(`<Bytes>${canonical(said)}</Bytes>`);
  });

  it("are refused before the object is stored, with its state, and for what is gone or empty", async () => {
    await open({ nodes: 12 });
    bench.nodes.faults.set("cXnode4", "silent");
    await bench.put(alice, "object", "bytes");
    await bench.untilState(alice, "object", "placed");
    const early = await issue("object").catch((error: unknown) => error as DomainError);
    expect((early as DomainError).problem).to.deep.equal({ kind: "notStored", state: "placed" });
    expect((early as DomainError).message).to.contain("placed, not stored");
    expect(await refused(receipts.of("4711"))).to.equal("noObject");
    await bench.catalog.objects.put(
      {
        bucket: alice.displayName,
        key: "empty",
        owner: alice.id,
        size: 0,
        etag: "d41d8cd98f00b204e9800998ecf8427e",
        content: {},
        metadata: {},
      },
      { blobs: [] },
    );
    expect(await refused(issue("empty"))).to.equal("noReceipt");
  });

  it("are refused while the chain cannot be read, or lists something else than the catalog", async () => {
    await open();
    await bench.put(alice, "object", "bytes");
    await bench.untilState(alice, "object", "stored");
    bench.chain.connected = false;
    expect(await refused(issue("object"))).to.equal("dependencyUnavailable");
    bench.chain.connected = true;
    const others: ((file: ChainFile) => ChainFile | undefined)[] = [
      () => undefined,
      (file) => ({ ...file, owners: [] }),
      (file) => ({ ...file, segments: [...file.segments, ...file.segments] }),
    ];
    for (const other of others) {
      shown = (file) => file && other(file);
      expect(await refused(issue("object"))).to.equal("objectUnavailable");
    }
    shown = undefined;
    owners = () => undefined;
    expect(await refused(issue("object")), "the account is gone").to.equal("objectUnavailable");
    owners = (id) => bench.accounts.get(id);
    expect(await refused(issue("object"))).to.equal("nothing");
  });

  it("are made a few at a time, and too many at once are told to come later", async () => {
    await open();
    await bench.put(alice, "object", "bytes");
    await bench.untilState(alice, "object", "stored");
    const { id } = await versionOf("object");
    const outcomes = await Promise.all(Array.from({ length: 80 }, () => refused(receipts.of(id))));
    expect(outcomes.filter((outcome) => outcome === "nothing")).to.have.length(66);
    expect(outcomes.filter((outcome) => outcome === "overloaded")).to.have.length(14);
  });

  it("are followed by a certificate when the file was deleted, until its owner has it again", async () => {
    await open();
    await bench.put(alice, "object", "bytes");
    await bench.untilState(alice, "object", "stored");
    const receipt: Receipt = await issue("object");
    const fid = receipt.files[0]?.fid as Fid;
    expect(await receipts.deletions(fid)).to.deep.equal([]);
    await bench.remove(alice, "object");
    await bench.noJobs();
    const [certificate, ...more] = await receipts.deletions(fid);
    expect(more).to.deep.equal([]);
    expect(certificate).to.include({ type: "cess-s3-deletion", fid, owner: alice.cessAccount });
    expect(certificate?.deletedBlock).to.be.greaterThan(receipt.files[0]?.declaredBlock ?? Infinity);
    expect(certificate?.observed.block).to.be.at.least(certificate?.deletedBlock ?? Infinity);
    await bench.put(alice, "again", "bytes");
    await bench.untilState(alice, "again", "stored");
    expect(await receipts.deletions(fid)).to.deep.equal([]);
  });
});
