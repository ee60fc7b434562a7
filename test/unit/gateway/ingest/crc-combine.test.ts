import { expect } from "chai";
import fc from "fast-check";
import { combineCrcs, type CombinableAlgorithm } from "../../../../src/gateway/ingest/crc-combine.js";
import { beginDigest } from "../../../../src/digests/digest.js";

const crcs = ["CRC32", "CRC32C", "CRC64NVME"] as const;

async function digestOf(algorithm: CombinableAlgorithm, content: Uint8Array): Promise<Buffer> {
  const digest = await beginDigest(algorithm);
  digest.update(content);
  return digest.digest();
}

describe("Combining CRCs", () => {
  it("gives the CRC of the pieces laid end to end, empty ones included", async () => {
    const piecesOf = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(piecesOf, fc.constantFrom(...crcs), async (contents, algorithm: CombinableAlgorithm) => {
        const pieces = await Promise.all(
          contents.map(async (content) => ({ crc: await digestOf(algorithm, content), length: content.length })),
        );
        expect(combineCrcs(algorithm, pieces)).to.deep.equal(await digestOf(algorithm, Buffer.concat(contents)));
      }),
      { numRuns: 200 },
    );
  });

  it("counts lengths beyond 32 bits", async () => {
    // Zeros appended to a register whose inversion cancels: 8 GiB in one step must equal 8 GiB in two unequal ones.
    const half = { crc: await digestOf("CRC64NVME", Buffer.from("x")), length: 2 ** 33 };
    const once = combineCrcs("CRC64NVME", [
      { crc: Buffer.from("0123456789abcdef", "hex"), length: 1 },
      { ...half, crc: Buffer.alloc(8) },
    ]);
    const twice = combineCrcs("CRC64NVME", [
      { crc: Buffer.from("0123456789abcdef", "hex"), length: 1 },
      { crc: Buffer.alloc(8), length: 2 ** 33 - 12_345 },
      { crc: Buffer.alloc(8), length: 12_345 },
    ]);
    expect(twice).to.deep.equal(once);
  });
});
