import { expect } from "chai";
import type { Catalog, JournalUnit, KnownShare } from "../../../src/catalog/catalog.js";
import { KeyRing } from "../../../src/keys/key-ring.js";
import { ShareLines } from "../../../src/journal/share-lines.js";

const ring = (byte: number, kms: readonly string[] = []) =>
  new KeyRing({
    master: [Buffer.alloc(32, byte)],
    kms: new Map(kms.map((name) => [name, [Buffer.alloc(32, byte + 1)]])),
    ciphers: new Map(),
  });
const share: KnownShare = {
  bucket: "box",
  recipient: "ab",
  owner: "anna",
  stream: "aaaaaaaa",
  createdAt: 1,
  snapshots: [],
};

describe("What of a bucket is in a share", () => {
  const own = ring(1, ["aws/s3"]);
  const theirs = ring(9);
  let versions: JournalUnit[];
  let bucket: JournalUnit;

  const version = (key: number, more: Readonly<Record<string, string | number | null>>): JournalUnit => ({
    unit: "version",
    key,
    rows: {
      versions: [
        {
          id: key,
          bucket: "box",
          key: `k${key}`,
          owner: "somebody else",
          acl: "who may",
          lock: "locked",
          fid: "f",
          encryption: null,
          ...more,
        },
      ],
      extents: [{ version_id: key, position: 0, file_id: 7, offset: 0, length: 5, stored_length: 5, digest: "d" }],
    },
  });
  beforeEach(() => {
    bucket = {
      unit: "bucket",
      key: "box",
      rows: {
        buckets: [{ name: "box", owner: "anna", region: "r", created_at: 1 }],
        configurations: [
          { bucket: "box", name: "versioning", document: '"Enabled"' },
          { bucket: "box", name: "policy", document: "whom the owner trusts" },
        ],
        bucket_usage: [{ bucket: "box", quota_bytes: 123456, quota_objects: null }],
      },
    };
    versions = [version(1, {})];
  });

  function lines(): ShareLines {
    const shares: Partial<Catalog["shares"]> = {
      bucket: () => Promise.resolve(bucket),
      versions: (_bucket, after) => Promise.resolve(versions.filter(({ key }) => Number(key) > after)),
      files: (ids) =>
        Promise.resolve(
          ids.map((key) => ({
            unit: "file" as const,
            key,
            rows: {
              files: [{ id: key, owner: "anna", territory: "the owner's land", fid: "f" }],
              pack_moves: [{ file_id: key, offset: 0, length: 1, source_id: 99, source_offset: 0 }],
            },
          })),
        ),
    };
    return new ShareLines({ catalog: { shares: shares as Catalog["shares"] }, keys: own });
  }
  async function units(): Promise<JournalUnit[]> {
    const found: JournalUnit[] = [];
    for await (const unit of lines().lines(share, theirs)) found.push(unit);
    return found;
  }

  it("is its versions and their files, and nothing of other accounts, objects and settings", async () => {
    const found = await units();
    expect(found.map(({ unit, key }) => `${unit} ${key}`)).to.deep.equal(["bucket box", "version 1", "file 7"]);
    const text = JSON.stringify(found);
    for (const other of ["somebody else", "who may", "locked", "trusts", "123456", "land", "pack_moves"])
      expect(text).not.to.contain(other);
    expect(text).to.contain("Enabled").and.contain("k1");
  });

  it("has data keys under the share's key, of SSE-S3 and of KMS keys, and none under the gateway's", async () => {
    const secret = "11".repeat(32);
    const wrapped = await own.wrap(secret, { kind: "master" }, "");
    const byKms = await own.wrap(secret, { kind: "kms", keyId: "aws/s3" }, "ctx");
    versions = [
      version(1, { encryption: JSON.stringify({ algorithm: "AES256", wrapped }) }),
      version(2, {
        encryption: JSON.stringify({ algorithm: "aws:kms", keyId: "aws/s3", context: "ctx", wrapped: byKms }),
      }),
    ];
    const found = (await units()).filter(({ unit }) => unit === "version");
    for (const { rows } of found) {
      const encryption = JSON.parse(String(rows?.["versions"]?.[0]?.["encryption"])) as { wrapped: string };
      expect(await theirs.unwrap(encryption.wrapped, { kind: "master" }, "")).to.equal(secret);
    }
    expect(JSON.stringify(found)).not.to.contain(wrapped).and.not.contain(byKms);
  });

  it("lists what nobody there can read, without a place: under a KMS key that is gone, or in DeOSS's scheme", async () => {
    versions = [
      version(1, { encryption: JSON.stringify({ algorithm: "aws:kms", keyId: "gone", wrapped: "v1.x" }) }),
      version(2, { encryption: JSON.stringify({ algorithm: "cess-cbc" }) }),
      version(3, { encryption: JSON.stringify({ algorithm: "customer", wrapped: "by the customer's key" }) }),
    ];
    const [gone, cipher, customer] = (await units()).filter(({ unit }) => unit === "version");
    for (const unit of [gone, cipher]) {
      expect(unit?.rows).to.have.all.keys("versions");
      expect(unit?.rows?.["versions"]?.[0]).to.include({ fid: null, encryption: null });
    }
    expect(JSON.stringify(customer)).to.contain("by the customer's key");
  });

  it("has the same digest until something changes", async () => {
    const before = await lines().digest(share);
    expect(await lines().digest(share)).to.equal(before);
    const reading = lines().lines(share, theirs);
    let last = await reading.next();
    while (last.done !== true) last = await reading.next();
    expect(last.value).to.equal(before);
    versions = [version(1, { tags: "new" })];
    expect(await lines().digest(share)).to.not.equal(before);
  });
});
