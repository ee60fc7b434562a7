import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { target, useBucket } from "../support/target.js";
import { makeTree, needs, succeed } from "./shell.js";

const MIB = 2 ** 20;

describe("rclone", function () {
  this.timeout(300_000);
  const bucket = useBucket();
  let folder: string;
  const environment = {
    RCLONE_CONFIG: "/nonexistent",
    RCLONE_CONFIG_CESS_TYPE: "s3",
    RCLONE_CONFIG_CESS_PROVIDER: "Other",
    RCLONE_CONFIG_CESS_ACCESS_KEY_ID: target.accessKeyId,
    RCLONE_CONFIG_CESS_SECRET_ACCESS_KEY: target.secretAccessKey,
    RCLONE_CONFIG_CESS_ENDPOINT: target.endpoint,
    RCLONE_CONFIG_CESS_REGION: target.region,
  };
  const rclone = (...args: string[]) => succeed("rclone", args, environment);

  before(function () {
    needs(this, "rclone", "it is a package of Debian");
    folder = mkdtempSync(join(tmpdir(), "cess-s3-rclone-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("copies a tree of 200 files there and back, and check --download finds no difference", async () => {
    const tree = join(folder, "tree");
    makeTree(tree, 200);
    await rclone("copy", tree, `cess:${bucket.name}/tree`);
    await rclone("check", "--download", tree, `cess:${bucket.name}/tree`);
    await rclone("copy", `cess:${bucket.name}/tree`, join(folder, "back"));
    await rclone("check", tree, join(folder, "back"));
    expect(await rclone("copy", "-v", tree, `cess:${bucket.name}/tree`)).to.equal("");
  });

  it("copies a file of 300 MiB both ways", async () => {
    const file = join(folder, "big/big.bin");
    mkdirSync(join(folder, "big"));
    const block = randomBytes(30 * MIB);
    for (let i = 0; i < 10; i += 1) writeFileSync(file, block, { flag: "a" });
    await rclone("copy", join(folder, "big"), `cess:${bucket.name}/big`);
    await rclone("check", "--download", join(folder, "big"), `cess:${bucket.name}/big`);
    await rclone("copy", `cess:${bucket.name}/big`, join(folder, "big-back"));
    await rclone("check", join(folder, "big"), join(folder, "big-back"));
  });

  it("keeps modification times by copying an object to itself, and moves and deletes on the server", async () => {
    const file = join(folder, "t/time.txt");
    mkdirSync(join(folder, "t"));
    writeFileSync(file, "time");
    await rclone("copy", join(folder, "t"), `cess:${bucket.name}/t`);
    await rclone("touch", "--timestamp", "2020-02-03T04:05:06", `cess:${bucket.name}/t/time.txt`);
    expect(await rclone("lsl", `cess:${bucket.name}/t`)).to.contain("2020-02-03 04:05:06");
    await rclone("moveto", `cess:${bucket.name}/t/time.txt`, `cess:${bucket.name}/moved/time.txt`);
    expect((await rclone("lsf", "-R", `cess:${bucket.name}/moved`)).trim()).to.equal("time.txt");
    await rclone("purge", `cess:${bucket.name}/moved`);
    expect((await rclone("lsf", `cess:${bucket.name}`)).split("\n")).to.not.include("moved/");
  });
});
