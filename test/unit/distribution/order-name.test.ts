import { expect } from "chai";
import { createDecipheriv, hkdfSync } from "node:crypto";
import { ORDER_NAMES, OrderNames, type OrderedFile } from "../../../src/distribution/order-name.js";
import { KeyRing } from "../../../src/keys/key-ring.js";
import { Bench, alice } from "../../support/distribution-bench.js";
import { masterKey, testKeys } from "../../support/test-keys.js";

const ring = (...fills: number[]) =>
  new KeyRing({ master: fills.map((fill) => Buffer.alloc(32, fill)), kms: new Map(), ciphers: new Map() });
const namesOf = (...fills: number[]) => new OrderNames(ring(...fills).derive(ORDER_NAMES));

const kinds = ["own-file", "pack", "journal", "snapshot", "journal-part", "snapshot-part"] as const;
const files: readonly OrderedFile[] = kinds.flatMap((kind) =>
  [0, 1, 7, 255, 256, 2 ** 32 - 1, 2 ** 32, 2 ** 47, 2 ** 48 - 1].map((number) => ({
    kind,
    number,
    ...(kind !== "own-file" && kind !== "pack" && { stream: "00ff5a01" }),
  })),
);

describe("Names on chain", () => {
  it("are what every runtime accepts, and say nothing: each is another", () => {
    const names = namesOf(1);
    const many = Array.from({ length: 500 }, (_, number) => names.name({ kind: "own-file", number }));
    for (const name of many) expect(name).to.match(/^[a-ik-z]{32}$/);
    expect(new Set(many).size).to.equal(500);
    const share = many.filter((name, n) => name[0] === many[n + 1]?.[0]).length;
    expect(share, "neighbours begin with the same letter as seldom as strangers").to.be.below(100);
  });

  it("are the same in a second try, and after a restart", () => {
    for (const file of files) expect(namesOf(1).name(file)).to.equal(namesOf(1).name(file));
  });

  it("tell kind and number to whoever has the key, of every kind and up to 2^48", () => {
    for (const file of files) expect(namesOf(1).open(namesOf(1).name(file))).to.deep.equal(file);
    expect(() => namesOf(1).name({ kind: "pack", number: 2 ** 48 })).to.throw(RangeError);
  });

  it("are opened with an older master key, too, and made with the newest", () => {
    for (const file of files) {
      expect(namesOf(2, 1).open(namesOf(1).name(file))).to.deep.equal(file);
      expect(namesOf(2, 1).name(file)).to.equal(namesOf(2).name(file));
    }
  });

  it("are not opened with another key, when a letter was changed, or when they are no names at all", () => {
    for (const file of files) {
      const name = namesOf(1).name(file);
      expect(namesOf(2).open(name)).to.equal(undefined);
      for (let at = 0; at < name.length; at++) {
        const changed = `${name.slice(0, at)}${name[at] === "a" ? "q" : "a"}${name.slice(at + 1)}`;
        expect(namesOf(1).open(changed), changed).to.equal(undefined);
      }
      for (const other of ["", name.slice(1), `${name}a`, name.toUpperCase(), `j${name.slice(1)}`, `z${name.slice(1)}`])
        expect(namesOf(1).open(other), other).to.equal(undefined);
    }
  });

  it("are a block of AES as docs/encryption.md has it", () => {
    const key = new Uint8Array(hkdfSync("sha256", Buffer.alloc(32, 1), "", "cess-s3 names on chain", 32));
    const name = namesOf(1).name({ kind: "pack", number: 0x0102_0304_0506 });
    const hex = Array.from(name, (letter) => "abcdefghiklmnopq".indexOf(letter).toString(16)).join("");
    const decipher = createDecipheriv("aes-256-ecb", key, null).setAutoPadding(false);
    expect(decipher.update(hex, "hex", "hex")).to.equal(`01010203040506${"00".repeat(9)}`);
  });

  it("tell of a journal whose it is, in four of the zeros", () => {
    const key = new Uint8Array(hkdfSync("sha256", Buffer.alloc(32, 1), "", "cess-s3 names on chain", 32));
    const name = namesOf(1).name({ kind: "snapshot", number: 7, stream: "0a0b0c0d" });
    const hex = Array.from(name, (letter) => "abcdefghiklmnopq".indexOf(letter).toString(16)).join("");
    const decipher = createDecipheriv("aes-256-ecb", key, null).setAutoPadding(false);
    expect(decipher.update(hex, "hex", "hex")).to.equal(`030000000000070a0b0c0d${"00".repeat(5)}`);
  });

  it("are those that files are ordered with", async () => {
    const bench = await Bench.open();
    try {
      await bench.start();
      await bench.put(alice, "object", "bytes");
      await bench.untilState(alice, "object", "stored");
      const { id, fid } = (await bench.row(alice, "object"))!;
      const [owner] = (await bench.chain.file(fid, "finalized"))!.owners;
      const opened = new OrderNames(testKeys.derive(ORDER_NAMES)).open(owner!.fileName!);
      expect(opened).to.deep.equal({ kind: "own-file", number: Number(id) });
    } finally {
      await bench.close();
    }
  });

  it("do not give the master key away to those who have their key", () => {
    for (const purpose of [ORDER_NAMES, "another purpose"])
      for (const key of testKeys.derive(purpose)) expect(Buffer.from(key).equals(masterKey)).to.equal(false);
  });
});
