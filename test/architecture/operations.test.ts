import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { operations } from "../../src/s3/operations/table.js";
import { probes } from "../../src/s3/operations/probes.js";
import { unserved } from "../../src/s3/operations/unserved.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const page = join(root, "docs/operations.md");
const BEGIN = "<!-- operations: written by UPDATE_DOCS=1 npm test -->\n";
const END = "<!-- /operations -->";

const kebab = (name: string) => name.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();

/** The file of conformance/ that tests an operation. */
function conformanceFile(name: string): string {
  const path = `conformance/operations/${kebab(name)}.test.ts`;
  return existsSync(join(root, path)) ? `\`${path}\`` : "";
}

function table(): string {
  const probing = new Set(probes.map(({ name }) => name));
  const rows = [
    ...operations.filter(({ name }) => !probing.has(name)).map(({ name }) => [name, "served", conformanceFile(name)]),
    ...probes.map(({ name }) => [
      name,
      "probing answer",
      conformanceFile(name) || "`conformance/wire/probing.test.ts`",
    ]),
    ...unserved.map(({ name }) => [name, "not offered", "`conformance/wire/bad-input.test.ts`"]),
  ];
  const sorted = [...new Map(rows.map((row) => [row[0], row])).values()].sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
  return [
    "| operation | answer | tested by |",
    "| --- | --- | --- |",
    ...sorted.map((row) => `| ${row.join(" | ")} |`),
  ].join("\n");
}

describe("docs/operations.md", () => {
  it("names every S3 operation with how it is answered and the conformance file that tests it", () => {
    const text = readFileSync(page, "utf8");
    const [before, rest = ""] = text.split(BEGIN);
    const [, after = ""] = rest.split(END);
    const wanted = `${before ?? ""}${BEGIN}${table()}\n${END}${after}`;
    if (process.env["UPDATE_DOCS"] === "1") writeFileSync(page, wanted);
    else expect(text === wanted, "the table is out of date: UPDATE_DOCS=1 npm test").to.equal(true);
  });

  it("has a conformance file for every operation served", () => {
    const probing = new Set(probes.map(({ name }) => name));
    expect(
      operations.filter(({ name }) => !probing.has(name) && conformanceFile(name) === "").map(({ name }) => name),
    ).to.deep.equal([]);
  });
});
