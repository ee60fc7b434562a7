import { expect } from "chai";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bugs } from "./bugs.js";
import { placesOf } from "./rewrite-text.js";

const dist = join(dirname(fileURLToPath(import.meta.url)), "../..");

describe("The planted bugs", () => {
  it("each change text that stands in the compiled code exactly once", () => {
    const times = bugs.flatMap(({ name, rewrites }) =>
      rewrites.map(({ file, find }) => ({
        name,
        times: placesOf(readFileSync(join(dist, file), "utf8"), find).length,
      })),
    );
    expect(times.filter((bug) => bug.times !== 1)).to.deep.equal([]);
  });

  it("are each a row of mutations.md", () => {
    const table = readFileSync(join(dist, "../test/simulation/mutations.md"), "utf8");
    expect(bugs.filter(({ name }) => !table.includes(`| \`${name}\` |`)).map(({ name }) => name)).to.deep.equal([]);
  });
});
