import { expect } from "chai";
import fc from "fast-check";
import type { ObjectQuery } from "../../src/catalog/catalog.js";
import { CatalogFixture, slice, version, type OpenCatalog } from "./catalog-fixture.js";
import { processorMs } from "../support/processor-time.js";

const bytes = (text: string) => Buffer.from(text);
const inOrder = (a: string, b: string) => Buffer.compare(bytes(a), bytes(b));

/** What a page must hold, worked out the slow way: roll every key up, order by bytes, cut. */
function expected(
  keys: readonly string[],
  { prefix, delimiter, after, limit }: ObjectQuery,
): { entries: string[]; truncated: boolean } {
  const names = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
      return at < 0 ? `key ${key}` : `prefix ${key.slice(0, at + delimiter.length)}`;
    });
  const text = (entry: string) => entry.slice(entry.indexOf(" ") + 1);
  const beyond = [...new Set(names)]
    .filter((entry) => after === "" || inOrder(text(entry), after) > 0)
    .sort((a, b) => inOrder(text(a), text(b)));
  return { entries: beyond.slice(0, limit), truncated: limit > 0 && beyond.length > limit };
}

export function listingContract(open: OpenCatalog): void {
  describe("listing objects", () => {
    const on = CatalogFixture.forEach(open);

    const fill = async (keys: readonly string[], bucket = "box") => {
      await Promise.all(keys.map((key) => on.catalog.objects.put(version(key, { bucket }), { blobs: [slice("b")] })));
    };
    const list = async (query: Partial<ObjectQuery>) => {
      const { entries, truncated } = await on.catalog.objects.list({
        bucket: "box",
        owner: "anna",
        prefix: "",
        delimiter: "",
        after: "",
        limit: 1000,
        ...query,
      });
      return {
        entries: entries.map((entry) => (entry.kind === "key" ? `key ${entry.version.key}` : `prefix ${entry.prefix}`)),
        truncated,
      };
    };

    it("shows of a version what S3 lists", async () => {
      await on.put("key", "b", {
        content: { storageClass: "GLACIER" },
        checksum: { algorithm: "SHA256", type: "COMPOSITE", value: "x-1" },
      });
      const { entries } = await on.catalog.objects.list({
        bucket: "box",
        owner: "anna",
        prefix: "",
        delimiter: "",
        after: "",
        limit: 1,
      });
      expect(entries).to.deep.equal([
        {
          kind: "key",
          version: {
            key: "key",
            size: 5,
            etag: "etag of key",
            owner: "anna",
            createdAt: on.clock.time,
            checksumAlgorithm: "SHA256",
            checksumType: "COMPOSITE",
            storageClass: "GLACIER",
          },
        },
      ]);
    });

    it("orders keys by their UTF-8 bytes, beyond the basic plane too", async () => {
      // In UTF-16, U+1F600 (a surrogate pair) comes before U+FF5E; in UTF-8 after it.
      await fill(["\u{1F600}", "\uFF5E", "z", "é", "Z", "a\u0000", "a", "a\u0001"]);
      expect((await list({})).entries).to.deep.equal([
        "key Z",
        "key a",
        "key a\u0000",
        "key a\u0001",
        "key z",
        "key é",
        "key \uFF5E",
        "key \u{1F600}",
      ]);
    });

    it("answers limit 0 with nothing, and nothing beyond", async () => {
      await fill(["a"]);
      expect(await list({ limit: 0 })).to.deep.equal({ entries: [], truncated: false });
    });

    it("keeps buckets apart", async () => {
      await on.catalog.buckets.create({ name: "box2", owner: "anna", region: "us-east-1" });
      await fill(["a"]);
      await fill(["b"], "box2");
      expect((await list({})).entries).to.deep.equal(["key a"]);
    });

    it("is what rolling up, ordering and cutting every key would give", async () => {
      const alphabet = fc.constantFrom(
        "a",
        "b",
        "/",
        "//",
        "\u0000",
        "\u0001",
        "\uD7FF",
        "\uE000",
        "\uFFFF",
        "\u{10000}",
        "\u{10FFFF}",
      );
      const word = fc.array(alphabet, { maxLength: 5 }).map((parts) => parts.join(""));
      const key = fc.array(alphabet, { minLength: 1, maxLength: 7 }).map((parts) => parts.join(""));
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(key, { maxLength: 40 }),
          fc.array(
            fc.record({
              prefix: fc.oneof(fc.constant(""), word),
              delimiter: fc.constantFrom("", "/", "a", "//", "\u{10FFFF}"),
              after: fc.oneof(fc.constant(""), word),
              limit: fc.integer({ min: 0, max: 12 }),
            }),
            { minLength: 1, maxLength: 15 },
          ),
          async (keys, queries) => {
            const bucket = `run${run++}`;
            await on.catalog.buckets.create({ name: bucket, owner: "anna", region: "us-east-1" });
            await fill(keys, bucket);
            for (const query of queries) {
              expect(await list({ bucket, ...query })).to.deep.equal(
                expected(keys, { bucket, owner: "anna", ...query }),
              );
            }
          },
        ),
        { numRuns: 40 },
      );
    });

    it("pages through everything once, prefixes included, when each page follows the last entry", async () => {
      const keys = Array.from({ length: 300 }, (_, index) =>
        index % 3 === 0 ? `k${index}` : `dir${index % 17}/k${index}`,
      );
      await fill(keys);
      for (const limit of [1, 7, 100]) {
        const seen: string[] = [];
        for (let after = ""; ;) {
          const page = await list({ delimiter: "/", after, limit });
          seen.push(...page.entries);
          if (!page.truncated) break;
          after = page.entries.at(-1)!.replace(/^(key|prefix) /, "");
        }
        expect(seen).to.deep.equal(
          expected(keys, { bucket: "box", owner: "anna", prefix: "", delimiter: "/", after: "", limit: 1000 }).entries,
        );
      }
    });

    it("passes over a common prefix's members instead of reading them", async () => {
      await fill(Array.from({ length: 1500 }, (_, index) => `crowd/${String(index).padStart(5, "0")}`));
      await fill(["alone", "zebra"]);
      const started = processorMs();
      for (let times = 0; times < 20; times++) {
        expect((await list({ delimiter: "/" })).entries).to.deep.equal(["key alone", "prefix crowd/", "key zebra"]);
      }
      const skipped = processorMs() - started;
      const scanned = processorMs();
      for (let times = 0; times < 2; times++)
        for (let after = ""; ;) {
          const page = await list({ after });
          if (!page.truncated) break;
          after = page.entries.at(-1)!.slice(4);
        }
      expect(skipped / 20, "one page of three entries costs far less than reading all keys").to.be.lessThan(
        (processorMs() - scanned) / 2 / 4,
      );
    });
  });
}
