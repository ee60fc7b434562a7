import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { bugs } from "../simulation/bugs.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");

/** Cells of the tables' rows, headings left out. */
const rows = readFileSync(join(root, "docs/chain-hazards.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| hazard ") && !line.startsWith("| --- "))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

/** Whether the file has a test of exactly this title. */
function hasTest(file: string, title: string): boolean {
  if (!existsSync(join(root, file))) return false;
  const text = readFileSync(join(root, file), "utf8");
  return ['"', "`", "'"].some((quote) => text.includes(`it(${quote}${title}${quote},`));
}

describe("The chain's hazards", () => {
  it("have rows of four cells, none without a test", () => {
    expect(rows).to.have.length.above(30);
    for (const row of rows) {
      expect(row, row[0]).to.have.length(4);
      expect(row[2], row[0]).to.match(/^`test\//);
    }
  });

  it("are each covered by tests that exist", () => {
    const named = rows.flatMap((row) => (row[2] ?? "").split("<br>"));
    const missing = named.filter((name) => {
      const [, file = "", title = ""] = /^`([^`]+)` (.+)$/.exec(name) ?? [];
      return !hasTest(file, title);
    });
    expect(missing).to.deep.equal([]);
  });

  it("name planted bugs that exist", () => {
    const named = rows.flatMap((row) => [...(row[3] ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name));
    expect(named.filter((name) => !bugs.some((bug) => bug.name === name))).to.deep.equal([]);
  });
});
