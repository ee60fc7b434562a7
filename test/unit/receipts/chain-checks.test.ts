import { expect } from "chai";
import type { CessAccount } from "../../../src/model/account.js";
import type { ChainFile } from "../../../src/network/chain/chain.js";
import type { DeletionCertificate, Receipt } from "../../../src/receipts/document.js";
import { checkChain, checkDeletion, checkFiles, type CheckedChain } from "../../../src/receipts/verify/chain-checks.js";
import type { Check } from "../../../src/receipts/verify/check.js";
import { cast, GENESIS, hashOf, listed, OBSERVED, receiptOf, type Cast } from "../../support/receipt-fixture.js";

const HEAD = { number: 120, hash: `0x${"aa".repeat(32)}` };

describe("A document held against the chain", () => {
  let people: Cast;
  let receipt: Receipt;
  let file: ChainFile;
  /** What the chain shows now, and what it showed when the document was made. */
  let [now, then]: (ChainFile | undefined)[] = [];
  let genesis = GENESIS;
  let hash: string | undefined;
  let operators: CessAccount[] = [];
  before(async () => {
    people = await cast();
    receipt = receiptOf(Buffer.from("hello"), people);
    file = listed(receipt.files[0]!);
  });
  beforeEach(() => {
    [now, then] = [file, file];
    [genesis, hash] = [GENESIS, OBSERVED.hash];
    operators = [people.gateway.account];
  });
  const chain: CheckedChain = {
    genesis: () => Promise.resolve(genesis),
    fileAt: (_, block) => Promise.resolve(block ? { block, file: then } : { block: HEAD, file: now }),
    blockHash: () => Promise.resolve(hash),
    operators: () => Promise.resolve(operators),
  };

  async function all(checks: AsyncGenerator<Check, unknown>): Promise<string[]> {
    const found: string[] = [];
    for await (const { result, text } of checks) found.push(`${result}: ${text}`);
    return found;
  }
  const failures = async (checks: AsyncGenerator<Check, unknown>) =>
    (await all(checks)).filter((text) => text.startsWith("failed"));

  it("is of this chain, and of a block that it has", async () => {
    expect(await failures(checkChain(receipt, chain))).to.deep.equal([]);
    hash = `0x${"cc".repeat(32)}`;
    expect(await failures(checkChain(receipt, chain))).to.have.length(1);
    hash = undefined;
    expect((await failures(checkChain(receipt, chain))).join()).to.contain("has no block of that number yet");
    genesis = `0x${"dd".repeat(32)}`;
    expect(await all(checkChain(receipt, chain))).to.have.length(1);
  });

  it("agrees where the chain lists the file for the owner, with these fragments at these nodes", async () => {
    const found = await all(checkFiles(receipt, chain));
    expect(found.filter((text) => !text.startsWith("ok"))).to.deep.equal([]);
    expect(found.join("\n")).to.contain("12 of 12 fragments are with the nodes that the receipt names");
    expect(found.join("\n")).to.contain("completed in block 80");
    expect(found.join("\n")).to.contain("listed for").and.contain("at final block 120");
  });

  it("does not agree where the file is gone, has another owner, or other content", async () => {
    now = undefined;
    expect((await failures(checkFiles(receipt, chain))).join()).to.contain("lists no such file");
    now = { ...file, owners: [{ account: people.nodes[0]!.account, territory: "x" }] };
    expect((await failures(checkFiles(receipt, chain))).join()).to.contain("but not for");
    const [first, ...fragments] = file.segments[0]!.fragments;
    now = {
      ...file,
      segments: [{ ...file.segments[0]!, fragments: [{ ...first!, hash: hashOf("other") }, ...fragments] }],
    };
    expect((await failures(checkFiles(receipt, chain))).join()).to.contain("other segments or fragments");
    const [its] = receipt.files;
    const forged = { ...receipt, files: [{ ...its!, fid: hashOf("another file") as typeof file.fid }] };
    expect((await failures(checkFiles(forged, chain))).join()).to.contain("do not make this FID");
  });

  it("notes fragments that have moved or are lost, a file that was stored anew, and a signer whom nobody authorizes", async () => {
    const [first, second, ...fragments] = file.segments[0]!.fragments;
    const moved = people.nodes[12]!.account;
    now = {
      ...file,
      completed: 99,
      segments: [
        { ...file.segments[0]!, fragments: [{ ...first!, node: moved }, { ...second!, lost: true }, ...fragments] },
      ],
    };
    operators = [];
    const found = await all(checkFiles(receipt, chain));
    expect(found.filter((text) => text.startsWith("failed"))).to.deep.equal([]);
    const text = found.join("\n");
    expect(text).to.contain("11 of 12 fragments are with");
    expect(text).to.contain(`note: fragment 0 of segment 1 has moved from ${first!.node} to ${moved}`);
    expect(text).to.contain("note: the chain says of 1 fragments");
    expect(text).to.contain("note: completed in block 99, and in 80 by the receipt");
    expect(text).to.contain("note: does not act for the owner");
  });

  it("certifies a deletion while the owner is not listed, whoever else is", async () => {
    const certificate = {
      fid: file.fid,
      owner: people.owner.account,
      observed: OBSERVED,
    } as DeletionCertificate;
    expect(await failures(checkDeletion(certificate, chain))).to.have.length(2);
    [now, then] = [{ ...file, owners: [{ account: people.nodes[0]!.account, territory: "x" }] }, undefined];
    const found = await all(checkDeletion(certificate, chain));
    expect(found.filter((text) => text.startsWith("failed"))).to.deep.equal([]);
    expect(found.join("\n")).to.contain("for 1 other owners").and.contain("at block 90");
    const pruned = {
      ...chain,
      fileAt: (...[fid, block]: Parameters<CheckedChain["fileAt"]>) =>
        block ? Promise.reject(new Error("state discarded")) : chain.fileAt(fid),
    };
    expect((await all(checkDeletion(certificate, pruned))).join("\n")).to.contain(
      "note: this chain node does not keep",
    );
  });
});
