import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { target, useBucket } from "../support/target.js";
import { needs, run, succeed } from "./shell.js";

const MIB = 2 ** 20;

describe("aws-cli", function () {
  this.timeout(180_000);
  const bucket = useBucket();
  let folder: string;
  const environment = {
    AWS_ACCESS_KEY_ID: target.accessKeyId,
    AWS_SECRET_ACCESS_KEY: target.secretAccessKey,
    AWS_DEFAULT_REGION: target.region,
    AWS_ENDPOINT_URL: target.endpoint,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/nonexistent",
    AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
  };
  const aws = (...args: string[]) => succeed("aws", args, environment);

  before(function () {
    needs(this, "aws", "aws-cli is on PyPI as awscli");
    folder = mkdtempSync(join(tmpdir(), "cess-s3-awscli-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("puts, lists, gets, ranges, copies and removes", async () => {
    const file = join(folder, "a.bin");
    writeFileSync(file, randomBytes(MIB));
    await aws("s3", "cp", file, `s3://${bucket.name}/dir/a.bin`, "--metadata", "kind=test");
    expect(await aws("s3", "ls", `s3://${bucket.name}/dir/`)).to.match(/1048576 a\.bin/);
    await aws("s3", "cp", `s3://${bucket.name}/dir/a.bin`, join(folder, "back.bin"));
    expect(readFileSync(join(folder, "back.bin")).equals(readFileSync(file))).to.equal(true);
    await aws(
      "s3api",
      "get-object",
      "--bucket",
      bucket.name,
      "--key",
      "dir/a.bin",
      "--range",
      "bytes=1000-1999",
      join(folder, "range.bin"),
    );
    expect(readFileSync(join(folder, "range.bin")).equals(readFileSync(file).subarray(1000, 2000))).to.equal(true);
    await aws("s3", "cp", `s3://${bucket.name}/dir/a.bin`, `s3://${bucket.name}/copy.bin`);
    expect(JSON.parse(await aws("s3api", "head-object", "--bucket", bucket.name, "--key", "copy.bin"))).to.deep.include(
      { ContentLength: MIB, Metadata: { kind: "test" } },
    );
    await aws("s3", "mv", `s3://${bucket.name}/copy.bin`, `s3://${bucket.name}/moved.bin`);
    await aws("s3", "rm", `s3://${bucket.name}/`, "--recursive");
    expect((await run("aws", ["s3", "ls", `s3://${bucket.name}/`], environment)).stdout).to.equal("");
  });

  it("uploads in parts and downloads the same bytes", async () => {
    const file = join(folder, "big.bin");
    writeFileSync(file, randomBytes(40 * MIB + 12_345));
    await aws("s3", "cp", file, `s3://${bucket.name}/big.bin`);
    await aws("s3", "cp", `s3://${bucket.name}/big.bin`, join(folder, "big-back.bin"));
    expect(readFileSync(join(folder, "big-back.bin")).equals(readFileSync(file))).to.equal(true);
    await aws("s3", "rm", `s3://${bucket.name}/big.bin`);
  });

  it("syncs a tree both ways and finds nothing to do the second time", async () => {
    const tree = join(folder, "tree");
    for (const [path, body] of [
      ["one.txt", "1"],
      ["sub/two words.txt", "2"],
      ["sub/deep/ü.txt", "3"],
    ] as const) {
      mkdirSync(join(tree, path, ".."), { recursive: true });
      writeFileSync(join(tree, path), body);
      // S3 tells whole seconds: what changed in the second of its upload is newer than that.
      utimesSync(join(tree, path), new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
    }
    await aws("s3", "sync", tree, `s3://${bucket.name}/tree`);
    expect(await aws("s3", "sync", tree, `s3://${bucket.name}/tree`)).to.equal("");
    await aws("s3", "sync", `s3://${bucket.name}/tree`, join(folder, "tree-back"));
    expect(readFileSync(join(folder, "tree-back/sub/deep/ü.txt"), "utf8")).to.equal("3");
  });

  it("presigns a URL that works", async () => {
    await aws("s3api", "put-object", "--bucket", bucket.name, "--key", "signed");
    const url = (await aws("s3", "presign", `s3://${bucket.name}/signed`)).trim();
    expect((await fetch(url)).status).to.equal(200);
  });
});
