import { expect } from "chai";
import { planMove } from "../../../../src/cli/territory/move-plan.js";
import type { CessAccount } from "../../../../src/model/account.js";
import type { Fid } from "../../../../src/model/hash.js";
import type { ChainFile } from "../../../../src/network/chain/chain.js";

const owner = "cXowner" as CessAccount;
const fid = (n: number) => n.toString(16).padStart(64, "0") as Fid;

/** Files of the owner: in which territory the list has them, and which their record names. */
function chainOf(files: readonly { readonly held: string; readonly recorded?: string; readonly segments?: number }[]) {
  return {
    heldFiles: () => Promise.resolve(files.map(({ held }, n) => ({ fid: fid(n), territory: held }))),
    file: (of: Fid) => {
      const { held = "", recorded = held, segments = 1 } = files[Number.parseInt(of, 16)] ?? {};
      const owners = [
        { account: owner, territory: recorded },
        { account: "cXother" as CessAccount, territory: "x" },
      ];
      return Promise.resolve<ChainFile>({ fid: of, size: 1, owners, segments: Array(segments).fill({}) as never });
    },
  };
}

const MOVE = { owner, from: "old", to: "new" } as const;

describe("The plan of a move", () => {
  it("has all files of the territory, with the space that they take", async () => {
    const chain = chainOf([{ held: "old" }, { held: "new" }, { held: "old", segments: 3 }, { held: "third" }]);
    expect(await planMove(chain, { ...MOVE, fids: undefined })).to.deep.equal({
      fids: [fid(0), fid(2)],
      bytes: 4n * 96n * 1024n ** 2n,
      there: 1,
      left: [],
    });
  });

  it("leaves out what is there already, and says why others stay", async () => {
    const chain = chainOf([{ held: "old" }, { held: "new" }, { held: "third" }]);
    const plan = await planMove(chain, { ...MOVE, fids: [fid(1), fid(2), fid(9), fid(0), fid(0)] });
    expect(plan.fids).to.deep.equal([fid(0)]);
    expect(plan.there).to.equal(1);
    expect(plan.left.map(({ why }) => why)).to.deep.equal([
      "it is charged to third",
      "the account does not hold this file",
    ]);
  });

  it("does not move a file twice: its record names the territory that it came from", async () => {
    const { fids, left } = await planMove(chainOf([{ held: "old", recorded: "first" }]), { ...MOVE, fids: undefined });
    expect(fids).to.deep.equal([]);
    expect(left[0]?.why).to.contain("first");
  });

  it("refuses what is no FID", async () => {
    const refusal: unknown = await planMove(chainOf([]), { ...MOVE, fids: ["photo.jpg"] }).catch(
      (error: unknown) => error,
    );
    expect((refusal as Error).message).to.contain("is no FID");
  });
});
