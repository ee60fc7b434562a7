import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openGatewayFolder, openNodeFolder } from "../../../src/cli/data-folder.js";
import { ConfigError } from "../../../src/config/config-error.js";

describe("A data folder", () => {
  let folder: string;
  const warnings: string[] = [];
  const log = { warn: (_fields: object, message: string) => void warnings.push(message) };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-data-"));
    warnings.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const mode = (...path: string[]) => statSync(join(folder, ...path)).mode & 0o7777;
  const open = (path: string) => openGatewayFolder(path, "cess-s3 test", log);
  const refusal = async (path: string) => {
    const error: unknown = await open(path).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(ConfigError);
    return (error as Error).message;
  };
  const file = (path: string, bits: number) => {
    writeFileSync(join(folder, path), path);
    chmodSync(join(folder, path), bits);
  };
  const inner = (path: string, bits: number) => {
    mkdirSync(join(folder, path), { recursive: true });
    chmodSync(join(folder, path), bits);
  };

  it("is made with the folders above it, for its owner alone, whatever the umask", async () => {
    const before = process.umask(0);
    try {
      (await open(join(folder, "one", "two"))).close();
    } finally {
      process.umask(before);
    }
    expect(mode("one")).to.equal(0o700);
    expect(mode("one", "two")).to.equal(0o700);
  });

  it("of an earlier version is closed to others with all that a gateway keeps in it, and nothing else in it", async () => {
    chmodSync(folder, 0o755);
    for (const path of ["blobs", "blobs/packs", "blobs/0", "cache", "state", "network/chain", "others"])
      inner(path, 0o755);
    for (const path of ["catalog.sqlite", "catalog.sqlite-wal", "keys.json", "blobs/packs/a", "network/chain/b"])
      file(path, 0o644);
    for (const path of ["cess-s3.yaml", "others/c"]) file(path, 0o640);
    file("elsewhere", 0o666);
    symlinkSync(join(folder, "elsewhere"), join(folder, "blobs", "link"));
    inner("others", 0o755);
    chmodSync(join(folder, "network"), 0o755);
    (await open(folder)).close();
    for (const path of ["blobs", "blobs/packs", "blobs/0", "cache", "state", "network", "network/chain"])
      expect(mode(path), path).to.equal(0o700);
    for (const path of ["catalog.sqlite", "catalog.sqlite-wal", "keys.json", "blobs/packs/a", "network/chain/b"])
      expect(mode(path), path).to.equal(0o600);
    expect(mode("cess-s3.yaml")).to.equal(0o640);
    expect(mode("others")).to.equal(0o755);
    expect(mode("others", "c")).to.equal(0o640);
    expect(mode("elsewhere"), "what a link leads to").to.equal(0o666);
    expect(readFileSync(join(folder, "catalog.sqlite"), "utf8")).to.equal("catalog.sqlite");
    // Root alone leaves a folder as it is that holds other things: it may be a part of the system.
    if (process.getuid?.() === 0) {
      expect(warnings.join()).to.contain(folder).and.contain("0700");
      expect(mode()).to.equal(0o755);
    } else {
      expect(mode()).to.equal(0o700);
      expect(warnings).to.deep.equal([]);
    }
  });

  it("of its own is closed to others without a word", async () => {
    chmodSync(folder, 0o775);
    inner("blobs", 0o755);
    inner("lost+found", 0o755);
    (await open(folder)).close();
    expect(mode()).to.equal(0o700);
    expect(mode("blobs")).to.equal(0o700);
    expect(warnings).to.deep.equal([]);
  });

  it("that all users share is left as it is, with a warning", async () => {
    chmodSync(folder, 0o1777);
    (await open(folder)).close();
    expect(mode()).to.equal(0o1777);
    expect(warnings.join()).to.contain(folder).and.contain("use a folder of its own, with mode 0700");
  });

  it("is searched no deeper than folders that are open to others", async () => {
    inner("blobs/packs", 0o755);
    file("blobs/packs/a", 0o644);
    chmodSync(join(folder, "blobs"), 0o700);
    (await open(folder)).close();
    expect(mode("blobs", "packs", "a"), "nobody can reach it").to.equal(0o644);
  });

  it("of a storage node is closed to others, too", async () => {
    const fid = "a".repeat(64);
    inner(fid, 0o755);
    file(`${fid}/b`, 0o644);
    inner("incoming", 0o755);
    chmodSync(folder, 0o755);
    const opened = await openNodeFolder(folder, "cess-s3 node", log);
    expect([mode(), mode(fid), mode(fid, "b"), mode("incoming")]).to.deep.equal([0o700, 0o700, 0o600, 0o700]);
    opened.close();
  });

  it("is one command's, and untouched by a second one, which says how to go on", async () => {
    const opened = await open(folder);
    chmodSync(folder, 0o750);
    file("catalog.sqlite", 0o644);
    expect(await refusal(folder))
      .to.contain(`the folder ${folder} is in use by cess-s3 test, process ${process.pid}`)
      .and.contain("end that process first, or choose another folder in dataDir (CESS_S3_DATA_DIR)");
    expect(mode()).to.equal(0o750);
    expect(mode("catalog.sqlite")).to.equal(0o644);
    opened.close();
    (await open(folder)).close();
  });

  it("that cannot be one is refused with the setting, the path and the cause", async () => {
    file("file", 0o600);
    const begin = "dataDir (CESS_S3_DATA_DIR): cannot use the folder ";
    expect(await refusal(join(folder, "file"))).to.equal(`${begin}${join(folder, "file")}: it is not a folder`);
    expect(await refusal(join(folder, "file", "below")))
      .to.contain(begin)
      .and.contain("a part of the path is a file");
    symlinkSync(join(folder, "nowhere"), join(folder, "dangling"));
    expect(await refusal(join(folder, "dangling"))).to.contain("there is no such file or folder");
    if (existsSync("/proc/self"))
      expect(await refusal("/proc/cess-s3/data")).to.equal(
        `${begin}/proc/cess-s3/data: it is not there, and /proc takes no new folders`,
      );
    expect(readdirSync(folder).sort()).to.deep.equal(["dangling", "file"]);
  });

  it("that this user may not write is refused before anything is tried in it", async () => {
    mkdirSync(join(folder, "closed"));
    chmodSync(join(folder, "closed"), 0o500);
    await asNobody(folder, async () => {
      expect(await refusal(join(folder, "closed"))).to.contain("check owner and permissions");
      expect(await refusal(join(folder, "closed", "data"))).to.contain("check owner and permissions");
    });
  });
});

const NOBODY = 65_534;

/** Nothing is forbidden to root: it becomes nobody for the time of the test, and the folder with what is in it nobody's. */
async function asNobody(folder: string, test: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return test();
  for (const path of [folder, ...readdirSync(folder).map((name) => join(folder, name))])
    chownSync(path, NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
  try {
    await test();
  } finally {
    process.seteuid?.(0);
  }
}
