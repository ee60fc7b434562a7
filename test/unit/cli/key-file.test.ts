import { expect } from "chai";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gatewayKeys } from "../../../src/cli/gateway/gateway-keys.js";
import { openKeyFile } from "../../../src/cli/key-file.js";
import type { Config } from "../../../src/config/config.js";
import { ConfigError } from "../../../src/config/config-error.js";
import { TransitServer } from "../../support/transit-server.js";

const key = (fill: number) => Buffer.alloc(32, fill);

describe("The key file", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-keys-"));
    path = join(folder, "keys.json");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (value: unknown, mode = 0o600) =>
    writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value), { mode });
  const warnings: object[] = [];
  const keysOf = (encryption: Partial<Config["encryption"]> = {}) =>
    gatewayKeys(
      { dataDir: folder, encryption: { default: "AES256", ...encryption } },
      { warn: (fields: object) => warnings.push(fields) },
    );
  const uses = (...ids: string[]) => ({
    keyUses: { all: () => Promise.resolve(ids), record: () => Promise.resolve() },
  });
  const refusal = async (work: Promise<unknown>) => {
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(ConfigError);
    return (error as Error).message;
  };

  it("is written at the first start, for its owner alone, and read at the next", async () => {
    const first = await keysOf();
    expect(existsSync(path), "not before the catalog is known to need no other").to.equal(false);
    await first.settle(uses());
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    const second = await keysOf();
    expect(second.keys.masterId).to.equal(first.keys.masterId);
    const wrapped = await first.keys.wrap("secret", { kind: "kms", keyId: "aws/s3" }, "");
    expect(await second.keys.unwrap(wrapped, { kind: "kms", keyId: "aws/s3" }, "")).to.equal("secret");
    const text = readFileSync(path, "utf8");
    await second.settle(uses(first.keys.masterId));
    expect(readFileSync(path, "utf8")).to.equal(text);
  });

  it("is not written anew in the place of a lost one, and must hold every key that the catalog needs", async () => {
    const { keys, settle } = await keysOf();
    expect(await refusal(settle(uses("0badcafe"))))
      .to.contain("0badcafe")
      .and.contain("not there")
      .and.contain("back");
    expect(existsSync(path)).to.equal(false);
    write({ master: key(1).toString("base64") });
    const other = await keysOf();
    expect(await refusal(other.settle(uses(other.keys.masterId, keys.masterId))))
      .to.contain(keys.masterId)
      .and.contain("lacks");
  });

  it("takes keys in base64 and hex, alone or in lists, the first of which wraps", async () => {
    write({
      master: [key(1).toString("hex"), key(2).toString("base64")],
      kms: { payroll: key(3).toString("base64") },
      ciphers: { friends: "open sesame" },
    });
    const { material } = await openKeyFile(path, undefined);
    expect(material.master.map((bytes) => Buffer.from(bytes))).to.deep.equal([key(1), key(2)]);
    expect([...material.kms.keys()]).to.deep.equal(["payroll"]);
    expect(material.ciphers.get("friends")).to.equal("open sesame");
  });

  it("gives way to a master key from the configuration, which then wraps", async () => {
    write({ master: key(1).toString("base64") });
    const configured = await keysOf({ masterKey: key(9).toString("base64") });
    const alone = await keysOf();
    expect(configured.keys.has(alone.keys.masterId)).to.equal(true);
    expect(configured.keys.masterId).not.to.equal(alone.keys.masterId);
    rmSync(path);
    const nothingElse = await keysOf({ masterKey: `${key(9).toString("hex")}\n` });
    expect(nothingElse.keys.masterId).to.equal(configured.keys.masterId);
    await nothingElse.settle(uses());
    expect(existsSync(path), "there is nothing to write").to.equal(false);
    expect(await refusal(keysOf({ masterKeyFile: join(folder, "absent") }))).to.contain("absent");
  });

  it("refuses in words what is no key, without repeating it", async () => {
    const short = Buffer.alloc(16, 0x41).toString("base64");
    for (const wrong of [
      "{",
      "[]",
      { master: short },
      { master: [] },
      {},
      { master: key(1).toString("hex"), kms: { a: short } },
      { master: key(1).toString("hex"), ciphers: { a: "" } },
      { master: key(1).toString("hex"), other: 1 },
    ]) {
      write(wrong);
      expect(await refusal(keysOf()))
        .to.contain(path)
        .and.not.contain(short);
    }
    write({ master: key(1).toString("base64") });
    expect(await refusal(keysOf({ masterKey: short })))
      .to.contain("32 bytes")
      .and.not.contain(short);
  });

  it("has no KMS key of its own where these are in Vault, which must stay configured once it wrapped a data key", async () => {
    const tokenFile = join(folder, "token");
    const vault = { address: "http://127.0.0.1:1", tokenFile, mount: "transit" };
    expect(await refusal(keysOf({ vault })), "a token that is not there shows at the start").to.contain(tokenFile);
    writeFileSync(tokenFile, "t\n");
    const first = await keysOf({ vault });
    await first.settle(uses());
    expect(JSON.parse(readFileSync(path, "utf8")))
      .to.have.property("kms")
      .that.deep.equals({});
    expect(first.keys.idOf({ kind: "kms", keyId: "aws/s3" })).to.equal("vault");
    await (await keysOf({ vault })).settle(uses(first.keys.masterId, "vault"));
    expect(await refusal((await keysOf()).settle(uses(first.keys.masterId, "vault")))).to.contain("encryption.vault");
    await first.keys.close();
  });

  it("takes Vault's token from its file as it is at the moment", async () => {
    const server = await TransitServer.start();
    const tokenFile = join(folder, "token");
    writeFileSync(tokenFile, "an old one");
    const { keys } = await keysOf({ vault: { address: server.address, tokenFile, mount: "transit" } });
    try {
      await server.create("payroll");
      const wrap = () =>
        keys.wrap("secret", { kind: "kms", keyId: "payroll" }, "").catch((error: unknown) => (error as Error).name);
      expect(await wrap()).to.equal("DomainError");
      writeFileSync(tokenFile, `${await server.token({ encrypt: ["update"], keys: ["read"] })}\n`);
      expect(await wrap()).to.match(/^vault:v1:/);
    } finally {
      await keys.close();
      await server.close();
    }
  });

  it("warns when others may read it", async () => {
    write({ master: key(1).toString("base64") });
    chmodSync(path, 0o644);
    warnings.length = 0;
    await keysOf();
    expect(warnings).to.deep.equal([{ keyFile: path }]);
    chmodSync(path, 0o600);
    await keysOf();
    expect(warnings.length).to.equal(1);
  });
});
