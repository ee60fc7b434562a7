import { expect } from "chai";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CacheSettings, TieredCache } from "../../../src/cache/tiered-cache.js";
import type { Hash } from "../../../src/model/hash.js";
import { FRAGMENT_SIZE, MIB } from "../../../src/model/sizes.js";
import { collect } from "../../support/collect.js";
import { describeFragmentCache, namedFragment } from "../../suites/fragment-cache.js";

const verify = (bytes: Uint8Array, hash: Hash) =>
  Promise.resolve(createHash("sha256").update(bytes).digest("hex") === hash ? bytes : undefined);

/** Later than the cache's own reading: it knows a file's time to the millisecond, and a fast machine changes it within one. */
function change(path: string): void {
  const later = statSync(path).mtimeMs / 1000 + 1;
  writeFileSync(path, "lies");
  utimesSync(path, later, later);
}

describe("TieredCache", () => {
  let folder: string;
  const opened: TieredCache[] = [];
  const open = (settings: Partial<CacheSettings> = {}) => {
    const cache = new TieredCache({ verify }, { folder, memoryBytes: 32 * MIB, diskBytes: 32 * MIB, ...settings });
    opened.push(cache);
    return cache;
  };
  /** The file of a fragment, whichever name it has. */
  const fileOf = (hash: Hash) =>
    join(
      folder,
      readdirSync(folder).find((name) => name.startsWith(hash))!,
    );
  const kept = () => readdirSync(folder).map((name) => name.slice(0, 64));
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), "cess-s3-test-")), "cache");
  });
  afterEach(async () => {
    for (const cache of opened.splice(0)) await cache.close();
    rmSync(join(folder, ".."), { recursive: true, force: true });
  });

  describeFragmentCache("TieredCache", () => open());
  describeFragmentCache("TieredCache without memory", () => open({ memoryBytes: 0 }));
  describeFragmentCache("TieredCache without a disk", () => open({ diskBytes: 0 }));

  it("finds after a restart what it had, and stores no trailing zeros", async () => {
    const { hash, bytes } = namedFragment("kept");
    const before = open();
    await before.set(hash, bytes);
    await before.close();
    expect(statSync(fileOf(hash)).size).to.equal(4);
    const after = open();
    const found = await after.get(hash);
    expect(found && Buffer.compare(found, bytes)).to.equal(0);
    expect(after.usage()).to.deep.equal({
      memory: { bytes: FRAGMENT_SIZE, hits: 0, misses: 1, evictions: 0 },
      disk: { bytes: 4, hits: 1, misses: 0, evictions: 0 },
    });
  });

  it("keeps bytes exactly when zeros stand before their end, at any alignment", async () => {
    const cache = open({ memoryBytes: 0 });
    for (const length of [0, 1, 7, 8, 9, 15, 16, 17, FRAGMENT_SIZE - 1, FRAGMENT_SIZE]) {
      const bytes = new Uint8Array(FRAGMENT_SIZE);
      if (length > 0) bytes[length - 1] = 1;
      const hash = createHash("sha256").update(bytes).digest("hex") as Hash;
      await cache.set(hash, bytes);
      const found = await cache.get(hash);
      expect(found && Buffer.compare(found, bytes), `${length} bytes`).to.equal(0);
    }
  });

  for (const [what, spoil] of [
    ["changed", change],
    ["cut", (path: string) => writeFileSync(path, "")],
    ["gone", (path: string) => rmSync(path)],
  ] as const)
    it(`misses a file that was ${what}, and keeps it again when it is set again`, async () => {
      const { hash, bytes } = namedFragment("true");
      const cache = open({ memoryBytes: 0 });
      await cache.set(hash, bytes);
      // Read and verified once, which must not make it believed for ever.
      expect(await cache.get(hash)).to.have.length(FRAGMENT_SIZE);
      spoil(fileOf(hash));
      expect(await cache.get(hash)).to.equal(undefined);
      await cache.set(hash, bytes);
      expect(await cache.get(hash)).to.have.length(FRAGMENT_SIZE);
    });

  it("gives a fragment in pieces from the disk once it was verified, and not from memory", async () => {
    const { hash, bytes } = namedFragment("in pieces");
    const range = { start: 1, end: FRAGMENT_SIZE };
    const cache = open({ memoryBytes: 0 });
    await cache.set(hash, bytes);
    expect(cache.stream(hash, range), "not verified yet").to.equal(undefined);
    await cache.get(hash);
    expect((await collect(cache.stream(hash, range)!)).equals(bytes.subarray(1))).to.equal(true);
    const withMemory = open();
    await withMemory.get(hash);
    expect(withMemory.stream(hash, range)).to.equal(undefined);
  });

  for (const [what, spoil] of [
    ["changed", change],
    ["gone", (path: string) => rmSync(path)],
  ] as const)
    it(`gives no piece of a file that was ${what}`, async () => {
      const { hash, bytes } = namedFragment("true");
      const cache = open({ memoryBytes: 0 });
      await cache.set(hash, bytes);
      await cache.get(hash);
      const stream = cache.stream(hash, { start: 0, end: 4 })!;
      spoil(fileOf(hash));
      expect(
        await stream.next().then(
          () => "given",
          () => "refused",
        ),
      ).to.equal("refused");
    });

  it("hashes a file once in a process and again in the next", async () => {
    const { hash, bytes } = namedFragment("once");
    let hashed = 0;
    const counting = () =>
      new TieredCache({ verify: (given) => (hashed++, Promise.resolve(given)) }, { folder, memoryBytes: 0 });
    const cache = counting();
    await cache.set(hash, bytes);
    for (let n = 0; n < 3; n++) expect(await cache.get(hash)).to.have.length(FRAGMENT_SIZE);
    expect(hashed).to.equal(1);
    await counting().get(hash);
    expect(hashed).to.equal(2);
  });

  it("drops the least recently used from disk, also when the use was before a restart", async () => {
    const [a, b, c] = ["aaaa", "bbbb", "cccc"].map(namedFragment);
    const before = open({ memoryBytes: 0, diskBytes: 8 });
    await before.set(a!.hash, a!.bytes);
    await before.set(b!.hash, b!.bytes);
    utimesSync(fileOf(b!.hash), new Date(1000), new Date(1000));
    await before.close();
    const after = open({ memoryBytes: 0, diskBytes: 8 });
    await after.set(c!.hash, c!.bytes);
    await after.close();
    expect(kept()).to.have.members([a!.hash, c!.hash]);
    expect(after.usage().disk.bytes).to.equal(8);
  });

  it("holds no more in memory than it may", async () => {
    const cache = open({ memoryBytes: 2 * FRAGMENT_SIZE, diskBytes: 0 });
    const [a, b, c] = ["a", "b", "c"].map(namedFragment);
    for (const { hash, bytes } of [a!, b!]) await cache.set(hash, bytes);
    await cache.get(a!.hash);
    await cache.set(c!.hash, c!.bytes);
    expect(cache.usage().memory.bytes).to.equal(2 * FRAGMENT_SIZE);
    expect(await cache.get(b!.hash)).to.equal(undefined);
    expect(await cache.get(a!.hash)).to.equal(a!.bytes);
  });

  it("removes half-written files at start and leaves strangers' files alone", async () => {
    const { hash, bytes } = namedFragment("x");
    await open().set(hash, bytes);
    writeFileSync(join(folder, "12345.tmp"), "half");
    writeFileSync(join(folder, "README"), "not ours");
    const cache = open();
    expect(await cache.get(hash)).to.have.length(FRAGMENT_SIZE);
    await cache.clear();
    expect(readdirSync(folder)).to.deep.equal(["README"]);
  });

  it("works without its folder, from memory", async () => {
    const file = join(folder, "..", "file");
    writeFileSync(file, "");
    const cache = open({ folder: join(file, "cache") });
    const { hash, bytes } = namedFragment("y");
    await cache.set(hash, bytes);
    expect(await cache.get(hash)).to.equal(bytes);
    expect(cache.usage().disk.bytes).to.equal(0);
  });

  it("refuses bytes that are not a fragment's 8 MiB", async () => {
    const { hash } = namedFragment("z");
    let refusal: unknown;
    await open()
      .set(hash, new Uint8Array(5))
      .catch((error: unknown) => (refusal = error));
    expect(refusal).to.be.instanceOf(RangeError);
  });
});
