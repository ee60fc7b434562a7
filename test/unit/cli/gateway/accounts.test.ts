import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Accounts } from "../../../../src/cli/gateway/accounts.js";
import { secretPurpose } from "../../../../src/cli/secret-purpose.js";
import type { AccountConfig } from "../../../../src/config/account.js";
import { ConfigError } from "../../../../src/config/config-error.js";
import { testKeys } from "../../../support/test-keys.js";

describe("The configured accounts", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cess-s3-accounts-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const keys = testKeys;
  const account = (key: Partial<AccountConfig>): AccountConfig => ({
    name: "alice",
    cessAccount: "cXfyomKDABfehLkvARFE854wgDJFMbsxwAJEHezRb6mfcAi2y",
    territory: "photos",
    accessKeyId: "ALICE",
    readsNetwork: false,
    ...key,
  });
  const secretOf = async (key: Partial<AccountConfig>) =>
    (await new Accounts([account(key)], keys).lookup("ALICE"))?.secretAccessKey;
  const refusal = (key: Partial<AccountConfig>): string => {
    try {
      new Accounts([account(key)], keys);
    } catch (error) {
      expect(error).to.be.instanceOf(ConfigError);
      return (error as Error).message;
    }
    throw new Error("the account was taken");
  };
  const file = (text: string) => {
    const path = join(folder, "secret");
    writeFileSync(path, text);
    return path;
  };
  const sealed = (text: string) => keys.seal(text, secretPurpose("ALICE"));

  it("have the secrets that stand in the configuration, in files, or sealed", async () => {
    expect(await secretOf({ secretAccessKey: "alicesecret" })).to.equal("alicesecret");
    expect(await secretOf({ secretAccessKeyFile: file("from a file\n") })).to.equal("from a file");
    expect(await secretOf({ secretAccessKeySealed: sealed("from a seal") })).to.equal("from a seal");
  });

  it("have none that is empty or short, wherever it comes from, and the message names key and file", () => {
    for (const text of ["", "\n", "1234567", "  1234567  ", "line one\nline two", "a".repeat(129)]) {
      const path = file(text);
      const said = refusal({ secretAccessKeyFile: path });
      expect(said, JSON.stringify(text))
        .to.contain("secretAccessKeyFile of access key ALICE (account alice)")
        .and.contain(path)
        .and.match(/is empty|8 to 128 characters|one line/);
      if (text.trim() !== "") expect(said).to.not.contain(text.trim());
    }
    for (const text of ["", "1234567"])
      expect(refusal({ secretAccessKeySealed: sealed(text) }), text)
        .to.contain("secretAccessKeySealed of access key ALICE")
        .and.contain("8 to 128 characters");
  });

  it("say of a sealed secret that does not open which it is and how to make it anew, without showing it", () => {
    const other = keys.seal("a long secret", secretPurpose("BOB"));
    for (const text of [other, "v1.00000000.AAAA", "nonsense"])
      expect(refusal({ secretAccessKeySealed: text }))
        .to.contain("secretAccessKeySealed of access key ALICE (account alice) cannot be opened")
        .and.contain("cess-s3 seal ALICE")
        .and.not.contain(text);
  });

  it("name the limited key whose secret is missing", () => {
    const limited = { accessKeyId: "BOB", permission: "read", secretAccessKeyFile: join(folder, "absent") } as const;
    expect(refusal({ secretAccessKey: "alicesecret", keys: [limited] }))
      .to.contain("secretAccessKeyFile of access key BOB (account alice)")
      .and.contain(`${join(folder, "absent")}: there is no such file`);
  });

  it("are replaced whole by those of another configuration, or stay as they are where that is wrong", async () => {
    const accounts = new Accounts([account({ secretAccessKey: "alicesecret" })], keys);
    await accounts.replace([account({ accessKeyId: "NEW", secretAccessKey: "newsecret" })]);
    expect(await accounts.lookup("ALICE")).to.equal(undefined);
    expect((await accounts.lookup("NEW"))?.secretAccessKey).to.equal("newsecret");
    const twice = account({ secretAccessKey: "alicesecret" });
    const refused = await accounts.replace([twice, twice]).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(ConfigError);
    expect((refused as Error).message).to.contain("configured twice");
    expect((await accounts.lookup("NEW"))?.secretAccessKey).to.equal("newsecret");
    expect(accounts.all).to.have.length(1);
  });
});
