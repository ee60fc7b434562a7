import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");

/**
 * Which folders of src a folder may import. `folder/file` allows that one file: a port, seen by folders that must not see what
 * is behind it. What is not listed is refused.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  model: [],
  async: ["model"],
  config: ["model"],
  files: [],
  threads: ["async", "model"],
  streams: ["async", "model"],
  s3: ["gateway/gateway.js", "gateway/s3-error.js", "gateway/limits.js", "streams", "model"],
  gateway: [
    "catalog/catalog.js",
    "blobs/blobs.js",
    "retrieval/retrieval.js",
    "retrieval/network-files.js",
    "preprocessing/preprocessing.js",
    "network/chain/chain.js",
    "keys/keys.js",
    "threads",
    "streams",
    "model",
  ],
  keys: ["model"],
  preprocessing: ["catalog/catalog.js", "blobs/blobs.js", "encoding", "model"],
  distribution: [
    "catalog/catalog.js",
    "blobs/blobs.js",
    "encoding/encoder.js",
    "preprocessing/preprocessing.js",
    "network/chain/chain.js",
    "network/nodes/nodes.js",
    "network/nodes/node-registry.js",
    "background/worker.js",
    "async",
    "model",
  ],
  retrieval: [
    "cache/cache.js",
    "peers/peers.js",
    "encoding",
    "network/chain/chain.js",
    "network/nodes/nodes.js",
    "network/nodes/node-registry.js",
    "streams",
    "async",
    "model",
  ],
  peers: [
    "catalog/catalog.js",
    "blobs/blobs.js",
    "cache/cache.js",
    "encoding/encoder.js",
    "retrieval/retrieval.js",
    "network/chain/chain.js",
    "network/chain/gateway-register.js",
    "network/nodes/endpoint-policy.js",
    "streams",
    "async",
    "model",
  ],
  maintenance: ["catalog/catalog.js", "blobs/blobs.js", "background", "async", "model"],
  catalog: ["model"],
  blobs: ["files", "streams", "model"],
  cache: ["streams", "model"],
  encoding: ["threads", "async", "model"],
  network: ["async", "model"],
  background: ["async", "model"],
  admin: ["model"],
  "storage-node": ["network", "encoding", "files", "streams", "async", "model"],
  devnet: ["storage-node", "network", "encoding", "files", "async", "model"],
};

/** Packages only some folders may know. */
const owners: readonly { readonly packages: RegExp; readonly folders: readonly string[] }[] = [
  { packages: /^express$/, folders: ["s3"] },
  { packages: /^(kysely|pg)$/, folders: ["catalog"] },
  { packages: /^libsql$/, folders: ["catalog", "devnet", "cli"] },
  { packages: /^@polkadot\//, folders: ["network", "devnet"] },
  { packages: /^@subspace\//, folders: ["encoding"] },
  { packages: /^fast-xml-parser$|^aws4$|^@aws-sdk\//, folders: ["s3"] },
  { packages: /^undici$/, folders: ["network", "peers", "keys"] },
  { packages: /^yaml$/, folders: ["config", "devnet", "cli"] },
  { packages: /^zod$/, folders: ["config", "devnet", "cli", "catalog", "model"] },
];

function sources(folder: string): string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(join(root, path)).isDirectory()) return sources(path);
    return path.endsWith(".ts") ? [path] : [];
  });
}

function imports(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [
    ...text.matchAll(/^\s*(?:import|export)\s(?:[^;]*?\sfrom\s)?"([^"]+)"/gm),
    ...text.matchAll(/\bimport\("([^"]+)"\)/g),
  ].map((match) => match[1] ?? "");
}

const room = (path: string) => path.split(sep)[1] ?? "";
const composes = (path: string) => room(path) === "cli" || path === join("src", "main.ts");

function refusals(file: string, targets = imports(file)): string[] {
  const from = room(file);
  return targets.flatMap((target) => {
    if (!target.startsWith(".")) {
      const rule = owners.find(({ packages }) => packages.test(target));
      return rule && !rule.folders.includes(from)
        ? [`${file} imports ${target}, which only ${rule.folders.join(", ")} may know`]
        : [];
    }
    const path = normalize(join(dirname(file), target));
    const to = room(path);
    if (composes(file) || to === from) return [];
    const inner = relative("src", path).split(sep).join("/");
    const ok = (allowed[from] ?? []).some((entry) => (entry.includes(".") ? inner === entry : to === entry));
    return ok
      ? []
      : [`${file} imports ${inner}; ${from} may import ${(allowed[from] ?? []).join(", ") || "nothing of ours"}`];
  });
}

describe("architecture", () => {
  it("lets a room import only what its row in the table allows", () => {
    const files = sources("src");
    expect(files.length).to.be.greaterThan(20);
    expect(files.flatMap((file) => refusals(file))).to.deep.equal([]);
  });

  it("knows every folder of src", () => {
    const folders = readdirSync(join(root, "src")).filter((name) => statSync(join(root, "src", name)).isDirectory());
    expect(folders.filter((name) => name !== "cli" && !(name in allowed))).to.deep.equal([]);
  });

  it("listens to abort signals in one place, which takes every listener off again", () => {
    const listening = sources("src").filter((file) =>
      /addEventListener\(\s*"abort"/.test(readFileSync(join(root, file), "utf8")),
    );
    expect(listening).to.deep.equal([join("src", "async", "abort.ts")]);
  });

  it("keeps conformance a black box that imports nothing from src", () => {
    const inside = sources("conformance").flatMap((file) =>
      imports(file)
        .filter((target) => target.includes("/src/"))
        .map((target) => `${file} imports ${target}`),
    );
    expect(inside).to.deep.equal([]);
  });

  it("refuses an upward import, a room behind a port and a package of another room", () => {
    expect(refusals("src/model/hash.ts", ["../gateway/gateway.js"])).to.have.length(1);
    expect(refusals("src/gateway/access.ts", ["../catalog/catalog.js", "../catalog/sql-catalog.js"])).to.have.length(1);
    expect(
      refusals("src/s3/operations/put-object.ts", ["kysely", "express", "../operation.js", "../../model/hash.js"]),
    ).to.have.length(1);
  });
});
