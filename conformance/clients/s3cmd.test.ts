import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { target, useBucket } from "../support/target.js";
import { contents, makeTree, needs, succeed } from "./shell.js";

const MIB = 2 ** 20;

describe("s3cmd", function () {
  this.timeout(180_000);
  const bucket = useBucket();
  let folder: string;
  const s3cmd = (...args: string[]) => succeed("s3cmd", ["-c", join(folder, "s3cfg"), "--no-progress", ...args], {});

  before(function () {
    needs(this, "s3cmd", "it is a package of Debian");
    folder = mkdtempSync(join(tmpdir(), "cess-s3-s3cmd-"));
    const { host, protocol } = new URL(target.endpoint);
    const settings = {
      access_key: target.accessKeyId,
      secret_key: target.secretAccessKey,
      bucket_location: target.region,
      host_base: host,
      host_bucket: host,
      use_https: protocol === "https:" ? "True" : "False",
    };
    writeFileSync(
      join(folder, "s3cfg"),
      ["[default]", ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`)].join("\n"),
    );
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it("puts a file in parts and gets the same bytes, with its attributes", async () => {
    const file = join(folder, "big");
    writeFileSync(file, randomBytes(20 * MIB));
    await s3cmd("put", file, `s3://${bucket.name}/big`);
    expect(await s3cmd("info", `s3://${bucket.name}/big`)).to.match(/File size: 20971520[\s\S]*x-amz-meta-s3cmd-attrs/);
    await s3cmd("get", `s3://${bucket.name}/big`, join(folder, "back"));
    expect(readFileSync(join(folder, "back")).equals(readFileSync(file))).to.equal(true);
  });

  it("syncs a tree both ways and finds nothing to do the second time", async () => {
    const tree = join(folder, "tree");
    makeTree(tree, 20);
    await s3cmd("sync", `${tree}/`, `s3://${bucket.name}/tree/`);
    expect(await s3cmd("sync", `${tree}/`, `s3://${bucket.name}/tree/`)).to.equal("");
    await s3cmd("sync", `s3://${bucket.name}/tree/`, `${join(folder, "tree-back")}/`);
    expect(contents(join(folder, "tree-back"))).to.deep.equal(contents(tree));
  });

  it("copies, moves, changes headers, signs URLs and removes", async () => {
    writeFileSync(join(folder, "small"), "small");
    const at = (key: string) => `s3://${bucket.name}/${key}`;
    await s3cmd("put", join(folder, "small"), at("a"));
    await s3cmd("cp", at("a"), at("b"));
    await s3cmd("mv", at("b"), at("c"));
    await s3cmd("modify", "--add-header=x-amz-meta-colour:blue", at("c"));
    expect(await s3cmd("info", at("c"))).to.contain("x-amz-meta-colour: blue");
    const answer = await fetch((await s3cmd("signurl", at("c"), "+600")).trim());
    expect(await answer.text()).to.equal("small");
    await s3cmd("del", "--recursive", "--force", `s3://${bucket.name}/`);
    expect(await s3cmd("ls", "--recursive", `s3://${bucket.name}/`)).to.equal("");
  });
});
