import { expect } from "chai";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { RunCipher } from "../../../src/encoding/run-cipher.js";
import { type CessFile, type DataKey, PLAIN } from "../../../src/model/file.js";
import type { Fid, Hash } from "../../../src/model/hash.js";
import { CHUNK_CONTENT, CHUNK_SIZE, FRAGMENT_SIZE, MIB } from "../../../src/model/sizes.js";
import { isReadWhole, PackedObject } from "../../../src/retrieval/packed-object.js";

const KEY = "ab".repeat(32) as DataKey;
const pack: CessFile = { fid: "f" as Fid, size: 30 * MIB, format: PLAIN, segments: [] };
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex") as Hash;

describe("PackedObject", () => {
  const content = randomBytes(17 * MIB);
  let stored: Buffer;
  let sealed: PackedObject;
  before(async () => {
    stored = await buffer(new RunCipher(KEY).seal(Readable.from([content])));
    sealed = new PackedObject(pack, { offset: 5, length: stored.length, digest: sha256(stored), key: KEY });
  });

  it("reads a long encrypted object 8 MiB at a time, each part proven by its chunks' tags", async () => {
    const range = { start: CHUNK_CONTENT + 7, end: content.length - 3 };
    const parts = [...sealed.parts(range)];
    expect(parts).to.deep.equal([
      { start: CHUNK_SIZE, end: CHUNK_SIZE + FRAGMENT_SIZE },
      { start: CHUNK_SIZE + FRAGMENT_SIZE, end: CHUNK_SIZE + 2 * FRAGMENT_SIZE },
      { start: CHUNK_SIZE + 2 * FRAGMENT_SIZE, end: stored.length },
    ]);
    const read: Uint8Array[] = [];
    for (const part of parts) {
      const bytes = stored.subarray(part.start, part.end);
      expect(await sealed.proves(part, bytes)).to.equal(true);
      const pieces = [...sealed.content(part, bytes, range)];
      expect(Math.max(...pieces.map(({ length }) => length))).to.be.at.most(MIB / 2);
      read.push(...pieces);
    }
    expect(Buffer.compare(Buffer.concat(read), content.subarray(range.start, range.end))).to.equal(0);
  });

  it("does not take a part for proven of which one bit is wrong, wherever that is", async () => {
    const part = { start: CHUNK_SIZE, end: 20 * CHUNK_SIZE };
    for (const at of [0, 10 * CHUNK_SIZE, 19 * CHUNK_SIZE - 1]) {
      const bytes = Buffer.from(stored.subarray(part.start, part.end));
      bytes[at]! ^= 1;
      expect(await sealed.proves(part, bytes), `byte ${at}`).to.equal(false);
    }
    const plain = randomBytes(MIB + 5);
    const object = new PackedObject(pack, { offset: 5, length: plain.length, digest: sha256(plain) });
    expect(await object.proves({ start: 0, end: plain.length }, plain)).to.equal(true);
    for (const at of [0, MIB / 2, MIB + 4]) {
      const bytes = Buffer.from(plain);
      bytes[at]! ^= 1;
      expect(await object.proves({ start: 0, end: bytes.length }, bytes), `byte ${at}`).to.equal(false);
    }
  });

  it("is read whole unless it is longer than a fragment and not encrypted", () => {
    const run = { offset: 0, digest: sha256(content) };
    expect(isReadWhole({ ...run, length: FRAGMENT_SIZE })).to.equal(true);
    expect(isReadWhole({ ...run, length: FRAGMENT_SIZE + 1 })).to.equal(false);
    expect(isReadWhole({ ...run, length: FRAGMENT_SIZE + 1, key: KEY })).to.equal(true);
  });
});
