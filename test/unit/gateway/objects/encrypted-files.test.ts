import { expect } from "chai";
import { createHash } from "node:crypto";
import { DATA_FRAGMENTS, FRAGMENT_SIZE, SEGMENT_SIZE } from "../../../../src/model/sizes.js";
import { collect } from "../../../support/collect.js";
import { AES, at, CAPACITY, EncryptedVault } from "../../../support/encrypted-vault.js";
import { alice, as, bob, body, bytesOf, plainly } from "../../../support/test-gateway.js";

describe("Encrypted objects and their files", () => {
  let vault: EncryptedVault;
  afterEach(() => vault.close());

  it("are never the same file twice: equal bytes of one owner or of two share nothing", async () => {
    vault = await EncryptedVault.build();
    await vault.gateway.buckets.create(as(bob), "other");
    const bytes = bytesOf(1000, 1);
    const versions = [
      await vault.put("a", bytes, AES),
      await vault.put("b", bytes, AES),
      await vault.put("c", bytes),
      await vault.gateway.objects.put(as(bob), { bucket: "other", key: "k" }, body(bytes), {
        ...plainly,
        encryption: AES,
      }),
    ];
    for (const version of versions) await vault.store(version);
    const fids = await Promise.all(
      versions.map(async ({ id }) => (await vault.fixture.catalog.objects.byId(id))?.durability.fid),
    );
    expect(new Set(fids).size).to.equal(4);
  });

  it("are read each in its own size and format where several of one owner are one file", async () => {
    vault = await EncryptedVault.build();
    const filled = Buffer.concat([bytesOf(1000, 3), Buffer.alloc(1000)]);
    const objects: (readonly [string, Buffer])[] = [
      ["short", filled.subarray(0, 1000)],
      ["long", filled],
      ["longest", Buffer.concat([filled, Buffer.alloc(CAPACITY / 2)])],
    ];
    for (const [key, bytes] of objects) await vault.store(await vault.put(key, bytes));
    const fids = await Promise.all(
      objects.map(
        async ([key]) =>
          (await vault.gateway.objects.head(as(alice), at(key), { preconditions: {} })).version.durability.fid,
      ),
    );
    expect(new Set(fids).size, "zeros at the end are what a segment is filled with").to.equal(1);
    for (const [key, bytes] of objects) expect((await vault.get(key)).equals(bytes), key).to.equal(true);
  });

  it("are read back whole where the last of their segments repeats, and so one file stands for shorter and longer ones", async () => {
    vault = await EncryptedVault.build();
    const zeros = (segments: number) =>
      Buffer.concat([bytesOf(SEGMENT_SIZE, 4), Buffer.alloc(segments * SEGMENT_SIZE - 5)]);
    for (const segments of [2, 3]) await vault.store(await vault.put(`${segments}`, zeros(segments)));
    const fids = await Promise.all(
      [2, 3].map(
        async (segments) =>
          (await vault.gateway.objects.head(as(alice), at(`${segments}`), { preconditions: {} })).version.durability
            .fid,
      ),
    );
    expect(fids[0]).to.equal(fids[1]);
    for (const segments of [3, 2])
      expect((await vault.get(`${segments}`)).equals(zeros(segments)), `${segments} segments of zeros`).to.equal(true);
    const range = { first: 2 * SEGMENT_SIZE - 3, last: 3 * SEGMENT_SIZE + 7 };
    expect((await vault.get("3", { range })).equals(zeros(3).subarray(range.first, range.last + 1))).to.equal(true);
  });

  it("and what another owner stored of their ciphertext are the same file, read by each in its own way", async () => {
    vault = await EncryptedVault.build();
    const bytes = bytesOf(1000, 1);
    const version = await vault.put("k", bytes, AES);
    await vault.store(version);
    const [extent] = await vault.fixture.catalog.objects.extents(version.id);
    const ciphertext = Buffer.concat(
      (await vault.fixture.catalog.files.get(extent!.file))!.segments[0]!.fragments.slice(0, DATA_FRAGMENTS).map(
        (hash) =>
          [...vault.network.nodes.stored()].find(
            (fragment) => createHash("sha256").update(fragment).digest("hex") === hash,
          ) ?? Buffer.alloc(FRAGMENT_SIZE),
      ),
    );
    await vault.gateway.buckets.create(as(bob), "found");
    const found = await vault.gateway.objects.put(as(bob), { bucket: "found", key: "k" }, body(ciphertext), plainly);
    await vault.store(found);
    expect((await vault.fixture.catalog.objects.extents(found.id))[0]!.fid).to.equal(extent!.fid);
    expect(await vault.get("k")).to.deep.equal(bytes);
    const { body: again } = await vault.gateway.objects.get(
      as(bob),
      { bucket: "found", key: "k" },
      { preconditions: {} },
    );
    expect((await collect(again)).equals(ciphertext)).to.equal(true);
  });

  it("have a checksum of their own that tells nothing of their bytes: the FID", async () => {
    vault = await EncryptedVault.build();
    const bytes = bytesOf(1000, 1);
    const version = await vault.put("k", bytes, AES);
    await vault.store(version);
    const plain = createHash("sha256")
      .update(Buffer.concat([bytes, Buffer.alloc(SEGMENT_SIZE - bytes.length)]))
      .digest("hex");
    const [extent] = await vault.fixture.catalog.objects.extents(version.id);
    expect((await vault.fixture.catalog.files.manifest(extent!.file))?.segments[0]?.hash).not.to.equal(plain);
  });
});
