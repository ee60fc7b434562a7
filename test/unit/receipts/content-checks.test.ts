import { createHash, randomBytes } from "node:crypto";
import { expect } from "chai";
import { fidOf } from "../../../src/encoding/merkle.js";
import { checksumAlgorithms, type ChecksumAlgorithm } from "../../../src/model/checksum.js";
import { beginDigest } from "../../../src/digests/digest.js";
import { MIB } from "../../../src/model/sizes.js";
import type { Receipt } from "../../../src/receipts/document.js";
import { ContentChecks } from "../../../src/receipts/verify/content-checks.js";
import { filledPieces, PieceDigests } from "../../../src/receipts/verify/piece-digests.js";
import { cast, hashOf, receiptOf, segmentsOfBytes, type Cast } from "../../support/receipt-fixture.js";

async function digest(algorithm: ChecksumAlgorithm, ...chunks: readonly Uint8Array[]): Promise<Buffer> {
  const running = await beginDigest(algorithm);
  for (const chunk of chunks) running.update(chunk);
  return running.digest();
}

describe("An object's bytes held against its receipt", () => {
  let people: Cast;
  before(async () => (people = await cast()));
  const bytes = randomBytes(100_000);

  /** What the checks say of these bytes, given in pieces of so many. */
  async function said(receipt: Receipt, content: Buffer, chunk = 7_777): Promise<string[]> {
    const checks = new ContentChecks(receipt, "x");
    for (let from = 0; from < content.length; from += chunk) await checks.update(content.subarray(from, from + chunk));
    return (await checks.finish()).map(({ result, text }) => `${result}: ${text}`);
  }
  const results = async (receipt: Receipt, content: Buffer) =>
    (await said(receipt, content)).map((text) => text.split(":")[0]);
  const flipped = (content: Buffer) => {
    const other = Buffer.from(content);
    other[other.length - 1]! ^= 1;
    return other;
  };

  it("agree in size, MD5 and the hashes of the chain's segments, and no other bytes do", async () => {
    const receipt = receiptOf(bytes, people);
    expect(await results(receipt, bytes)).to.deep.equal(["ok", "ok", "ok"]);
    expect(await results(receipt, flipped(bytes))).to.deep.equal(["ok", "failed", "failed"]);
    for (const other of [bytes.subarray(1), Buffer.concat([bytes, Buffer.of(0)]), Buffer.alloc(0)])
      expect(await results(receipt, other)).to.deep.equal(["failed", "failed", "failed"]);
  });

  it("agree in a checksum of each algorithm, over the object and over its parts", async () => {
    const parts = [40_000, 59_999, 1];
    const pieces = [bytes.subarray(0, 40_000), bytes.subarray(40_000, 99_999), bytes.subarray(99_999)];
    for (const algorithm of checksumAlgorithms) {
      const value = (await digest(algorithm, bytes)).toString("base64");
      const full = receiptOf(bytes, people, { checksum: { algorithm, type: "FULL_OBJECT", value } });
      expect((await said(full, bytes))[2], algorithm).to.match(/^ok: agrees/);
      expect((await said(full, flipped(bytes)))[2], algorithm).to.match(/^failed/);
      const digests = await Promise.all(pieces.map((piece) => digest(algorithm, piece)));
      const composite = `${(await digest(algorithm, ...digests)).toString("base64")}-3`;
      const checksum = { algorithm, type: "COMPOSITE", value: composite } as const;
      const receipt = receiptOf(bytes, people, { checksum, parts });
      expect((await said(receipt, bytes))[2], algorithm).to.match(/^ok: agrees/);
      expect((await said(receipt, flipped(bytes)))[2], algorithm).to.match(/^failed/);
      const without = await said(receiptOf(bytes, people, { checksum }), bytes);
      expect(without.at(-1), algorithm).to.contain("note: not compared").and.contain(composite);
    }
  });

  it("agree in ETags of multipart uploads: MD5s of MD5s, and FIDs", async () => {
    const parts = [40_000, 60_000];
    const md5s = [bytes.subarray(0, 40_000), bytes.subarray(40_000)].map((part) =>
      createHash("md5").update(part).digest(),
    );
    const etag = `${createHash("md5").update(Buffer.concat(md5s)).digest("hex")}-2`;
    expect(await results(receiptOf(bytes, people, { etag, parts }), bytes)).to.deep.equal(["ok", "ok", "ok"]);
    const large = randomBytes(33 * MIB);
    const segments = segmentsOfBytes(large, people);
    const fid = fidOf(segments.map(({ hash }) => hash));
    for (const named of [fid, `${fid}-2`]) {
      const receipt = receiptOf(large, people, { etag: named, parts: [MIB, 32 * MIB] });
      expect(await results(receipt, large)).to.deep.equal(["ok", "ok", "ok"]);
    }
    const receipt = receiptOf(large, people, { etag: fid });
    expect(await results(receipt, flipped(large))).to.deep.equal(["ok", "failed", "failed"]);
  });

  it("agree in the digest of their run, where they lie in a pack", async () => {
    const segments = segmentsOfBytes(randomBytes(200_000), people);
    const stored = { length: bytes.length, sha256: hashOf(bytes) };
    const packed = { segments, extent: { offset: 64, length: bytes.length, stored } };
    expect(await results(receiptOf(bytes, people, {}, packed), bytes)).to.deep.equal(["ok", "ok", "ok"]);
    expect(await results(receiptOf(bytes, people, {}, packed), flipped(bytes))).to.deep.equal([
      "ok",
      "failed",
      "failed",
    ]);
  });

  it("of an encrypted object agree in their digests alone, and it is said that the rest cannot be compared", async () => {
    const receipt = receiptOf(bytes, people, { encryption: "AES256" }, { format: "aes-256-gcm" });
    const found = await said(receipt, bytes);
    expect(found.map((text) => text.split(":")[0])).to.deep.equal(["ok", "ok", "note"]);
    expect(found[2]).to.contain("only the gateway's keys");
  });

  it("are cut at the same places whatever pieces they come in", async () => {
    const pieces = [{ length: 0 }, { length: 5 }, { length: 0 }, { length: 70_000, padding: 70_000 }, { length: 0 }];
    const zeros = Buffer.alloc(70_000);
    const wanted = [[], [bytes.subarray(0, 5)], [], [bytes.subarray(5, 70_005), zeros], []].map((parts) =>
      hashOf(Buffer.concat(parts)),
    );
    for (const size of [1_000, 4_096, 100_000]) {
      const digests = new PieceDigests(pieces, () => beginDigest("SHA256"));
      for (let from = 0; from < bytes.length; from += size) await digests.update(bytes.subarray(from, from + size));
      expect(await digests.finish()).to.equal(true);
      expect(digests.done.map((value) => value.toString("hex"))).to.deep.equal(wanted);
    }
    expect(filledPieces(10, 4)).to.deep.equal([
      { length: 4, padding: 0 },
      { length: 4, padding: 0 },
      { length: 2, padding: 2 },
    ]);
  });
});
