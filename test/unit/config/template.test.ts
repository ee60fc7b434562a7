import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { configSchema, settingsSchema } from "../../../src/config/config.js";
import { settingTexts } from "../../../src/config/documentation.js";
import { EXAMPLES } from "../../../src/config/examples.js";
import { loadConfig } from "../../../src/config/load.js";
import { leaves, settingTree } from "../../../src/config/setting-tree.js";
import { configTemplate } from "../../../src/config/template.js";

/** With the # of every setting taken away, and prose left as it is. */
const uncommented = configTemplate().replace(/^#((?:  )*(?:- )?\w+:.*)$/gm, "$1");

/** The value at `accounts[].name`, of the first entry of each list. */
function at(values: unknown, key: string): unknown {
  return key
    .replaceAll("[]", ".0")
    .split(".")
    .reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], values);
}

describe("The template of cess-s3 init", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cess-s3-template-"))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const settings = leaves(settingTree(settingsSchema));
  const load = (text: string) => {
    const path = join(folder, "cess-s3.yaml");
    writeFileSync(path, text);
    return loadConfig(path, {});
  };

  it("has a text for every setting, from docs/configuration.md", () => {
    const texts = settingTexts();
    const missing = settings.filter(({ key }) => (texts.get(key)?.meaning ?? "") === "");
    expect(missing.map(({ key }) => key)).to.deep.equal([]);
  });

  it("has every setting with its default, or with an example where it has none", () => {
    const values: unknown = parse(uncommented);
    expect(settings.map(({ key }) => key)).to.include.members(["listen", "accounts[].keys[].expires", "cache.disk"]);
    for (const setting of settings) {
      const wanted = setting.default ?? EXAMPLES[setting.key];
      expect(wanted, `${setting.key} needs an entry in src/config/examples.ts`).to.not.equal(undefined);
      expect(at(values, setting.key), setting.key).to.deep.equal(wanted);
    }
  });

  it("is a sound configuration as it is, and changes no default", () => {
    const minimal = {
      chain: { endpoints: EXAMPLES["chain.endpoints"], mnemonicFile: EXAMPLES["chain.mnemonicFile"] },
      encryption: { default: "AES256" },
      accounts: Object.entries({
        name: 1,
        cessAccount: 1,
        territory: 1,
        accessKeyId: 1,
        secretAccessKeyFile: 1,
      }).reduce(([account], [name]) => [{ ...account, [name]: EXAMPLES[`accounts[].${name}`] }], [{}]),
    };
    expect(load(configTemplate())).to.deep.equal(load(JSON.stringify(minimal)));
  });

  it("has defaults that mean the same when they are written down, and examples that are taken", () => {
    // All at once, but for what excludes each other.
    const excluded =
      /^ *(?:mnemonic|keystoreFile|keystorePasswordFile|secretAccessKey|secretAccessKeySealed|masterKey|module|policy|claim|belowPercent):/;
    const taken = uncommented.split("\n").filter((line) => !excluded.test(line));
    const written = load(taken.join("\n"));
    const plain = load(configTemplate());
    for (const setting of settings.filter((each) => each.default !== undefined && !each.key.includes("[]")))
      // Groups that are there only where they are written.
      if (!/^(?:encryption\.vault|leases\.renew)\./.test(setting.key))
        expect(at(written, setting.key), setting.key).to.deep.equal(at(plain, setting.key));
    expect(written.peers.listen).to.deep.equal({ host: "0.0.0.0", port: 9002 });
  });

  it("is told apart from what a schema refuses", () => {
    expect(configSchema.safeParse(parse(uncommented)).success, "two sources of one secret").to.equal(false);
  });
});
