import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { opened, sealed, HEAD_BYTES, JOURNAL_KEYS } from "../../../src/journal/sealed-journal.js";
import { JournalDamaged } from "../../../src/journal/journal-damaged.js";
import { CHUNK_CONTENT, CHUNK_SIZE } from "../../../src/model/sizes.js";
import { collect } from "../../support/collect.js";
import { testKeys } from "../../support/test-keys.js";

const keys = testKeys.derive(JOURNAL_KEYS);
const other = new Uint8Array(32).fill(7);

async function* of(...pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield await Promise.resolve(piece);
}
const sealing = (bytes: Uint8Array, by = keys) => collect(sealed(by, of(bytes)));
const opening = (bytes: Uint8Array, by = keys) => collect(opened(by, of(bytes)));
const fault = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("A sealed journal", () => {
  const sizes = [1, 1000, CHUNK_CONTENT - 1, CHUNK_CONTENT, CHUNK_CONTENT + 1, 3 * CHUNK_CONTENT];

  it("gives back what was sealed, of any length and in any pieces", async () => {
    for (const size of sizes) {
      const bytes = randomBytes(size);
      const all = await sealing(bytes);
      expect(all).to.have.length(HEAD_BYTES + size + 16 * Math.ceil(size / CHUNK_CONTENT));
      expect((await opening(all)).equals(bytes), `${size}`).to.equal(true);
      const pieces = Array.from({ length: Math.ceil(all.length / 999) }, (_, n) =>
        all.subarray(n * 999, n * 999 + 999),
      );
      expect((await collect(opened(keys, of(...pieces)))).equals(bytes), `${size} in pieces`).to.equal(true);
    }
  });

  it("shows nothing of its content, and is other bytes each time", async () => {
    const bytes = Buffer.alloc(1000, "secret");
    const [one, two] = [await sealing(bytes), await sealing(bytes)];
    expect(one.includes("secret")).to.equal(false);
    expect(one.subarray(0, HEAD_BYTES).equals(two.subarray(0, HEAD_BYTES))).to.equal(false);
  });

  it("is opened with an older key behind the newest one, and with no other", async () => {
    const bytes = randomBytes(100);
    const all = await sealing(bytes);
    expect((await opening(all, [other, ...keys])).equals(bytes)).to.equal(true);
    expect(await fault(opening(all, [other]))).to.be.instanceOf(JournalDamaged);
  });

  it("does not open when any one of its bytes was changed", async () => {
    const all = await sealing(randomBytes(50));
    for (let at = 0; at < all.length; at++) {
      const changed = Buffer.from(all);
      changed[at]! ^= 1;
      expect(await fault(opening(changed)), `byte ${at}`).to.be.instanceOf(JournalDamaged);
    }
  });

  it("does not open when it was cut off anywhere, also between two chunks, or goes on", async () => {
    const all = await sealing(randomBytes(2 * CHUNK_CONTENT + 10));
    const lengths = [0, 1, HEAD_BYTES - 1, HEAD_BYTES, HEAD_BYTES + 1, all.length - 1];
    for (const length of [...lengths, HEAD_BYTES + CHUNK_SIZE, HEAD_BYTES + 2 * CHUNK_SIZE])
      expect(await fault(opening(all.subarray(0, length))), `${length}`).to.be.instanceOf(JournalDamaged);
    expect(await fault(opening(Buffer.concat([all, Buffer.alloc(1)])))).to.be.instanceOf(JournalDamaged);
  });

  it("does not open when its chunks are in another order", async () => {
    const all = await sealing(randomBytes(3 * CHUNK_CONTENT));
    const chunk = (n: number) => all.subarray(HEAD_BYTES + n * CHUNK_SIZE, HEAD_BYTES + (n + 1) * CHUNK_SIZE);
    const swapped = Buffer.concat([all.subarray(0, HEAD_BYTES), chunk(1), chunk(0), chunk(2)]);
    expect(await fault(opening(swapped))).to.be.instanceOf(JournalDamaged);
  });

  it("passes the failure of its source on", async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(randomBytes(10));
      throw new Error("the source");
    }
    expect(await fault(collect(sealed(keys, failing())))).to.have.property("message", "the source");
    expect(await fault(collect(opened(keys, failing())))).to.have.property("message", "the source");
  });
});
