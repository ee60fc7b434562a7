import { expect } from "chai";
import { ORDER_NAMES, OrderNames } from "../../../src/distribution/order-name.js";
import { JournalDamaged } from "../../../src/journal/journal-damaged.js";
import { chained, journalFiles, type JournalFile } from "../../../src/journal/journal-files.js";
import type { CessAccount } from "../../../src/model/account.js";
import type { Fid } from "../../../src/model/hash.js";
import type { ChainFile } from "../../../src/network/chain/chain.js";
import { testKeys } from "../../support/test-keys.js";

const names = new OrderNames(testKeys.derive(ORDER_NAMES));
const others = new OrderNames([new Uint8Array(32).fill(9)]);
const me = "cMe" as CessAccount;
const fid = (n: number) => n.toString(16).padStart(64, "0") as Fid;

const file = (number: number, more: Partial<JournalFile> = {}): JournalFile => ({
  ...{ fid: fid(number), stream: "00000001", number, snapshot: false, whole: true, territory: "land" },
  ...more,
});
/** Each names the one before it in this order. */
const follows = (...order: readonly JournalFile[]) => {
  return ({ fid: of }: JournalFile) =>
    Promise.resolve(order[order.findIndex((each) => each.fid === of) - 1]?.fid ?? null);
};
const fault = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => expect.fail("it was not refused"),
    (error: unknown) => {
      expect(error).to.be.instanceOf(JournalDamaged);
      return (error as Error).message;
    },
  );

describe("The journals of an account", () => {
  it("are found by their names, which only the key opens, for the account alone", async () => {
    const files = new Map<Fid, ChainFile>();
    const add = (n: number, account: string, fileName: string | undefined) =>
      files.set(fid(n), {
        ...{ fid: fid(n), size: 1, segments: [] },
        owners: [{ account: account as CessAccount, territory: "land", ...(fileName !== undefined && { fileName }) }],
      });
    add(1, me, names.name({ kind: "snapshot", number: 1, stream: "0a0b0c0d" }));
    add(2, me, names.name({ kind: "journal-part", number: 2, stream: "0a0b0c0d" }));
    add(3, me, names.name({ kind: "journal", number: 9, stream: "ffffffff" }));
    add(4, me, names.name({ kind: "pack", number: 3 }));
    add(5, me, others.name({ kind: "journal", number: 3, stream: "0a0b0c0d" }));
    add(6, me, "photo.jpg");
    add(7, "cAnother", names.name({ kind: "journal", number: 3, stream: "0a0b0c0d" }));
    add(8, me, undefined);
    const chain = { file: (wanted: Fid) => Promise.resolve(files.get(wanted)) };
    const told: number[] = [];
    const fids = Array.from({ length: 40 }, (_, n) => fid(n + 1));
    const found = await journalFiles(chain, names, me, fids, (looked) => told.push(looked));
    expect([...found]).to.deep.equal([
      [
        "0a0b0c0d",
        [
          { ...file(1, { snapshot: true }), stream: "0a0b0c0d" },
          { ...file(2, { whole: false }), stream: "0a0b0c0d" },
        ],
      ],
      ["ffffffff", [{ ...file(9), fid: fid(3), stream: "ffffffff" }]],
    ]);
    expect(told.at(-1)).to.equal(40);
  });

  it("are replayed from the last snapshot to the last that is whole, in whatever order the chain lists them", async () => {
    const [old, snapshot, next, part, last] = [
      ...[file(1), file(3, { snapshot: true }), file(4), file(6, { whole: false }), file(7)],
    ];
    const order = [old!, snapshot!, next!, part!, last!];
    const numbers = async (files: readonly JournalFile[]) =>
      (await chained(files, follows(...order))).map(({ number }) => number);
    expect(await numbers([last!, old!, part!, snapshot!, next!])).to.deep.equal([3, 4, 6, 7]);
    expect(await numbers([snapshot!, next!, part!]), "what is not whole goes on nowhere").to.deep.equal([3, 4]);
    expect(await numbers([snapshot!])).to.deep.equal([3]);
  });

  it("leave out one that failed, and came to be stored all the same", async () => {
    const [snapshot, stray, next] = [file(1, { snapshot: true }), file(2), file(3)];
    const chain = await chained([snapshot, stray, next], follows(snapshot, next));
    expect(chain.map(({ number }) => number)).to.deep.equal([1, 3]);
  });

  it("are refused with a gap, in another order, without a snapshot, and where two go on with one", async () => {
    const [snapshot, second, third] = [file(1, { snapshot: true }), file(2), file(3)];
    const previous = follows(snapshot, second, third);
    expect(await fault(chained([snapshot, third], previous))).to.contain(`before number 3, ${fid(2)}`);
    expect(await fault(chained([snapshot, second, third], follows(third, second, snapshot)))).to.contain(
      "is no snapshot",
    );
    expect(await fault(chained([second, third], follows(second, third)))).to.contain("is no snapshot");
    expect(await fault(chained([], previous))).to.contain("no journal");
    const twin = { ...third, fid: fid(99) };
    expect(await fault(chained([snapshot, second, third, twin], previous))).to.contain("two gateways");
  });

  it("are refused where they name each other in a circle", async () => {
    const [one, two] = [file(1), file(2)];
    const previous = ({ number }: JournalFile) => Promise.resolve(number === 2 ? one.fid : two.fid);
    expect(await fault(chained([one, two], previous))).to.contain("is not among");
  });
});
