import { expect } from "chai";
import { createHash } from "node:crypto";
import type { FragmentCache } from "../../src/cache/cache.js";
import type { Hash } from "../../src/model/hash.js";
import { FRAGMENT_SIZE } from "../../src/model/sizes.js";
import { collect } from "../support/collect.js";

/** A fragment that is `text` and then zeros, with its hash. */
export function namedFragment(text: string): { hash: Hash; bytes: Uint8Array } {
  const bytes = new Uint8Array(FRAGMENT_SIZE);
  bytes.set(Buffer.from(text));
  return { hash: createHash("sha256").update(bytes).digest("hex") as Hash, bytes };
}

/** What every FragmentCache does. `open` gives an empty one with room for at least two fragments. */
export function describeFragmentCache(name: string, open: () => FragmentCache): void {
  describe(`${name} is a FragmentCache`, () => {
    let cache: FragmentCache;
    beforeEach(() => {
      cache = open();
    });
    afterEach(() => cache.close());

    it("gives back what was set, and counts hits and misses", async () => {
      const { hash, bytes } = namedFragment("one");
      expect(await cache.get(hash)).to.equal(undefined);
      await cache.set(hash, bytes);
      expect(cache.has(hash)).to.equal(true);
      expect(cache.has(namedFragment("another").hash)).to.equal(false);
      const found = await cache.get(hash);
      expect(found && Buffer.compare(found, bytes)).to.equal(0);
      const { memory, disk } = cache.usage();
      expect([memory.hits + disk.hits, memory.misses - disk.hits]).to.deep.equal([1, 1]);
    });

    it("gives at once what it holds in memory, and nothing that it has to read", async () => {
      const { hash, bytes } = namedFragment("held");
      expect(cache.held(hash)).to.equal(undefined);
      await cache.set(hash, bytes);
      const held = cache.held(hash);
      if (cache.usage().memory.bytes > 0) expect(held && Buffer.compare(held, bytes)).to.equal(0);
      else expect(held).to.equal(undefined);
    });

    it("gives any range in pieces where it does so, the zeros at the end as well", async () => {
      const { hash, bytes } = namedFragment("in pieces");
      expect(cache.stream(hash, { start: 0, end: 10 })).to.equal(undefined);
      await cache.set(hash, bytes);
      await cache.get(hash);
      for (const [start, end] of [
        [0, FRAGMENT_SIZE],
        [0, 2],
        [1, 3],
        [2, 2_000_000],
        [FRAGMENT_SIZE - 1, FRAGMENT_SIZE],
        [5, 5],
      ] as const) {
        const stream = cache.stream(hash, { start, end });
        if (stream)
          expect((await collect(stream)).equals(bytes.subarray(start, end)), `bytes ${start} to ${end}`).to.equal(true);
      }
    });

    it("holds nothing after clear", async () => {
      const { hash, bytes } = namedFragment("two");
      await cache.set(hash, bytes);
      await cache.clear();
      expect(await cache.get(hash)).to.equal(undefined);
      expect(cache.usage()).to.deep.include({
        memory: { ...cache.usage().memory, bytes: 0 },
        disk: { ...cache.usage().disk, bytes: 0 },
      });
    });

    it("may be set twice", async () => {
      const { hash, bytes } = namedFragment("three");
      await Promise.all([cache.set(hash, bytes), cache.set(hash, bytes)]);
      await cache.set(hash, bytes);
      expect(await cache.get(hash)).to.have.length(FRAGMENT_SIZE);
    });
  });
}
