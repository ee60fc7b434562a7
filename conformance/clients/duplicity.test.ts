import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { target, useBucket } from "../support/target.js";
import { contents, makeTree, needs, succeed } from "./shell.js";

describe("duplicity", function () {
  this.timeout(180_000);
  const bucket = useBucket();
  let folder: string;
  let minute = 0;
  // It tells backups apart by seconds, and stops at two that ended in the same one: each call has a minute of its own.
  const duplicity = (...args: string[]) => {
    const now = String(Math.floor(Date.now() / 1000) + 60 * minute++);
    const options = ["--no-encryption", "--archive-dir", join(folder, "archive"), "--s3-endpoint-url", target.endpoint];
    options.push("--current-time", now);
    return succeed("duplicity", [...args.slice(0, 1), ...options, ...args.slice(1)], {
      AWS_ACCESS_KEY_ID: target.accessKeyId,
      AWS_SECRET_ACCESS_KEY: target.secretAccessKey,
      AWS_DEFAULT_REGION: target.region,
    });
  };

  before(function () {
    needs(this, "duplicity", "it is a package of Debian, and needs python3-boto3");
    folder = mkdtempSync(join(tmpdir(), "cess-s3-duplicity-"));
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it("backs up in full and the changes, verifies, restores and cleans up", async () => {
    const [tree, url] = [join(folder, "tree"), `boto3+s3://${bucket.name}/backup`];
    makeTree(tree, 20);
    await duplicity("full", tree, url);
    writeFileSync(join(tree, "new"), "came later");
    expect(await duplicity("incr", tree, url)).to.match(/Errors 0/);
    await duplicity("verify", "--compare-data", url, tree);
    await duplicity("restore", url, join(folder, "back"));
    expect(contents(join(folder, "back"))).to.deep.equal(contents(tree));
    await duplicity("full", tree, url);
    await duplicity("remove-all-but-n-full", "1", "--force", url);
    expect(await duplicity("collection-status", url)).to.match(/Number of contained backup sets: 1/);
  });
});
