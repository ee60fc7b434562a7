import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { checksumAlgorithms } from "../../../src/model/checksum.js";
import { beginDigest, CRC_POLYNOMIALS } from "../../../src/digests/digest.js";

async function digestOf(
  algorithm: (typeof checksumAlgorithms)[number],
  ...chunks: readonly Uint8Array[]
): Promise<Buffer> {
  const digest = await beginDigest(algorithm);
  for (const chunk of chunks) digest.update(chunk);
  return digest.digest();
}

describe("Digests", () => {
  it("give the published check values for the text 123456789", async () => {
    const known = { CRC32: "cbf43926", CRC32C: "e3069283", CRC64NVME: "ae8b14860a799888" };
    for (const algorithm of ["CRC32", "CRC32C", "CRC64NVME"] as const)
      expect((await digestOf(algorithm, Buffer.from("123456789"))).toString("hex")).to.equal(known[algorithm]);
    for (const algorithm of ["MD5", "SHA1", "SHA256", "SHA512"] as const)
      expect(await digestOf(algorithm, Buffer.from("abc"))).to.deep.equal(createHash(algorithm).update("abc").digest());
  });

  it("that are CRCs agree with the polynomial division that defines them", async () => {
    const widths = { CRC32C: 32, CRC64NVME: 64 } as const;
    // Longer than what is digested in one go, and no multiple of what is looked up at once.
    const bytes = Buffer.from(Array.from({ length: 65_536 + 29 }, (_, n) => (n * 167 + (n >> 8)) % 256));
    for (const algorithm of ["CRC32C", "CRC64NVME"] as const) {
      const mask = (1n << BigInt(widths[algorithm])) - 1n;
      let crc = mask;
      for (const byte of bytes) {
        crc ^= BigInt(byte);
        for (let bit = 0; bit < 8; bit++)
          crc = (crc & 1n) === 1n ? (crc >> 1n) ^ CRC_POLYNOMIALS[algorithm] : crc >> 1n;
      }
      const expected = (crc ^ mask).toString(16).padStart(widths[algorithm] / 4, "0");
      expect((await digestOf(algorithm, bytes)).toString("hex")).to.equal(expected);
    }
  });

  it("give the published values of xxHash for no bytes, in network byte order", async () => {
    const known = {
      XXHASH64: "ef46db3751d8e999",
      XXHASH3: "2d06800538d394c2",
      XXHASH128: "99aa06d3014798d86001c324468d497f",
    };
    for (const algorithm of ["XXHASH64", "XXHASH3", "XXHASH128"] as const)
      expect((await digestOf(algorithm)).toString("hex")).to.equal(known[algorithm]);
  });

  it("of many bodies at once do not mix although they share an engine", async () => {
    // Long enough to pass through every algorithm's inner buffers.
    const texts = ["first body", "the second", "and a third one"].map((text) => text.repeat(200));
    for (const algorithm of checksumAlgorithms) {
      const alone = await Promise.all(texts.map((text) => digestOf(algorithm, Buffer.from(text))));
      const digests = await Promise.all(texts.map(() => beginDigest(algorithm)));
      for (let at = 0; at < 3000; at += 97) {
        for (const [n, digest] of digests.entries()) digest.update(Buffer.from(texts[n]!.slice(at, at + 97)));
      }
      expect(digests.map((digest) => digest.digest())).to.deep.equal(alone);
    }
  });

  it("do not depend on how the bytes are cut", async () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(bytes, bytes, fc.constantFrom(...checksumAlgorithms), async (left, right, algorithm) => {
        expect(await digestOf(algorithm, left, right)).to.deep.equal(
          await digestOf(algorithm, Buffer.concat([left, right])),
        );
      }),
      { numRuns: 100 },
    );
  });
});
