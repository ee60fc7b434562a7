import { mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { withProfile, writeProfile } from "../../../src/cli/aws-profile.js";
import { CommandError } from "../../../src/cli/command-error.js";

const profile = {
  aws_access_key_id: "CESSABCDEFGHIJKLMNOP",
  aws_secret_access_key: "secret",
  region: "us-east-1",
  endpoint_url: "https://s3.example.com",
};
const members = `aws_access_key_id = CESSABCDEFGHIJKLMNOP
aws_secret_access_key = secret
region = us-east-1
endpoint_url = https://s3.example.com
`;

describe("A profile of the AWS CLI", () => {
  it("is added behind the others, which stay as they are", () => {
    expect(withProfile("", "cess", profile)).to.equal(`[cess]\n${members}`);
    const others = "# mine\n[default]\naws_access_key_id = A\n\n[ other ]\nregion=x\n";
    expect(withProfile(others, "cess", profile)).to.equal(`${others}\n[cess]\n${members}`);
  });

  it("is replaced where it is there, but for members that are not its key's", () => {
    const before =
      "[a]\nx = 1\n[cess]\nAWS_Access_Key_Id=OLD\naws_session_token = t\noutput = json\n# note\n\n[z]\ny = 2\n";
    expect(withProfile(before, "cess", profile)).to.equal(
      `[a]\nx = 1\n[cess]\n${members}output = json\n# note\n\n[z]\ny = 2\n`,
    );
    const once = withProfile("", "cess", profile);
    expect(withProfile(once, "cess", profile)).to.equal(once);
  });

  describe("in its file", () => {
    let folder: string;
    let file: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "aws-"));
      file = join(folder, ".aws", "credentials");
    });
    afterEach(() => rm(folder, { recursive: true }));
    const write = (name = "cess", overwrite = false) => writeProfile(file, name, profile, { overwrite });

    it("is for its owner alone, and its folder is made", async () => {
      await write();
      expect(await readFile(file, "utf8")).to.equal(`[cess]\n${members}`);
      expect((await stat(file)).mode & 0o777).to.equal(0o600);
      expect((await stat(join(folder, ".aws"))).mode & 0o777).to.equal(0o700);
    });

    it("replaces a key of another kind only when it is told to", async () => {
      await write("other");
      await writeFile(file, "[cess]\naws_access_key_id = AKIAOTHER\n");
      const refused = await write().catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(CommandError);
      expect(await readFile(file, "utf8")).to.contain("AKIAOTHER");
      await write("cess", true);
      expect(await readFile(file, "utf8")).to.equal(`[cess]\n${members}`);
      await write();
    });

    it("is written where a link leads to", async () => {
      const target = join(folder, "elsewhere");
      await writeFile(target, "");
      file = join(folder, "link");
      await symlink(target, file);
      await write();
      expect(await readFile(target, "utf8")).to.contain("[cess]");
    });

    it("has a name that cannot break the file", async () => {
      for (const name of ["", "a]b", "a\n[b", "x y"])
        expect(await write(name).catch((error: unknown) => error), name).to.be.instanceOf(CommandError);
    });
  });
});
