import { expect } from "chai";
import { documentSchema, type Receipt } from "../../../src/receipts/document.js";
import { canonical, isSigned, sign, signedMessage } from "../../../src/receipts/signature.js";
import type { DeletionCertificate } from "../../../src/receipts/document.js";
import { cast, GENESIS, hashOf, OBSERVED, receiptOf, type Cast } from "../../support/receipt-fixture.js";

type Path = readonly (string | number)[];

/** Where the values are that hold no others. */
function leaves(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([name, member]) => leaves(member, [...path, name]));
}

function at(value: unknown, path: Path): unknown {
  return path.reduce((inner, name) => (inner as Record<string, unknown>)[name], value);
}

/** A copy with another value in one place. */
function changed(value: unknown, [name, ...rest]: Path, to: unknown): unknown {
  if (name === undefined) return to;
  if (Array.isArray(value))
    return value.map((each: unknown, n) => (String(n) === name ? changed(each, rest, to) : each));
  return { ...(value as object), [name]: changed((value as Record<string, unknown>)[name], rest, to) };
}

/** Another value of the same form, where there is one. */
function forged(value: unknown): unknown {
  if (typeof value === "number") return value + 1;
  if (typeof value !== "string") return 1;
  return `${value.slice(0, -1)}${value.endsWith("0") ? "1" : "0"}`;
}

describe("A receipt", () => {
  let people: Cast;
  let receipt: Receipt;
  before(async () => {
    people = await cast();
    receipt = receiptOf(Buffer.from("hello"), people, {
      checksum: { algorithm: "CRC64NVME", type: "FULL_OBJECT", value: "AAAAAAAAAAA=" },
      parts: [2, 3],
    });
  });
  const isGenuine = (value: unknown) => {
    const read = documentSchema.safeParse(value);
    return read.success && isSigned(read.data);
  };

  it("is signed by the account that it names, also when it was printed and read", () => {
    expect(isGenuine(receipt)).to.equal(true);
    expect(isGenuine(JSON.parse(JSON.stringify(receipt, undefined, 4)))).to.equal(true);
  });

  it("is not genuine with any one of its values changed, or left out", () => {
    const paths = leaves(receipt);
    expect(paths.length).to.be.greaterThan(40);
    for (const path of paths) {
      const forgery = changed(receipt, path, forged(at(receipt, path)));
      expect(forgery, path.join(".")).to.not.deep.equal(receipt);
      expect(isGenuine(forgery), path.join(".")).to.equal(false);
      expect(isGenuine(changed(receipt, path, undefined)), `without ${path.join(".")}`).to.equal(false);
    }
  });

  it("is not genuine by another account's signature, nor with members that it does not have", () => {
    const other = sign<Receipt>(receipt, { sign: (message) => people.owner.pair.sign(message) });
    expect(isGenuine(other)).to.equal(false);
    expect(isGenuine({ ...other, signer: people.owner.account })).to.equal(false);
    expect(isGenuine({ ...receipt, more: 1 })).to.equal(false);
    expect(isGenuine(changed(receipt, ["object", "note"], "x"))).to.equal(false);
  });

  it("has one form that is signed: RFC 8785, in what wallets put around a text", () => {
    expect(canonical({ b: [1, 'ü\n"', null, { z: 0, a: true }], "": 1, a: {} })).to.equal(
      '{"":1,"a":{},"b":[1,"ü\\n\\"",null,{"a":true,"z":0}]}',
    );
    const message = Buffer.from(signedMessage(receipt)).toString();
    expect(message).to.match(/^<Bytes>\{"files":\[\{"completedBlock":80,"declaredBlock":70,.*\}<\/Bytes>$/);
    expect(message).to.not.contain("signature").and.not.contain(" ");
    const reversed = Object.fromEntries(Object.entries(receipt).reverse()) as Receipt;
    expect(Buffer.from(signedMessage(reversed)).toString()).to.equal(message);
  });

  it("is nothing else than these members of these forms: what is hostile is refused", () => {
    const hostile: readonly [Path, unknown][] = [
      [["version"], 2],
      [["type"], "cess-s3-deletion"],
      [["network", "genesis"], `0x${"5E".repeat(32)}`],
      [["signer"], "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"],
      [["object", "size"], 4],
      [["object", "size"], 0],
      [["object", "size"], 2 ** 60],
      [["object", "etag"], "\u001b[2J"],
      [
        ["object", "parts"],
        [5, 1],
      ],
      [["object", "parts"], Array<number>(10_001).fill(1)],
      [["object", "checksum", "algorithm"], "MD4"],
      [["files"], []],
      [["files"], Array(5).fill({ ...receipt.files[0], segments: Array(1000).fill(receipt.files[0]?.segments[0]) })],
      [["files", "0", "segments"], []],
      [["files", "0", "segments", "0", "nodes"], []],
      [["files", "0", "extent", "offset"], -1],
    ];
    for (const [path, value] of hostile)
      expect(documentSchema.safeParse(changed(receipt, path, value)).success, path.join(".")).to.equal(false);
    for (const value of [null, [], "receipt", 1, {}]) expect(documentSchema.safeParse(value).success).to.equal(false);
  });
});

describe("A certificate of deletion", () => {
  it("is signed as a receipt is, and neither passes for the other", async () => {
    const people = await cast();
    const certificate = sign<DeletionCertificate>(
      {
        type: "cess-s3-deletion",
        version: 1,
        issuedAt: "2026-11-29T02:00:00.000Z",
        signer: people.gateway.account,
        network: { genesis: GENESIS },
        observed: OBSERVED,
        fid: hashOf("file") as DeletionCertificate["fid"],
        owner: people.owner.account,
        deletedBlock: null,
      },
      { sign: (message) => people.gateway.pair.sign(message) },
    );
    expect(isSigned(documentSchema.parse(certificate))).to.equal(true);
    for (const path of leaves(certificate)) {
      const read = documentSchema.safeParse(changed(certificate, path, forged(at(certificate, path))));
      expect(read.success && isSigned(read.data), path.join(".")).to.equal(false);
    }
    expect(documentSchema.safeParse({ ...certificate, type: "cess-s3-receipt" }).success).to.equal(false);
  });
});
