import { expect } from "chai";
import { createHash } from "node:crypto";
import type { QueuedObject } from "../../../src/catalog/catalog.js";
import { MemoryBlobs } from "../../../src/blobs/memory-blobs.js";
import { RunCipher } from "../../../src/encoding/run-cipher.js";
import { PLAIN, type DataKey } from "../../../src/model/file.js";
import type { BlobId } from "../../../src/model/object.js";
import { CHUNK_SIZE, FRAGMENT_SIZE, PACK_HEADER_BYTES } from "../../../src/model/sizes.js";
import { PackWriter } from "../../../src/packing/pack-writer.js";
import { bytesOf, pieces } from "../../support/test-gateway.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const key = "ab".repeat(32) as DataKey;
const { signal } = new AbortController();

describe("A pack's content", () => {
  const blobs = new MemoryBlobs();
  const parts: Buffer[] = [];
  beforeEach(() => void (parts.length = 0));

  async function take<T>(from: AsyncGenerator<Uint8Array, T> | Generator<Uint8Array, T>): Promise<T> {
    for (;;) {
      const step = await from.next();
      if (step.done === true) return step.value;
      parts.push(Buffer.from(step.value));
    }
  }
  const content = () => Buffer.concat(parts);
  const queued = async (bytes: Buffer, more: Partial<QueuedObject> = {}): Promise<QueuedObject> => {
    const { id } = await blobs.write(pieces(bytes));
    return {
      version: id,
      queuedAt: 0,
      size: bytes.length,
      blobs: [{ blob: id, offset: 0, length: bytes.length }],
      format: PLAIN,
      ...more,
    };
  };

  it("begins with a header that no other pack has, and holds the objects as they are", async () => {
    const writer = new PackWriter(blobs, FRAGMENT_SIZE);
    await take(writer.header());
    const objects = [bytesOf(1000, 1), bytesOf(300_000, 2)];
    for (const bytes of objects) expect(await take(writer.object(await queued(bytes), signal))).to.equal(true);
    expect(content().toString("latin1", 0, 8)).to.equal("CESSPACK");
    expect([content()[8], PACK_HEADER_BYTES]).to.deep.equal([1, 64]);
    expect(
      content()
        .subarray(32, 64)
        .every((byte) => byte === 0),
    ).to.equal(true);
    expect(writer.objects.map(({ offset, length }) => [offset, length])).to.deep.equal([
      [64, 1000],
      [1064, 300_000],
    ]);
    for (const [place, { offset, length, digest }] of writer.objects.entries()) {
      expect(
        content()
          .subarray(offset, offset + length)
          .equals(objects[place]!),
      ).to.equal(true);
      expect(digest).to.equal(sha256(objects[place]!));
    }
    expect(writer.bytes).to.equal(content().length);
    const other = [...new PackWriter(blobs, FRAGMENT_SIZE).header()];
    expect(Buffer.concat(other).equals(content().subarray(0, 64))).to.equal(false);
  });

  it("seals what is to be encrypted with the object's own key, and has the digest of what is stored", async () => {
    const writer = new PackWriter(blobs, FRAGMENT_SIZE);
    await take(writer.header());
    const bytes = bytesOf(CHUNK_SIZE + 100, 3);
    await take(writer.object(await queued(bytes, { format: { name: "aes-256-gcm", first: 0, key } }), signal));
    const [{ offset, length, digest }] = writer.objects as [(typeof writer.objects)[0]];
    const stored = content().subarray(offset, offset + length);
    expect(length).to.equal(bytes.length + 2 * 16);
    expect(digest).to.equal(sha256(stored));
    const cipher = new RunCipher(key);
    const opened = [cipher.open(0, stored.subarray(0, CHUNK_SIZE)), cipher.open(1, stored.subarray(CHUNK_SIZE))];
    expect(Buffer.concat(opened).equals(bytes)).to.equal(true);
  });

  it("divides no small object between two fragments, and large ones where they lie", async () => {
    const writer = new PackWriter(blobs, 3 * FRAGMENT_SIZE);
    await take(writer.header());
    await take(writer.object(await queued(bytesOf(FRAGMENT_SIZE - 1064, 4)), signal));
    await take(writer.object(await queued(bytesOf(1001, 5)), signal));
    await take(writer.object(await queued(bytesOf(FRAGMENT_SIZE, 6)), signal));
    expect(writer.objects.map(({ offset }) => offset)).to.deep.equal([64, FRAGMENT_SIZE, FRAGMENT_SIZE + 1001]);
    expect(
      content()
        .subarray(FRAGMENT_SIZE - 1000, FRAGMENT_SIZE)
        .every((byte) => byte === 0),
    ).to.equal(true);
    expect(content().length).to.equal(writer.bytes);
  });

  it("leaves out what does not fit", async () => {
    const writer = new PackWriter(blobs, 1000);
    await take(writer.header());
    expect(await take(writer.object(await queued(bytesOf(100, 6)), signal))).to.equal(true);
    expect(await take(writer.object(await queued(bytesOf(837, 7)), signal))).to.equal(false);
    expect(await take(writer.object(await queued(bytesOf(836, 8)), signal))).to.equal(true);
    expect(content().length).to.equal(1000);
  });

  it("has one object that is too large for it, since nothing behind that would ever be packed", async () => {
    const writer = new PackWriter(blobs, 1000);
    await take(writer.header());
    expect(await take(writer.object(await queued(bytesOf(2000, 7)), signal))).to.equal(true);
    expect(await take(writer.object(await queued(bytesOf(1, 8)), signal))).to.equal(false);
    expect(content().length).to.equal(2064);
  });

  it("does not have an object that is gone, or that cannot be read to its end, and goes on with the next", async () => {
    const writer = new PackWriter(blobs, FRAGMENT_SIZE);
    await take(writer.header());
    const gone = await queued(bytesOf(100, 9));
    await blobs.remove([gone.version as BlobId]);
    const short = await queued(bytesOf(100, 10));
    expect(await take(writer.object({ ...gone }, signal))).to.equal(true);
    await take(writer.object({ ...short, size: 200 }, signal));
    const good = await queued(bytesOf(100, 11));
    await take(writer.object(good, signal));
    expect(writer.objects.map(({ version }) => version)).to.deep.equal([good.version]);
    expect([...writer.unreadable.keys()]).to.deep.equal([gone.version, short.version]);
    const [{ offset, length }] = writer.objects as [(typeof writer.objects)[0]];
    expect(
      content()
        .subarray(offset, offset + length)
        .equals(bytesOf(100, 11)),
    ).to.equal(true);
  });

  it("takes a run of another pack over, and refuses bytes that are not those of its digest", async () => {
    const writer = new PackWriter(blobs, FRAGMENT_SIZE);
    await take(writer.header());
    const bytes = bytesOf(5000, 12);
    const survivor = { file: "7", offset: 4711, length: bytes.length, digest: sha256(bytes) as never };
    expect(await take(writer.survivor(survivor, pieces(bytes)))).to.equal(true);
    expect(writer.moves).to.deep.equal([{ offset: 64, length: 5000, source: { file: "7", offset: 4711 } }]);
    const refused = await take(writer.survivor(survivor, pieces(bytesOf(5000, 13)))).then(
      () => undefined,
      (error: unknown) => (error as Error).message,
    );
    expect(refused).to.contain("pack 7 at 4711");
    expect(writer.moves).to.have.length(1);
  });

  it("ends with the signal's reason", async () => {
    const writer = new PackWriter(blobs, FRAGMENT_SIZE);
    const ended = new AbortController();
    ended.abort(new Error("draining"));
    const gone = await queued(bytesOf(100, 14));
    await blobs.remove([gone.version as BlobId]);
    const error = await take(writer.object(gone, ended.signal)).catch((reason: unknown) => (reason as Error).message);
    expect(error).to.equal("draining");
  });
});
