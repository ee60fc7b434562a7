import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { DIGEST_THREADS_DEFAULTS, DigestThreads } from "../../../../src/gateway/ingest/digest-threads.js";
import { InlineDigests, type Digests, type DigestValues } from "../../../../src/gateway/ingest/digests.js";
import { checksumAlgorithms, type ChecksumAlgorithm } from "../../../../src/model/checksum.js";
import { pieces, refused } from "../../../support/test-gateway.js";

const all = new Set<ChecksumAlgorithm>(checksumAlgorithms);

/** Reads to the end; chunks are copied at once, because they are good only until the next. */
async function read(
  digests: Digests,
  source: AsyncIterable<Uint8Array>,
): Promise<{ bytes: Buffer; values: DigestValues }> {
  const chunks: Buffer[] = [];
  const passing = digests.over(source, all);
  for (;;) {
    const next = await passing.next();
    if (next.done === true) return { bytes: Buffer.concat(chunks), values: next.value };
    chunks.push(Buffer.from(next.value));
  }
}

async function* chunksOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

describe("Digest threads", () => {
  let threads: DigestThreads;

  beforeEach(() => {
    threads = new DigestThreads({ threads: 2, pieceBytes: 1000, piecesOfBody: 2, memoryBytes: 4000, inlineBytes: 0 });
  });

  afterEach(() => threads.close());

  it("pass the bytes on unchanged with the digests that the event loop computes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 2500 }), { maxLength: 8 }), async (chunks) => {
        const { bytes, values } = await read(threads, chunksOf(...chunks));
        const inline = await read(new InlineDigests(), chunksOf(...chunks));
        expect(bytes.equals(inline.bytes)).to.equal(true);
        expect(values).to.deep.equal(inline.values);
      }),
      { numRuns: 50 },
    );
  });

  it("compute the digests of a body that is longer than what they take at once", async () => {
    const usual = new DigestThreads();
    const body = randomBytes(DIGEST_THREADS_DEFAULTS.pieceBytes + 100_001);
    const { bytes, values } = await read(usual, chunksOf(body));
    expect(bytes.equals(body)).to.equal(true);
    expect(values).to.deep.equal((await read(new InlineDigests(), chunksOf(body))).values);
    await usual.close();
  });

  it("keep bodies apart that are hashed at the same time", async () => {
    const bodies = [1, 2].map((value) => Buffer.alloc(123_456, value));
    const read2 = await Promise.all(bodies.map((body) => read(threads, pieces(body))));
    for (const [index, { bytes, values }] of read2.entries()) {
      expect(bytes.equals(bodies[index]!)).to.equal(true);
      expect(values).to.deep.equal((await read(new InlineDigests(), pieces(bodies[index]!))).values);
    }
  });

  it("refuse with SlowDown what their memory cannot hold, until a body ends or is left", async () => {
    const begun = [threads.over(pieces(Buffer.alloc(5000)), all), threads.over(pieces(Buffer.alloc(5000)), all)];
    for (const body of begun) await body.next();
    await refused("SlowDown", read(threads, pieces(Buffer.alloc(5000))));
    await begun[0]!.return(new Map());
    expect((await read(threads, pieces(Buffer.alloc(5000)))).bytes.length).to.equal(5000);
  });

  it("pass the source's error on and have their memory back", async () => {
    const error = new Error("the client is gone");
    async function* broken() {
      yield* chunksOf(Buffer.alloc(1500));
      throw error;
    }
    for (let time = 0; time < 5; time++) {
      expect(
        await read(threads, broken()).then(
          () => undefined,
          (reason: unknown) => reason,
        ),
      ).to.equal(error);
    }
  });

  it("hash small bodies where they arrive", async () => {
    const small = new DigestThreads({ memoryBytes: 0 });
    const passing = small.over(chunksOf(Buffer.from("few")), all, 3);
    expect(Buffer.from((await passing.next()).value as Uint8Array).toString()).to.equal("few");
    expect((await passing.next()).done).to.equal(true);
    await small.close();
  });
});
