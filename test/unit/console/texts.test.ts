import { encodeAddress } from "@polkadot/util-crypto";
import { expect } from "chai";
import { CESS_SS58_PREFIX } from "../../../src/network/chain/accounts.js";
import { keyOf } from "../../../console/src/lib/wallet.js";
import { bytes, compact, duration, short, tokens, visible } from "../../../console/src/lib/format.js";
import { checkPolicy } from "../../../console/src/lib/policy-check.js";
import { safePath } from "../../../console/src/lib/safe-path.js";

describe("What the page writes", () => {
  it("gives sizes and times in one or two units", () => {
    expect([0, 1023, 1536, 300 * 2 ** 20, 5 * 2 ** 40].map(bytes)).to.deep.equal([
      "0 B",
      "1023 B",
      "1.5 KiB",
      "300 MiB",
      "5 TiB",
    ]);
    expect([0.4, 59, 3 * 3600 + 12 * 60, 20 * 86_400, -5].map(duration)).to.deep.equal([
      "0 s",
      "59 s",
      "3 h 12 min",
      "20 d",
      "0 s",
    ]);
    expect([12.345, 999_999_999].map(compact)).to.deep.equal(["12.35", "1B"]);
    expect(short("a".repeat(30))).to.equal("aaaaaa\u2026aaaa");
  });

  it("gives amounts in whole tokens, never less than they are", () => {
    const token = { symbol: "TCESS", decimals: 18 };
    const amounts = ["0", "1", "2500000000000000000", `1234567${"0".repeat(18)}`];
    expect(amounts.map((amount) => tokens(amount, token))).to.deep.equal([
      "0 TCESS",
      "0.000001 TCESS",
      "2.5 TCESS",
      "1,234,567 TCESS",
    ]);
  });

  it("knows an account in a wallet by its key, however the address is written", () => {
    for (const first of [0, 7, 255]) {
      const key = new Uint8Array(32).fill(first || 1).fill(first, 0, 3);
      const hex = Buffer.from(key).toString("hex");
      for (const network of [0, 42, CESS_SS58_PREFIX]) expect(keyOf(encodeAddress(key, network))).to.equal(hex);
    }
  });

  it("shows marks that turn or hide text", () => {
    expect(visible("abc\u202egnp.exe")).to.equal("abc\u2039U+202E\u203agnp.exe");
    expect(visible("a\u0000b\nc\u200b")).to.equal("a\u2039U+0000\u203ab\u2039U+000A\u203ac\u2039U+200B\u203a");
    expect(visible("<img onerror> \u05d0")).to.equal("<img onerror> \u05d0");
  });

  it("lets no name in a ZIP lead out of its folder", () => {
    expect(safePath("../../etc/passwd")).to.equal("__/__/etc/passwd");
    expect(safePath("/abs//./x")).to.equal("abs/x");
    expect(safePath("c:\\windows\\x")).to.equal("c__windows_x");
  });
});

describe("The check of a policy", () => {
  const statement = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::box/*" };
  const check = (value: unknown) =>
    checkPolicy(typeof value === "string" ? value : JSON.stringify(value), "box").map(({ text }) => text);

  it("has nothing against a good one", () => {
    expect(check({ Version: "2012-10-17", Statement: [statement] })).to.deep.equal([]);
    expect(check({ Version: "2012-10-17", Statement: statement })).to.deep.equal([]);
  });

  it("names each fault", () => {
    const of = (more: object) => check({ Version: "2012-10-17", Statement: [{ ...statement, ...more }] }).join();
    expect(of({ Effect: "allow" })).to.include("Effect");
    expect(of({ Principal: undefined })).to.include("Principal");
    expect(of({ Action: "GetObject" })).to.include("s3:");
    expect(of({ Action: [] })).to.include("Action");
    expect(of({ Resource: "arn:aws:s3:::other/*" })).to.include("not of this bucket");
    expect(of({ Resource: "arn:aws:s3:::boxes" })).to.include("not of this bucket");
    expect(of({ Actions: "s3:*" })).to.include("Actions");
    expect(check({ Statement: [statement] }).join()).to.include("Version");
    expect(check([]).join()).to.not.equal("");
  });

  it("names the line of what is no JSON", () => {
    const [fault] = checkPolicy('{\n"Version": "2012-10-17",\n"Statement": [,]\n}', "box");
    expect(fault?.line).to.equal(3);
  });
});
