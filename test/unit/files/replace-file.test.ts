import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { replaceFile } from "../../../src/files/replace-file.js";

describe("replaceFile", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "replace-file-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("writes a file and replaces it whole, for its owner alone, and leaves nothing beside it", async () => {
    const path = join(folder, "state.json");
    await replaceFile(path, "a long first text");
    await replaceFile(path, Buffer.from("second"));
    expect(await readFile(path, "utf8")).to.equal("second");
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    expect(await readdir(folder)).to.deep.equal(["state.json"]);
  });

  it("takes over what a crash left half written, whatever mode it has", async () => {
    const path = join(folder, "state.json");
    await writeFile(`${path}.new`, "half of something much longer", { mode: 0o644 });
    await replaceFile(path, "whole");
    expect(await readFile(path, "utf8")).to.equal("whole");
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
  });

  it("leaves the old file where the new one cannot be written", async () => {
    const path = join(folder, "state.json");
    await replaceFile(path, "old");
    await mkdir(`${path}.new`);
    expect(await replaceFile(path, "new").catch(String)).to.match(/EISDIR/);
    expect(await readFile(path, "utf8")).to.equal("old");
    expect(await replaceFile(join(folder, "missing", "state.json"), "new").catch(String)).to.match(/ENOENT/);
  });
});
