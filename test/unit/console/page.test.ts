import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { PageFiles } from "../../../src/console/page-files.js";

const page = join(dirname(fileURLToPath(import.meta.url)), "../../../console/page");

/** What the page loads before it shows anything: what index.html names, and what those import at once. */
function initial(): string[] {
  const found = new Set<string>(["index.html"]);
  const visit = (text: string) => {
    for (const [, path = ""] of text.matchAll(
      /(?:src|href)="\/console\/([^"]+)"|(?:from|import)\s*"\.\/([^"]+\.js)"/g,
    )) {
      const file = path === "" ? "" : path;
      if (file === "" || found.has(file)) continue;
      found.add(file);
      if (file.endsWith(".js")) visit(readFileSync(join(page, file), "utf8"));
    }
  };
  visit(readFileSync(join(page, "index.html"), "utf8"));
  return [...found];
}

describe("The built page", () => {
  it("loads at most 200 kB compressed before it can be used, and half of that in fact", () => {
    const bytes = (suffix: string) =>
      initial().reduce((sum, name) => sum + readFileSync(join(page, `${name}${suffix}`)).length, 0);
    expect(initial().some((name) => name.endsWith(".js"))).to.equal(true);
    expect(initial().some((name) => name.endsWith(".css"))).to.equal(true);
    expect(bytes(".gz")).to.be.above(10_000).and.below(100_000);
    expect(bytes(".br")).to.be.below(100_000);
  });

  it("has nothing inline, and names no other host", () => {
    const html = readFileSync(join(page, "index.html"), "utf8");
    expect(html).not.to.match(/<script(?![^>]*\bsrc=)|<style|\bon\w+=|style=/i);
    for (const name of readdirSync(join(page, "assets"))) {
      if (!/\.(?:js|css)$/.test(name)) continue;
      const urls = [...readFileSync(join(page, "assets", name), "utf8").matchAll(/https?:\/\/([a-z0-9.-]+)/gi)];
      // Namespaces and examples; nothing of them is fetched.
      const known = /^(?:www\.w3\.org|s3\.amazonaws\.com|www\.example\.com)$/;
      expect(
        urls.map(([, host = ""]) => host).filter((host) => !known.test(host)),
        name,
      ).to.deep.equal([]);
    }
  });

  it("is served with a name that changes with its content", async () => {
    const files = await PageFiles.load(page);
    expect(files.get("")?.immutable).to.equal(false);
    for (const name of initial().filter((each) => each.startsWith("assets/"))) {
      expect(name).to.match(/-[\w-]{8}\.(?:js|css)$/);
      expect(files.get(name)?.immutable, name).to.equal(true);
      expect(files.get(name)?.encoded.size, name).to.equal(2);
    }
  });

  it("is empty where it was not built", async () => {
    expect((await PageFiles.load(join(page, "absent"))).get("")).to.equal(undefined);
  });
});
