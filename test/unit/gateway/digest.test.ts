import { expect } from "chai";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { combineCrcs, type CombinableAlgorithm } from "../../../src/gateway/crc-combine.js";
import { beginDigest } from "../../../src/gateway/digest.js";
import { checksumAlgorithms } from "../../../src/model/checksum.js";

const crcs = ["CRC32", "CRC32C", "CRC64NVME"] as const;

async function digestOf(algorithm: (typeof checksumAlgorithms)[number], ...chunks: readonly Uint8Array[]): Promise<Buffer> {
  const digest = await beginDigest(algorithm);
  for (const chunk of chunks) digest.update(chunk);
  return digest.digest();
}

describe("Digests", () => {
  it("give the published check values for the text 123456789", async () => {
    const known = { CRC32: "cbf43926", CRC32C: "e3069283", CRC64NVME: "ae8b14860a799888" };
    for (const algorithm of crcs) expect((await digestOf(algorithm, Buffer.from("123456789"))).toString("hex")).to.equal(known[algorithm]);
    expect(await digestOf("SHA1", Buffer.from("abc"))).to.deep.equal(createHash("sha1").update("abc").digest());
    expect(await digestOf("SHA256", Buffer.from("abc"))).to.deep.equal(createHash("sha256").update("abc").digest());
  });

  it("of many bodies at once do not mix although they share an engine", async () => {
    const texts = ["first body", "the second", "and a third one"];
    for (const algorithm of crcs) {
      const alone = await Promise.all(texts.map((text) => digestOf(algorithm, Buffer.from(text))));
      const digests = await Promise.all(texts.map(() => beginDigest(algorithm)));
      for (let at = 0; at < 15; at++) {
        for (const [n, digest] of digests.entries()) digest.update(Buffer.from(texts[n]!.slice(at, at + 1)));
      }
      expect(digests.map((digest) => digest.digest())).to.deep.equal(alone);
    }
  });

  it("do not depend on how the bytes are cut", async () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    await fc.assert(fc.asyncProperty(bytes, bytes, fc.constantFrom(...checksumAlgorithms), async (left, right, algorithm) => {
      expect(await digestOf(algorithm, left, right)).to.deep.equal(await digestOf(algorithm, Buffer.concat([left, right])));
    }), { numRuns: 100 });
  });
});

describe("Combining CRCs", () => {
  it("gives the CRC of the pieces laid end to end, empty ones included", async () => {
    const piecesOf = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 });
    await fc.assert(fc.asyncProperty(piecesOf, fc.constantFrom(...crcs), async (contents, algorithm: CombinableAlgorithm) => {
      const pieces = await Promise.all(contents.map(async (content) => ({ crc: await digestOf(algorithm, content), length: content.length })));
      expect(combineCrcs(algorithm, pieces)).to.deep.equal(await digestOf(algorithm, Buffer.concat(contents)));
    }), { numRuns: 200 });
  });

  it("counts lengths beyond 32 bits", async () => {
    // Zeros appended to a register whose inversion cancels: 8 GiB in one step must equal 8 GiB in two unequal ones.
    const half = { crc: await digestOf("CRC64NVME", Buffer.from("x")), length: 2 ** 33 };
    const once = combineCrcs("CRC64NVME", [{ crc: Buffer.from("0123456789abcdef", "hex"), length: 1 }, { ...half, crc: Buffer.alloc(8) }]);
    const twice = combineCrcs("CRC64NVME", [
      { crc: Buffer.from("0123456789abcdef", "hex"), length: 1 },
      { crc: Buffer.alloc(8), length: 2 ** 33 - 12_345 },
      { crc: Buffer.alloc(8), length: 12_345 },
    ]);
    expect(twice).to.deep.equal(once);
  });
});
