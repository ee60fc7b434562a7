import { TypeRegistry } from "@polkadot/types";
import { expect } from "chai";
import type { CessAccount } from "../../../../src/model/account.js";
import { ChainUnavailable } from "../../../../src/network/chain/chain.js";
import { readChallenges } from "../../../../src/network/chain/challenges.js";
import type { Link } from "../../../../src/network/chain/link.js";

/** As the pallet `audit` has it, with fewer of the parts that nothing here looks at. */
const TYPES = {
  ChallengeInfo: { minerSnapshot: "MinerSnapShot", challengeElement: "ChallengeElement", proveInfo: "ProveInfo" },
  MinerSnapShot: { idleSpace: "u128", serviceSpace: "u128" },
  ChallengeElement: { start: "u32", idleSlip: "u32", serviceSlip: "u32", verifySlip: "u32" },
  ProveInfo: { assign: "u8", idleProve: "Option<Proof>", serviceProve: "Option<Proof>" },
  Proof: { teePuk: "[u8; 32]", prove: "Bytes", verifyResult: "Option<bool>" },
};
const [A, B, C, D, E] = ["cA", "cB", "cC", "cD", "cE"] as readonly string[] as readonly CessAccount[];

describe("Challenges of storage nodes", () => {
  const registry = new TypeRegistry();
  registry.register(TYPES);
  const proof = (verifyResult: boolean | null) => ({ teePuk: new Uint8Array(32), prove: "0x0102", verifyResult });
  const stored = (start: number, serviceProve: object | null, type = "ChallengeInfo") =>
    registry
      .createTypeUnsafe(type, [
        {
          minerSnapshot: { idleSpace: 1, serviceSpace: 2 },
          challengeElement: { start, idleSlip: 1, serviceSlip: 2, verifySlip: 3 },
          // Of space that nobody uses: how that went does not matter.
          proveInfo: { assign: 0, idleProve: proof(false), serviceProve },
        },
      ])
      .toHex();
  /** A node of the chain that has these values in storage. */
  const link = (values: Readonly<Record<string, string>>, query?: object) =>
    ({
      name: "test",
      api: {
        registry: {
          lookup: { getTypeDef: () => ({ lookupName: "ChallengeInfo" }) },
          createTypeUnsafe: (type: string, given: unknown[]) => registry.createTypeUnsafe(type, given),
        },
        query: query ?? {
          audit: {
            challengeSnapShot: {
              key: (node: string) => node,
              creator: { section: "audit", method: "challengeSnapShot", meta: { type: { isPlain: true, asPlain: 0 } } },
            },
          },
        },
      },
      send: (_: string, [key]: [string]) => Promise.resolve(values[key] ?? null),
    }) as unknown as Link;

  it("are told of each node that has one, with how it went for what users store there", async () => {
    const values = {
      cA: stored(7, proof(true)),
      cB: stored(8, proof(false)),
      cC: stored(9, proof(null)),
      cD: stored(10, null),
    };
    const found = await readChallenges(link(values), [A!, B!, C!, D!, E!]);
    expect([...found!]).to.deep.equal([
      ["cA", { block: 7, outcome: "passed" }],
      ["cB", { block: 8, outcome: "failed" }],
      ["cC", { block: 9, outcome: "proven" }],
      ["cD", { block: 10, outcome: "unanswered" }],
    ]);
  });

  it("are none where the runtime keeps none", async () => {
    expect(await readChallenges(link({}, {}), [A!])).to.equal(undefined);
  });

  it("are not made up of bytes of another shape", async () => {
    const wrong = link({ cA: "0x00" });
    const error = await readChallenges(wrong, [A!]).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(ChainUnavailable);
  });
});
