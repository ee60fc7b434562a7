import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");

const documents = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "CHANGELOG.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** A link to a file of this repository; `anchor` is the heading it names, as in a URL. */
interface Link {
  readonly path: string;
  readonly anchor?: string;
}

const withoutFences = (markdown: string) => markdown.replace(/^(`{3,}|~{3,}).*?^\1[^\S\n]*$/gms, "");

/** Relative links of a document, images included. What stands in code is no link. */
function links(document: string, markdown: string): Link[] {
  const text = withoutFences(markdown).replace(/`[^`\n]*`/g, "");
  const inline = [...text.matchAll(/\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)];
  const references = [...text.matchAll(/^\s{0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?/gm)];
  return [...inline, ...references].flatMap(([, target = ""]) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return [];
    const [file = "", anchor] = target.split("#");
    const path = file === "" ? document : normalize(join(dirname(document), decodeURIComponent(file)));
    return [{ path, ...(anchor === undefined ? {} : { anchor }) }];
  });
}

/** The anchors that GitHub and npm give to a document's headings. */
function anchors(markdown: string): Set<string> {
  const found = new Set<string>();
  for (const [, heading = ""] of withoutFences(markdown).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = text.replace(/[^\p{L}\p{N}\p{M} _-]/gu, "").replaceAll(" ", "-");
    let anchor = slug;
    for (let n = 1; found.has(anchor); n++) anchor = `${slug}-${n}`;
    found.add(anchor);
  }
  return found;
}

/** What is wrong with a link, or undefined. */
function fault({ path, anchor }: Link): string | undefined {
  if (path.startsWith("..")) return `${path} lies outside the repository`;
  if (!existsSync(join(root, path))) return `${path} does not exist`;
  if (anchor === undefined) return undefined;
  if (!path.endsWith(".md")) return `${path} has no headings`;
  return anchors(readFileSync(join(root, path), "utf8")).has(anchor) ? undefined : `${path} has no heading #${anchor}`;
}

/** Whether the npm package carries a path: what `files` lists, and what npm always takes along. */
function carried(path: string, files: readonly string[]): boolean {
  return (
    path === "package.json" || files.some((entry) => path === entry || path.startsWith(`${entry.replace(/\/$/, "")}/`))
  );
}

const linksOf = (document: string) => links(document, readFileSync(join(root, document), "utf8"));

describe("Documents", () => {
  for (const document of documents) {
    it(`${document} links only to files and headings that exist`, () => {
      expect(
        linksOf(document)
          .map(fault)
          .filter((text) => text !== undefined),
      ).to.deep.equal([]);
    });
  }

  it("README.md leads to each document", () => {
    const linked = new Set(linksOf("README.md").map(({ path }) => path));
    expect(documents.filter((document) => document !== "README.md" && !linked.has(document))).to.deep.equal([]);
  });

  it("the npm package carries what README.md links to", () => {
    const { files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { files: string[] };
    expect(
      linksOf("README.md")
        .map(({ path }) => path)
        .filter((path) => !carried(path, files)),
    ).to.deep.equal([]);
    expect(files.filter((entry) => entry !== "dist/src" && !existsSync(join(root, entry)))).to.deep.equal([]);
  });

  it("a dead link, a dead anchor and a file that is not carried are found", () => {
    const text =
      "# A `b` & c\n\n[x](b.md#a-b--c) ![y](../z.png) [q][r] [w](https://example.com/) `[no](link.md)`\n\n```sh\n[no](link.md)\n```\n\n[r]: #there\n";
    expect(links("docs/a.md", text)).to.deep.equal([
      { path: "docs/b.md", anchor: "a-b--c" },
      { path: "z.png" },
      { path: "docs/a.md", anchor: "there" },
    ]);
    expect([...anchors(`${text}# A b c\n## A b c\n`)]).to.deep.equal(["a-b--c", "a-b-c", "a-b-c-1"]);
    expect(fault({ path: "docs/absent.md" })).to.equal("docs/absent.md does not exist");
    expect(fault({ path: "README.md", anchor: "absent" })).to.equal("README.md has no heading #absent");
    expect(statSync(join(root, "docs")).isDirectory() && fault({ path: "docs" })).to.equal(undefined);
    expect(carried("docs/a.md", ["docs"]) && !carried("docsystem.md", ["docs"])).to.equal(true);
  });
});
