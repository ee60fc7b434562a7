import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ConfigError } from "../../../src/config/config-error.js";
import { hasPlaceholder, readSecret, secretFault } from "../../../src/config/secret.js";

describe("A secret", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cess-s3-secret-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("has 8 to 128 characters in one line, and no placeholder that was never filled", () => {
    for (const good of [
      "12345678",
      "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
      "pass words $ { } too",
      "a".repeat(128),
      "пароль78",
    ])
      expect(secretFault(good), good).to.equal(undefined);
    for (const [text, why] of [
      ["", /8 to 128 characters.*empty/],
      ["1234567", /8 to 128/],
      ["a".repeat(129), /8 to 128/],
      ["first line\nsecond line", /one line/],
      ["with\0nothing", /one line/],
      [" 12345678", /space/],
      ["12345678 ", /space/],
      ["${ALICE_SECRET}", /placeholder/],
    ] as const) {
      expect(secretFault(text), JSON.stringify(text)).to.match(why);
      if (text.length > 1) expect(secretFault(text)).to.not.contain(text);
    }
  });

  it("is no placeholder of a shell or a template", () => {
    for (const text of ["${A}", "x${A:-b}y", "${ A }", "$(cat /run/secret)", "{{ .Values.secret }}", "$SECRET_KEY"])
      expect(hasPlaceholder(text), text).to.equal(true);
    for (const text of ["$ecret123", "a$b", "$5.00", "{}", "{a}", "${", "$()", "plain"])
      expect(hasPlaceholder(text), text).to.equal(false);
  });

  it("comes from its file without the space around it; what keeps it from being read names setting and file", () => {
    const path = join(folder, "secret");
    writeFileSync(path, "  the secret\r\n\n");
    expect(readSecret(path, "some.key")).to.equal("the secret");
    const fails = (where: string) => {
      try {
        readSecret(where, "some.key");
      } catch (error) {
        expect(error).to.be.instanceOf(ConfigError);
        return (error as Error).message;
      }
      throw new Error("it was read");
    };
    for (const nothing of ["", " \n"]) {
      writeFileSync(path, nothing);
      expect(fails(path)).to.equal(`some.key: the file ${path} is empty: it must hold the secret`);
    }
    writeFileSync(path, "${HIDDEN}\n");
    expect(fails(path)).to.contain("some.key").and.contain(path).and.contain("placeholder").and.not.contain("HIDDEN");
    expect(fails(join(folder, "absent"))).to.equal(
      `some.key: cannot read the file ${join(folder, "absent")}: there is no such file or folder`,
    );
    mkdirSync(join(folder, "inside"));
    expect(fails(join(folder, "inside"))).to.contain("it is a folder, not a file");
    expect(fails(join(path, "below"))).to.contain("a part of the path is a file");
  });
});
