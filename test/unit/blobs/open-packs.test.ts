import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { OpenPacks } from "../../../src/blobs/open-packs.js";
import { eventually } from "../../support/eventually.js";

describe("Packs that are read", () => {
  let folder: string;
  let packs: OpenPacks;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "cess-s3-open-packs-")));
    packs = new OpenPacks({ files: 3, keptMs: 3_600_000 });
  });
  afterEach(async () => {
    packs.close();
    await eventually("all files are closed", () => opened().length === 0);
    rmSync(folder, { recursive: true });
  });

  const pack = (name: string, content: string) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const read = async (path: string, start: number, end: number, from = packs) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of from.chunks(path, { start, end })) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  /** Names of the folder's files that this process has open. */
  const opened = () =>
    readdirSync("/proc/self/fd").flatMap((descriptor) => {
      try {
        const path = readlinkSync(`/proc/self/fd/${descriptor}`);
        return path.startsWith(folder) ? [path.slice(folder.length + 1)] : [];
      } catch {
        return [];
      }
    });

  it("are opened once for many reads at once and after each other", async () => {
    const path = pack("a", "0123456789");
    const found = await Promise.all([0, 1, 2, 3].map((start) => read(path, start, start + 3)));
    expect(found).to.deep.equal(["012", "123", "234", "345"]);
    expect(await read(path, 7, 10)).to.equal("789");
    expect(opened()).to.deep.equal(["a"]);
  });

  it("give nothing for an empty range, without a look at the file", async () => {
    expect(await read(join(folder, "none"), 3, 3)).to.equal("");
  });

  it("are kept open in a bounded number, those opened last", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) expect(await read(pack(name, name), 0, 1)).to.equal(name);
    await eventually("three are open", () => opened().length === 3);
    expect(opened().sort()).to.deep.equal(["c", "d", "e"]);
    expect(await read(join(folder, "a"), 0, 1)).to.equal("a");
  });

  it("are closed after a while, however often they are read", async () => {
    const short = new OpenPacks({ keptMs: 1 });
    const path = pack("a", "old");
    expect(await read(path, 0, 3, short)).to.equal("old");
    writeFileSync(`${path}.new`, "new");
    renameSync(`${path}.new`, path);
    await eventually("what replaced it is read", async () => (await read(path, 0, 3, short)) === "new");
    await eventually("it is closed", () => opened().length === 0);
  });

  it("show what was appended since they were opened", async () => {
    const path = pack("a", "0123");
    expect(await read(path, 0, 4)).to.equal("0123");
    writeFileSync(path, "4567", { flag: "a" });
    expect(await read(path, 2, 8)).to.equal("234567");
  });

  it("that end too soon fail the read, and are opened anew for the next", async () => {
    const path = pack("a", "0123");
    const short = await read(path, 2, 8).catch((error: unknown) => error);
    expect(short).to.be.instanceOf(Error).with.property("position", 4);
    writeFileSync(`${path}.new`, "01234567");
    renameSync(`${path}.new`, path);
    expect(await read(path, 2, 8)).to.equal("234567");
  });

  it("that are not there fail each read, and are read when they come", async () => {
    const path = join(folder, "a");
    const failures = await Promise.all([1, 2].map(() => read(path, 0, 1).catch((error: unknown) => error)));
    for (const failure of failures) expect(failure).to.have.property("code", "ENOENT");
    pack("a", "x");
    expect(await read(path, 0, 1)).to.equal("x");
  });
});
