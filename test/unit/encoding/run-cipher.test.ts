import { expect } from "chai";
import crypto, { createCipheriv } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { openedLength, RunCipher, sealedLength } from "../../../src/encoding/run-cipher.js";
import { openSegment } from "../../../src/encoding/segment-source.js";
import type { DataKey } from "../../../src/model/file.js";
import { TestFolder, vectorBytes } from "./vector-bytes.js";

const CONTENT = 65_520;
const KEY = "ab".repeat(32) as DataKey;
const OTHER = "ac".repeat(32) as DataKey;

/** The run as docs/encryption.md describes it, made by nothing but Node's own AES-GCM. */
function runOf(content: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let start = 0; start < content.length; start += CONTENT) {
    const nonce = Buffer.from(`00000000ffffffff${chunks.length.toString(16).padStart(8, "0")}`, "hex");
    const cipher = createCipheriv("aes-256-gcm", Buffer.from(KEY, "hex"), nonce);
    cipher.setAAD(Buffer.from("cess-s3 aes-256-gcm packed chunk 1", "ascii"));
    const plaintext = content.subarray(start, start + CONTENT);
    chunks.push(Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]));
  }
  return Buffer.concat(chunks);
}

async function* pieces(content: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += size)
    yield await Promise.resolve(content.subarray(at, Math.min(at + size, content.length)));
}

async function sealed(content: Uint8Array, pieceSize = 1000, key = KEY): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of new RunCipher(key).seal(pieces(content, pieceSize))) chunks.push(chunk);
  return chunks;
}

/** The nonces that `work` encrypts with, as hex digits. */
async function noncesOf(work: () => unknown): Promise<string[]> {
  const real = crypto.createCipheriv;
  const nonces: string[] = [];
  crypto.createCipheriv = ((algorithm: string, key: crypto.CipherKey, iv: Buffer, options: object) => {
    nonces.push(iv.toString("hex"));
    return real(algorithm, key, iv, options);
  }) as typeof real;
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    crypto.createCipheriv = real;
    syncBuiltinESMExports();
  }
  return nonces;
}

describe("RunCipher", () => {
  const notTheirs = "does not authenticate with its data key";

  for (const size of [1, CONTENT - 1, CONTENT, CONTENT + 1, 3 * CONTENT, 3 * CONTENT + 10]) {
    it(`seals ${size} bytes as the documentation says, whatever pieces they come in, and opens each chunk`, async () => {
      const content = Buffer.from(vectorBytes(size, size));
      const expected = runOf(content);
      for (const pieceSize of [997, CONTENT, 200_000]) {
        const chunks = await sealed(content, pieceSize);
        expect(Buffer.concat(chunks).equals(expected), `pieces of ${pieceSize}`).to.equal(true);
        const cipher = new RunCipher(KEY);
        expect(Buffer.concat(chunks.map((chunk, n) => cipher.open(n, chunk))).equals(content)).to.equal(true);
      }
      expect(sealedLength(size), "what it takes in the pack").to.equal(expected.length);
      expect(openedLength(expected.length)).to.equal(size);
    });
  }

  it("makes no chunk of no bytes", async () => {
    expect(await sealed(new Uint8Array(0))).to.have.length(0);
    expect(sealedLength(0)).to.equal(0);
    expect(openedLength(0)).to.equal(0);
  });

  it("yields a chunk as soon as it is full, and takes no more content until it is asked for the next", async () => {
    let taken = 0;
    const content = (async function* () {
      for (;;) {
        taken++;
        yield await Promise.resolve(new Uint8Array(CONTENT / 2));
      }
    })();
    const chunks = new RunCipher(KEY).seal(content);
    await chunks.next();
    expect(taken).to.equal(2);
    await chunks.next();
    expect(taken).to.equal(4);
    await chunks.return();
    expect((await content.next()).done, "leaving it closes the content").to.equal(true);
  });

  it("opens no chunk that was changed", async () => {
    const [chunk] = await sealed(vectorBytes(1, 100));
    for (const at of [0, 99, 100, 115]) {
      const changed = Buffer.from(chunk!);
      changed[at]! ^= 1;
      expect(() => new RunCipher(KEY).open(0, changed), `byte ${at}`).to.throw(notTheirs);
    }
  });

  it("opens no chunk in another's place, and none with another key", async () => {
    const chunks = await sealed(new Uint8Array(2 * CONTENT));
    expect(() => new RunCipher(KEY).open(1, chunks[0]!)).to.throw(notTheirs);
    expect(() => new RunCipher(KEY).open(0, chunks[1]!)).to.throw(notTheirs);
    expect(() => new RunCipher(OTHER).open(0, chunks[0]!)).to.throw(notTheirs);
  });

  it("opens no chunk of which a part is missing", async () => {
    const [, last] = await sealed(vectorBytes(2, CONTENT + 50));
    for (const length of [17, 65])
      expect(() => new RunCipher(KEY).open(1, last!.subarray(0, length))).to.throw(notTheirs);
    for (const length of [0, 15, 16])
      expect(() => new RunCipher(KEY).open(1, last!.subarray(0, length))).to.throw(RangeError);
    expect(() => new RunCipher(KEY).open(1, Buffer.alloc(65_537))).to.throw(RangeError);
  });

  it("uses no nonce that the same object's own file uses, which has another last chunk", async () => {
    const folder = new TestFolder();
    try {
      const size = 2 * CONTENT + 1;
      const path = folder.write("content", vectorBytes(3, size));
      const asFile = await noncesOf(() => {
        const source = openSegment([{ path, offset: 0, length: size }], { name: "aes-256-gcm", key: KEY, first: 0 });
        try {
          source.read(0, new Uint8Array(3 * 65_536));
        } finally {
          source.close();
        }
      });
      const asRun = await noncesOf(() => sealed(vectorBytes(3, size)));
      expect(asFile).to.have.length(3);
      expect(asRun).to.have.length(3);
      expect(new Set([...asFile, ...asRun]).size, "different nonces").to.equal(6);
      // The largest object, 5 TiB, has fewer segments than the number that runs use.
      expect(Math.ceil((5 * 2 ** 40) / (512 * CONTENT))).to.be.below(0xffffffff);
    } finally {
      folder.remove();
    }
  });
});
