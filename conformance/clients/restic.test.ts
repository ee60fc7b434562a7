import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { target, useBucket } from "../support/target.js";
import { contents, installed, makeTree, needs, succeed } from "./shell.js";

const MIB = 2 ** 20;

describe("restic", function () {
  this.timeout(180_000);
  const bucket = useBucket();
  let folder: string;
  const restic = (...args: string[]) =>
    succeed("restic", args, {
      AWS_ACCESS_KEY_ID: target.accessKeyId,
      AWS_SECRET_ACCESS_KEY: target.secretAccessKey,
      RESTIC_PASSWORD: "conformance",
      RESTIC_REPOSITORY: `s3:${target.endpoint}/${bucket.name}/repository`,
      RESTIC_CACHE_DIR: join(folder, "cache"),
    });

  before(function () {
    needs(this, "restic", "it is a package of Debian", installed("restic", "version"));
    folder = mkdtempSync(join(tmpdir(), "cess-s3-restic-"));
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it("makes a repository, backs up twice, checks every byte, restores, forgets and prunes", async () => {
    const tree = join(folder, "tree");
    makeTree(tree, 40);
    writeFileSync(join(tree, "big"), randomBytes(30 * MIB));
    await restic("init");
    await restic("backup", tree);
    writeFileSync(join(tree, "big"), randomBytes(30 * MIB));
    await restic("backup", tree);
    await restic("check", "--read-data");
    await restic("restore", "latest", "--target", join(folder, "back"));
    expect(contents(join(folder, "back", tree))).to.deep.equal(contents(tree));
    await restic("forget", "--keep-last", "1", "--prune");
    await restic("check", "--read-data");
    expect(JSON.parse(await restic("snapshots", "--json"))).to.have.length(1);
  });
});
