import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { startDevChain, type DevChain } from "../../src/devnet/chain/dev-chain.js";
import { formatAccount } from "../../src/network/chain/accounts.js";
import { ChainSession } from "../../src/network/chain/chain-session.js";
import { declarationFee } from "../../src/network/chain/fees.js";
import { GIB, MIB } from "../../src/model/sizes.js";
import { cessS3 } from "../support/command.js";

interface Bill {
  readonly files: number;
  readonly chargedBytes: number;
  readonly territoryGib: number;
  readonly tokensPer30Days?: number;
  readonly feeTokens?: number;
}

async function price(...args: string[]): Promise<{ readonly packs?: Bill; readonly ownFiles: Bill }> {
  const { code, stdout, stderr } = await cessS3(["price", ...args, "--json"]);
  expect(code, stderr).to.equal(0);
  return JSON.parse(stdout) as { readonly packs?: Bill; readonly ownFiles: Bill };
}

describe("cess-s3 price", function () {
  this.timeout(60_000);

  const refused = async (...args: string[]) => (await cessS3(["price", ...args])).stderr;
  /** It waits ten seconds for a chain that is not there: the other tests come meanwhile. */
  let nobody: Promise<string>;
  before(() => {
    nobody = refused("1KiB", "1", "--chain", "ws://127.0.0.1:1");
  });

  it("compares packs with files of their own, without a chain", async () => {
    const { packs, ownFiles } = await price("100KiB", "1000");
    expect(ownFiles).to.deep.equal({ files: 1000, chargedBytes: 1000 * 96 * MIB, territoryGib: 94 });
    expect(packs).to.deep.equal({ files: 1, chargedBytes: 4 * 96 * MIB, territoryGib: 1 });
    expect((await price("1GiB", "2")).packs).to.equal(undefined);
    expect((await price("1GiB", "2")).ownFiles).to.deep.equal({ files: 2, chargedBytes: 6 * GIB, territoryGib: 7 });
  });

  it("says what is wrong with its arguments", async () => {
    expect(await refused("many", "1")).to.contain("not a size");
    expect(await refused("1KiB", "0")).to.contain("COUNT must be a whole number");
    expect(await refused("1KiB", "1", "--chain", "http://x")).to.contain("must be a URL that begins with ws");
  });

  for (const spec of [100, 133] as const)
    describe(`at a chain of spec ${spec}`, () => {
      let folder: string;
      let chain: DevChain;
      before(async () => {
        folder = mkdtempSync(join(tmpdir(), "cess-s3-price-"));
        chain = await startDevChain({}, { folder, port: 0, spec, blockMs: 200, dayBlocks: 14_400 });
      });
      after(async () => {
        await chain.close();
        rmSync(folder, { recursive: true });
      });

      it("tells the tokens for 30 days, as the runtime reckons them, and the fees", async () => {
        const { packs, ownFiles } = await price("100KiB", "1000", "--chain", chain.endpoint);
        const month = spec === 100 ? 30 : 900;
        expect(packs?.tokensPer30Days).to.equal(month);
        expect(ownFiles.tokensPer30Days).to.equal(94 * month);
        // One order of four segments, against a thousand of one: about 0.1 tokens a segment.
        expect(packs?.feeTokens).to.be.within(0.3, 0.6);
        expect(ownFiles.feeTokens).to.be.within(80, 150);
        const { stdout } = await cessS3(["price", "100KiB", "1000", "--chain", chain.endpoint]);
        expect(stdout).to.contain("in packs").and.to.contain("TCESS");
      });

      it("has a fee that grows with the segments", async () => {
        const session = new ChainSession({ endpoints: [chain.endpoint] });
        try {
          const owner = formatAccount(new Uint8Array(32));
          const fee = async (segments: number) => Number(await declarationFee(session.connection, owner, segments));
          expect((await fee(11)) / (await fee(1))).to.be.within(7, 11);
        } finally {
          await session.close();
        }
      });
    });

  it("says that the prices are not known where no node answers", async () => {
    expect(await nobody)
      .to.contain("the prices are not known: no CESS node answered")
      .and.not.to.contain("    at ");
  });
});
