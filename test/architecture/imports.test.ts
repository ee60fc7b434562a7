import { expect } from "chai";
import { readCodeMap, type CodeMap } from "./code-map.js";
import { circles, foldersBelow, importsOf, resolved, sources, textOf } from "./source-files.js";

const map = readCodeMap(textOf("ARCHITECTURE.md"));
const files = sources("src");

/** Packages only some folders may know. */
const owners: readonly { readonly packages: RegExp; readonly folders: readonly string[] }[] = [
  { packages: /^express$/, folders: ["s3"] },
  { packages: /^(kysely|pg)$/, folders: ["catalog"] },
  { packages: /^@opentelemetry\//, folders: ["cli"] },
  { packages: /^libsql$/, folders: ["catalog", "devnet", "cli"] },
  { packages: /^@polkadot\/|^@scure\//, folders: ["network", "devnet"] },
  { packages: /^@subspace\//, folders: ["encoding"] },
  { packages: /^fast-xml-parser$/, folders: ["s3"] },
  { packages: /^@aws-sdk\//, folders: ["blobs", "s3"] },
  { packages: /^modern-tar$/, folders: ["cli"] },
  { packages: /^undici$/, folders: ["network", "peers", "keys", "cli"] },
  { packages: /^yaml$/, folders: ["config", "devnet", "cli"] },
  {
    packages: /^zod$/,
    folders: [
      "async",
      "config",
      "devnet",
      "cli",
      "catalog",
      "model",
      "network",
      "keys",
      "sts",
      "peers",
      "sdk",
      "sign-up",
      "receipts",
      "journal",
    ],
  },
  { packages: /^(?:@keyv\/.+|keyv)$/, folders: ["cli"] },
  { packages: /^jose$/, folders: ["sts", "sdk"] },
];

const isOurs = (target: string) => target.startsWith("src/");
/** The folder of src that a file is in. `main.ts` is where the commands begin. */
const folderOf = (path: string) => (path === "src/main.ts" ? "cli" : (path.split("/")[1] ?? ""));
/** The folder or file directly in a folder of src, by name, that a path belongs to. */
const partOf = (path: string) => path.split("/")[2]?.replace(/\.ts$/, "") ?? "";

/** Packages that a file must not know. */
function packageRefusals(file: string, targets = importsOf(file)): string[] {
  return targets.flatMap((target) => {
    const rule = owners.find(({ packages }) => packages.test(target));
    return rule && !rule.folders.includes(folderOf(file))
      ? [`${file} imports ${target}, which only ${rule.folders.join(", ")} may know`]
      : [];
  });
}

/** Imports from another folder that the code map does not allow. */
function folderRefusals(file: string, targets = importsOf(file)): string[] {
  const from = folderOf(file);
  const allowed = map.get(from)?.mayImport ?? [];
  if (allowed === "everything") return [];
  const permitted = (target: string) =>
    folderOf(target) === from || allowed.some((name) => name === folderOf(target) || target === `src/${name}.ts`);
  return targets
    .filter((target) => isOurs(target) && !permitted(target))
    .map((target) => `${file} imports ${target}; ${from} may import ${allowed.join(", ") || "nothing of ours"}`);
}

/** Imports within a folder from the same layer or a higher one, and files that are in no layer. */
function layerRefusals(file: string, targets = importsOf(file)): string[] {
  const layers = map.get(folderOf(file))?.layers ?? [];
  if (layers.length === 0) return [];
  const levelOf = (path: string) => layers.findIndex((layer) => layer.includes(partOf(path)));
  if (levelOf(file) < 0) return [`${file} is in none of the layers of ${folderOf(file)}`];
  return targets
    .filter((target) => isOurs(target) && folderOf(target) === folderOf(file) && partOf(target) !== partOf(file))
    .filter((target) => levelOf(target) >= levelOf(file))
    .map((target) => `${file} imports ${target}, which is not in a layer below`);
}

/** Names in the code map that stand for nothing in src, and folders of src that it leaves out. */
function mapFaults(rows: CodeMap): string[] {
  const folders = foldersBelow("src").filter((path) => !path.includes("/"));
  const exists = (name: string) => folders.includes(name) || files.includes(`src/${name}.ts`);
  return [
    ...folders.filter((folder) => !rows.has(folder)).map((folder) => `src/${folder} has no row`),
    ...[...rows].flatMap(([folder, { mayImport, layers }]) => {
      if (!folders.includes(folder)) return [`src has no folder ${folder}`];
      const parts = layers.flat().map((part) => `${folder}/${part}`);
      const known = new Set(foldersBelow("src"));
      return [
        ...(mayImport === "everything" ? [] : mayImport).filter((name) => !exists(name)),
        ...parts.filter((part) => !known.has(part) && !exists(part)),
      ].map((name) => `the row of ${folder} names ${name}, which does not exist`);
    }),
  ];
}

/** The folders of test/unit that are no folders of src. */
function unmirrored(folders: readonly string[]): string[] {
  const known = new Set(foldersBelow("src"));
  return folders.filter((folder) => !known.has(folder));
}

/** `targets` as the text of an import has them. */
const importing = (file: string, ...targets: string[]) => targets.map((target) => resolved(file, target));

describe("architecture", () => {
  it("has a row in ARCHITECTURE.md's code map for each folder of src, and a folder for each row", () => {
    expect(files.length).to.be.greaterThan(20);
    expect(mapFaults(map)).to.deep.equal([]);
  });

  it("lets a folder import only what its row in the code map allows", () => {
    expect(files.flatMap((file) => folderRefusals(file))).to.deep.equal([]);
  });

  it("lets the folders and files of a folder import only what is before them in the order that its row states", () => {
    expect([...map].filter(([, { layers }]) => layers.length > 0).map(([folder]) => folder)).to.include("gateway");
    expect(files.flatMap((file) => layerRefusals(file))).to.deep.equal([]);
  });

  it("keeps each package to the folders that may know it", () => {
    expect(files.flatMap((file) => packageRefusals(file))).to.deep.equal([]);
  });

  it("has no files of src that import each other in a circle, types included", () => {
    const graph = new Map(files.map((file) => [file, importsOf(file).filter(isOurs)]));
    expect([...graph.values()].flat().filter((target) => !graph.has(target))).to.deep.equal([]);
    expect(circles(graph).map((circle) => circle.join(" → "))).to.deep.equal([]);
  });

  it("mirrors the folders of src in test/unit", () => {
    const folders = foldersBelow("test/unit");
    expect(folders).to.include("gateway/objects");
    expect(unmirrored(folders)).to.deep.equal([]);
  });

  it("listens to abort signals in one place, which takes every listener off again", () => {
    const listening = files.filter((file) => /addEventListener\(\s*"abort"/.test(textOf(file)));
    expect(listening).to.deep.equal(["src/async/abort.ts"]);
  });

  it("keeps conformance a black box that imports nothing from src", () => {
    const inside = sources("conformance").flatMap((file) =>
      importsOf(file)
        .filter(isOurs)
        .map((target) => `${file} imports ${target}`),
    );
    expect(inside).to.deep.equal([]);
  });
});

describe("the tests of the architecture", () => {
  it("refuse an upward import, a folder behind a port and a package of another folder", () => {
    const hash = "src/model/hash.ts";
    expect(folderRefusals(hash, importing(hash, "../gateway/gateway.js"))).to.have.length(1);
    const access = "src/gateway/access/accounts.ts";
    expect(
      folderRefusals(access, importing(access, "../../catalog/catalog.js", "../../catalog/sql-catalog.js")),
    ).to.deep.equal([
      `${access} imports src/catalog/sql-catalog.ts; gateway may import ${(map.get("gateway")?.mayImport as string[]).join(", ")}`,
    ]);
    const put = "src/s3/operations/put-object.ts";
    expect(packageRefusals(put, ["kysely", "express"])).to.have.length(1);
    expect(folderRefusals(put, importing(put, "../operation.js", "../../model/hash.js"))).to.deep.equal([]);
    expect(folderRefusals("src/new/file.ts", ["src/model/hash.ts"]), "a folder without a row").to.have.length(1);
  });

  it("refuse, within a folder, an import from a higher layer or from the same one, and a file outside the layers", () => {
    const ingest = "src/gateway/ingest/ingest.ts";
    const refusals = (file: string, ...targets: string[]) => layerRefusals(file, importing(file, ...targets));
    expect(refusals(ingest, "../limits.js", "./body.js", "../../model/hash.js")).to.deep.equal([]);
    expect(refusals(ingest, "../objects/objects.js")).to.have.length(1);
    expect(refusals(ingest, "../access/accounts.js")).to.have.length(1);
    expect(refusals("src/gateway/access/accounts.ts", "../ingest/body.js")).to.have.length(1);
    expect(refusals("src/gateway/objects/objects.ts", "../gateway.js")).to.have.length(1);
    expect(refusals("src/gateway/uploads/uploads.ts", "../unheard-of/file.js")).to.deep.equal([]);
    expect(refusals("src/gateway/call.ts", "./buckets/buckets.js")).to.have.length(1);
    expect(refusals("src/gateway/unheard-of.ts")).to.have.length(1);
  });

  it("find a circle, of two files or of more, and a file that imports itself", () => {
    const found = (graph: Record<string, string[]>) => circles(new Map(Object.entries(graph)));
    expect(found({ a: ["b", "c"], b: ["c"], c: [] })).to.deep.equal([]);
    expect(found({ a: ["b"], b: ["a"] })).to.deep.equal([["a", "b", "a"]]);
    expect(found({ a: ["b", "d"], b: ["c"], c: ["d"], d: ["b"] })).to.deep.equal([["b", "c", "d", "b"]]);
    expect(found({ a: ["a"] })).to.deep.equal([["a", "a"]]);
  });

  it("find a row without its folder, a folder without its row, a name that stands for nothing, and a row that cannot be read", () => {
    const nothing = { mayImport: [], layers: [] };
    expect(mapFaults(new Map([...map, ["absent", nothing]]))).to.deep.equal(["src has no folder absent"]);
    expect(mapFaults(new Map([...map].filter(([folder]) => folder !== "keys")))).to.deep.equal(["src/keys has no row"]);
    expect(
      mapFaults(new Map([...map, ["keys", { mayImport: ["model/absent"], layers: [["keys"], ["absent"]] }]])),
    ).to.deep.equal([
      "the row of keys names model/absent, which does not exist",
      "the row of keys names keys/absent, which does not exist",
    ]);
    const table = (...rows: string[]) =>
      ["| folder | duty | may import |", "| --- | --- | --- |", ...rows, ""].join("\n");
    expect(
      readCodeMap(table("| `a` | does | – |", "| `b` | in this order: `c` and `d` (the `e`), `f` | `a`, `a/g` |")),
    ).to.deep.equal(
      new Map([
        ["a", { mayImport: [], layers: [] }],
        ["b", { mayImport: ["a", "a/g"], layers: [["c", "d"], ["f"]] }],
      ]),
    );
    for (const row of ["| `a` | does | `b` or `c` |", "| `a` | does |", "| a | does | – |"])
      expect(() => readCodeMap(table(row)), row).to.throw(row);
    expect(() => readCodeMap("# Architecture\n")).to.throw("no table");
  });

  it("find a folder of unit tests that mirrors nothing", () => {
    expect(unmirrored(["gateway/objects", "gateway/elsewhere", "absent"])).to.deep.equal([
      "gateway/elsewhere",
      "absent",
    ]);
  });
});
