import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { RotatedLog } from "../../../src/files/rotated-log.js";

describe("A log that is rotated", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-rotated-"));
    path = join(folder, "audit.log");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const lines = (file = path) => readFileSync(file, "utf8").trimEnd().split("\n");

  it("appends each line whole, in the order of the calls, for its owner alone", async () => {
    const log = new RotatedLog({ path, fileBytes: 10_000, files: 3 });
    await Promise.all(Array.from({ length: 50 }, (_, n) => log.append(`line ${n}`)));
    expect(lines()).to.deep.equal(Array.from({ length: 50 }, (_, n) => `line ${n}`));
    expect(statSync(path).mode & 0o777).to.equal(0o600);
  });

  it("begins a new file before one is too large, and keeps so many, the newest lines in them", async () => {
    const log = new RotatedLog({ path, fileBytes: 30, files: 3 });
    for (let n = 10; n < 40; n++) await log.append(`line ${n}`);
    expect(readdirSync(folder).sort()).to.deep.equal(["audit.log", "audit.log.1", "audit.log.2"]);
    const kept = [`${path}.2`, `${path}.1`, path].flatMap((file) => lines(file));
    expect(kept.at(-1)).to.equal("line 39");
    expect(kept).to.deep.equal(Array.from({ length: kept.length }, (_, n) => `line ${40 - kept.length + n}`));
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).size).to.be.at.most(30);
  });

  it("goes on after a line that a crash has cut, and where a rotation was broken off", async () => {
    writeFileSync(path, "whole\ncut");
    const log = new RotatedLog({ path, fileBytes: 30, files: 3 });
    await log.append("next");
    expect(lines()).to.deep.equal(["whole", "cut", "next"]);
    rmSync(path);
    writeFileSync(`${path}.2`, "oldest\n");
    appendFileSync(path, `${"x".repeat(30)}\n`);
    await log.append("after");
    expect(lines()).to.deep.equal(["after"]);
    expect(lines(`${path}.1`)).to.deep.equal(["x".repeat(30)]);
  });

  it("writes a line that is larger than a file by itself", async () => {
    const log = new RotatedLog({ path, fileBytes: 30, files: 2 });
    await log.append("y".repeat(100));
    await log.append("z");
    expect([lines(`${path}.1`), lines()]).to.deep.equal([["y".repeat(100)], ["z"]]);
  });

  it("rejects where it cannot write, and writes again when it can", async () => {
    const log = new RotatedLog({ path: join(folder, "absent", "audit.log"), fileBytes: 100, files: 2 });
    const failure = await log.append("lost").then(
      () => undefined,
      (error: unknown) => (error as NodeJS.ErrnoException).code,
    );
    expect(failure).to.equal("ENOENT");
    const other = new RotatedLog({ path, fileBytes: 100, files: 2 });
    await other.append("kept");
    expect(lines()).to.deep.equal(["kept"]);
  });
});
