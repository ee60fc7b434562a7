import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { target, useBucket } from "../support/target.js";
import { contents, makeTree, needs, succeed } from "./shell.js";

const MIB = 2 ** 20;

describe("s3fs", function () {
  this.timeout(180_000);
  const bucket = useBucket();
  let folder: string;
  let mounted: string;

  before(async function () {
    // Containers often lack it, and nothing that can be installed would help.
    if (!existsSync("/dev/fuse")) this.skip();
    needs(this, "s3fs", "it is a package of Debian");
    folder = mkdtempSync(join(tmpdir(), "cess-s3-s3fs-"));
    mounted = join(folder, "mounted");
    mkdirSync(mounted);
    writeFileSync(join(folder, "password"), `${target.accessKeyId}:${target.secretAccessKey}`, { mode: 0o600 });
    await succeed(
      "s3fs",
      [
        bucket.name,
        mounted,
        "-o",
        `passwd_file=${join(folder, "password")}`,
        "-o",
        `url=${target.endpoint}`,
        "-o",
        "use_path_request_style",
      ],
      {},
    );
  });
  after(async () => {
    if (mounted) await succeed("fusermount", ["-u", mounted], {});
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it("is a file system: trees, large files, renames, modes, appending and writing in the middle", () => {
    const tree = join(folder, "tree");
    makeTree(tree, 12);
    writeFileSync(join(tree, "big"), randomBytes(30 * MIB));
    for (const path of Object.keys(contents(tree))) {
      mkdirSync(join(mounted, "tree", path, ".."), { recursive: true });
      writeFileSync(join(mounted, "tree", path), readFileSync(join(tree, path)));
    }
    expect(contents(join(mounted, "tree"))).to.deep.equal(contents(tree));

    const file = join(mounted, "renamed");
    renameSync(join(mounted, "tree/big"), file);
    chmodSync(file, 0o640);
    expect(statSync(file).mode & 0o777).to.equal(0o640);
    appendFileSync(file, "at the end");
    const descriptor = openSync(file, "r+");
    writeSync(descriptor, "in the middle", 10 * MIB);
    closeSync(descriptor);
    const expected = Buffer.concat([readFileSync(join(tree, "big")), Buffer.from("at the end")]);
    expected.write("in the middle", 10 * MIB);
    expect(readFileSync(file).equals(expected)).to.equal(true);

    rmSync(join(mounted, "tree"), { recursive: true });
    expect(readdirSync(mounted)).to.deep.equal(["renamed"]);
  });
});
