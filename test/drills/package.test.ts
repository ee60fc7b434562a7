import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { parseAllDocuments } from "yaml";
import { eventually } from "../support/eventually.js";

const run = promisify(execFile);
const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");

interface PackedFile {
  readonly path: string;
}

describe("The npm package", function () {
  this.timeout(300_000);
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "cess-s3-package-"))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("has the program, the console's page, the documents that README links to and deploy/, and no tests or sources", async () => {
    const { stdout } = await run("npm", ["pack", "--json", "--dry-run", "--ignore-scripts"], { cwd: root });
    const paths = (JSON.parse(stdout) as { files: PackedFile[] }[]).flatMap(({ files }) =>
      files.map(({ path }) => path),
    );
    expect(paths).to.include.members(["dist/src/main.js", "dist/src/encoding/codec.wasm", "deploy/compose.yaml"]);
    // The page, and what it is sent as.
    expect(paths).to.include.members(["", ".br", ".gz"].map((end) => `dist/console/page/index.html${end}`));
    for (const kind of ["js", "css"])
      expect(
        paths.filter((path) => new RegExp(`^dist/console/page/assets/[^/]+\\.${kind}$`).test(path)),
        kind,
      ).to.not.deep.equal([]);
    const linked = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)/g)];
    for (const [, path = ""] of linked)
      expect(
        paths.some((each) => each === path || each.startsWith(`${path.replace(/\/$/, "")}/`)),
        `README links to ${path}`,
      ).to.equal(true);
    expect(paths.filter((path) => path.includes("test/") || path.startsWith("console/"))).to.deep.equal([]);
  });

  it("runs when it is installed into an empty folder", async () => {
    const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
      cwd: root,
    });
    const [packed] = JSON.parse(stdout) as { filename: string }[];
    const install = ["install", "--no-audit", "--no-fund", "--prefer-offline", "--prefix", folder];
    await run("npm", [...install, join(folder, packed?.filename ?? "")], { cwd: folder });
    const child = spawn(join(folder, "node_modules/.bin/cess-s3"), ["dev"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, CESS_S3_LISTEN: "127.0.0.1:0", CESS_S3_ADMIN_LISTEN: "127.0.0.1:0" },
    });
    try {
      let said = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
      await eventually("cess-s3 dev says where it listens", () => {
        if (child.exitCode !== null) throw new Error(`cess-s3 dev ended with code ${child.exitCode}: ${said}`);
        return /S3 endpoint\s+http/.test(said) && /console\s+http/.test(said);
      });
      const [, url = ""] = /console\s+(http:\S+)/.exec(said) ?? [];
      const page = await (await fetch(url)).text();
      const [, script = ""] = /<script[^>]* src="([^"]+)"/.exec(page) ?? [];
      const answer = await fetch(new URL(script, url));
      expect(`${answer.status} ${answer.headers.get("content-type")}`, `${url} has ${page}`).to.match(
        /^200 text\/javascript/,
      );
    } finally {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    }
    expect(child.exitCode).to.equal(0);
  });
});

describe("What deploy/ has", () => {
  it("is YAML that says nothing that the program does not know", () => {
    for (const name of ["compose.yaml", "kubernetes.yaml", "alerts.yaml"])
      for (const document of parseAllDocuments(readFileSync(join(root, "deploy", name), "utf8")))
        expect(document.errors, name).to.deep.equal([]);
  });

  it("opens the admin listener to other machines only with a token, and so does the image", () => {
    for (const name of ["deploy/compose.yaml", "deploy/kubernetes.yaml", "deploy/cess-s3.service", "Dockerfile"]) {
      const text = readFileSync(join(root, name), "utf8");
      const opened = /CESS_S3_ADMIN_LISTEN\W+(?:value\W+)?(?!127\.|localhost)[\d.:[]/.test(text);
      expect(opened, `${name} opens it`).to.equal(name === "deploy/kubernetes.yaml");
      if (opened) expect(text, name).to.match(/admin\.tokenFile: \/etc\/cess-s3\/admin-token/);
    }
  });
});

describe("The image", () => {
  const lines = readFileSync(join(root, "Dockerfile"), "utf8").split("\n");
  const last = (word: string) => lines.filter((line) => line.startsWith(`${word} `)).at(-1);

  it("runs `serve` as a user without rights, with a health check, and publishes the S3 listener alone", () => {
    expect(last("USER")).to.equal("USER node");
    expect(last("ENTRYPOINT")).to.equal('ENTRYPOINT ["node", "dist/src/main.js"]');
    expect(last("CMD")).to.equal('CMD ["serve"]');
    expect(last("HEALTHCHECK")).to.match(/CMD \["node", "dist\/src\/main.js", "health"\]$/);
    expect(last("EXPOSE")).to.equal("EXPOSE 9000");
    expect(last("VOLUME")).to.equal("VOLUME /data");
  });

  it("is of a Node.js that is supported, and the package allows it", () => {
    const [, major = "0"] = /^FROM node:(\d+)-/.exec(last("FROM") ?? "") ?? [];
    expect(Number(major) % 2, "a long-term version").to.equal(0);
    expect(Number(major)).to.be.at.least(22);
  });
});
