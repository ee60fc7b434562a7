import { expect } from "chai";
import { createHash } from "node:crypto";
import type { Fid } from "../../../src/model/hash.js";
import { HeldFiles } from "../../../src/retrieval/held-files.js";

describe("The files that an account holds", () => {
  const fids = Array.from({ length: 20_000 }, (_, n) => createHash("sha256").update(String(n)).digest("hex") as Fid);
  const sorted = [...fids].sort();
  let held: HeldFiles;
  before(async () => {
    // Twice, as an older runtime lists a file that its owner declared twice.
    held = await HeldFiles.of([...fids, ...fids.slice(0, 10)]);
  });

  async function read(after: string, prefix: string): Promise<string[]> {
    const found: string[] = [];
    for await (const group of held.after(after, prefix)) found.push(...group);
    return found;
  }

  it("come in order, each once", async () => {
    expect(await read("", "")).to.deep.equal(sorted);
  });

  it("come from any place on", async () => {
    for (const after of [sorted[777]!, "8", "7ff", "zz", "0", "", "fff"])
      expect(await read(after, ""), after).to.deep.equal(sorted.filter((fid) => fid > after));
  });

  it("come by prefix, shorter or longer than the groups they are kept in", async () => {
    for (const prefix of ["a", "ab", "abc", sorted[5]!.slice(0, 8), sorted[5]!, "A", "g", "abcg"])
      expect(await read("", prefix), prefix).to.deep.equal(sorted.filter((fid) => fid.startsWith(prefix)));
    expect(await read("ab8", "ab")).to.deep.equal(sorted.filter((fid) => fid.startsWith("ab") && fid > "ab8"));
  });

  it("are none of an account that has none", async () => {
    const none = await HeldFiles.of([]);
    for await (const group of none.after("", "")) expect.fail(String(group.length));
  });

  it("let others have the event loop while there are very many of them", async () => {
    const many = Array.from({ length: 300_000 }, (_, n) => fids[n % fids.length]!);
    let turns = 0;
    let ended = false;
    const count = () => {
      turns++;
      if (!ended) setImmediate(count);
    };
    setImmediate(count);
    await HeldFiles.of(many);
    ended = true;
    expect(turns).to.be.greaterThan(30);
  });
});
