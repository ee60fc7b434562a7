import { expect } from "chai";
import { createHash } from "node:crypto";
import type { EncryptionRequest } from "../../../../src/model/encryption.js";
import { CHUNK_CONTENT, MIB, SEGMENT_SIZE } from "../../../../src/model/sizes.js";
import { AES, at, CAPACITY, customerKey, EncryptedVault, withKey } from "../../../support/encrypted-vault.js";
import { seededRandom } from "../../../support/seeded-random.js";
import { alice, as, body, bytesOf, plainly, refused } from "../../../support/test-gateway.js";
import { testKeys } from "../../../support/test-keys.js";

describe("Encrypted objects", () => {
  let vault: EncryptedVault;
  afterEach(() => vault.close());

  describe("of sizes around the edges of chunks, fragments and segments", () => {
    const seed = Number(process.env["ENCRYPTION_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
    before(() => console.log(`      ENCRYPTION_SEED=${seed}`));

    const sizes = [1, CHUNK_CONTENT - 1, CHUNK_CONTENT, CHUNK_CONTENT + 1, 128 * CHUNK_CONTENT + 1, CAPACITY + 1];
    for (const [name, encryption, from] of [
      ["the server's key", AES, 0],
      ["a customer's key", withKey(customerKey(5)), 4],
      ["DeOSS's scheme", undefined, 5],
    ] as const) {
      it(`give any range back, staged and from storage nodes, with ${name}`, async () => {
        vault = await EncryptedVault.build({ quota: { freshMs: 0 } });
        if (!encryption)
          await vault.gateway.encryption.set(as(alice), "vault", { algorithm: "cess-cbc", keyId: "friends" });
        const random = seededRandom(seed);
        const customer = encryption?.algorithm === "customer" ? { customer: encryption.customer } : {};
        for (const size of [...sizes.slice(from), 1 + Math.floor(random() * CAPACITY * 1.5)]) {
          const bytes = bytesOf(size, seed + size);
          bytes.writeUInt8(7, size - 1);
          const version = await vault.put("k", bytes, encryption);
          const edges = [
            0,
            1,
            CHUNK_CONTENT - 1,
            CHUNK_CONTENT,
            127 * CHUNK_CONTENT,
            128 * CHUNK_CONTENT,
            CAPACITY - 1,
            CAPACITY,
            size - 1,
          ];
          const ranges = Array.from({ length: 8 }, (_, i) => {
            const [first, last] = [0, 0]
              .map(() =>
                Math.min(size - 1, i < 4 ? edges[Math.floor(random() * edges.length)]! : Math.floor(random() * size)),
              )
              .sort((a, b) => a - b);
            return { first: first!, last: last! };
          });
          const check = async (where: string) => {
            expect((await vault.get("k", customer)).equals(bytes), `${size} bytes, ${where}`).to.equal(true);
            for (const range of ranges) {
              const part = await vault.get("k", { ...customer, range });
              expect(
                part.equals(bytes.subarray(range.first, range.last + 1)),
                `bytes ${range.first} to ${range.last} of ${size}, ${where}`,
              ).to.equal(true);
            }
          };
          if (size <= CHUNK_CONTENT + 1) await check("staged");
          await vault.store(version);
          await vault.cache.clear();
          await check("from the network");
          if (size > 100) vault.expectEncrypted(bytes);
          vault.network.nodes.forget();
        }
      });
    }
  });

  it("fetch only the fragments that a range touches", async () => {
    vault = await EncryptedVault.build();
    await vault.store(await vault.put("k", bytesOf(20 * MIB, 1), AES));
    vault.network.nodes.gets.length = 0;
    await vault.get("k", { range: { first: 128 * CHUNK_CONTENT + 5, last: 128 * CHUNK_CONTENT + 70_000 } });
    expect(vault.network.nodes.gets.length).to.equal(1);
    await vault.get("k", { range: { first: 128 * CHUNK_CONTENT - 1, last: 128 * CHUNK_CONTENT } });
    expect(vault.network.nodes.gets.length, "the other one is cached").to.equal(2);
  });

  it("fail with an internal error, not a wrong byte, when the segments are not what the key sealed", async () => {
    vault = await EncryptedVault.build();
    const other = await vault.put("other", bytesOf(1000, 2), AES);
    const version = await vault.put("k", bytesOf(1000, 1), AES);
    await vault.store(version);
    await vault.store(other);
    // As if the catalog gave the file of another object.
    const [extent] = (await vault.fixture.catalog.objects.byId(other.id))!.extents;
    const file = (await vault.fixture.catalog.files.manifest(extent!.file))!;
    const key = (await vault.fixture.catalog.objects.byId(version.id))!.encryption!.wrapped!;
    const dataKey = await testKeys.unwrap(key, { kind: "master" }, "");
    const opened = { ...file, size: 1000, format: { name: "aes-256-gcm" as const, first: 0, key: dataKey as never } };
    const error: unknown = await vault.retrieval.open([{ file: opened, range: { start: 0, end: 10 } }]).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(Error).with.property("name", "Error");
    expect((error as Error).message).to.contain("does not authenticate with its data key");
    expect(await vault.get("k")).to.deep.equal(bytesOf(1000, 1));
  });

  describe("that are copied", () => {
    it("share their file, the data key wrapped anew, and outlive their source", async () => {
      vault = await EncryptedVault.build();
      const bytes = bytesOf(200_000, 1);
      const source = await vault.put("source", bytes, withKey(customerKey(1)));
      await vault.store(source);
      const copies = {
        kms: { algorithm: "aws:kms", keyId: "payroll" },
        rekeyed: withKey(customerKey(2)),
        aes: AES,
      } as const;
      for (const [key, encryption] of Object.entries(copies)) {
        const copied = await vault.gateway.objects.copy(as(alice), at(key), {
          source: at("source"),
          sourcePreconditions: {},
          sourceCustomer: customerKey(1),
          encryption,
        });
        expect(copied.durability.fid, key).to.equal(
          (await vault.fixture.catalog.objects.byId(source.id))?.durability.fid,
        );
        expect(copied.durability.state).to.equal("stored");
      }
      await vault.gateway.objects.delete(as(alice), at("source"));
      await vault.cache.clear();
      expect(await vault.get("kms")).to.deep.equal(bytes);
      expect(await vault.get("aes")).to.deep.equal(bytes);
      expect(await vault.get("rekeyed", { customer: customerKey(2) })).to.deep.equal(bytes);
      await refused("AccessDenied", vault.get("rekeyed", { customer: customerKey(1) }));
    });

    it("are put anew where one is encrypted and the other is not", async () => {
      vault = await EncryptedVault.build();
      for (const [from, to] of [
        [undefined, AES],
        [AES, undefined],
      ] as const) {
        const bytes = bytesOf(200_000, from ? 1 : 2);
        const source = await vault.put("source", bytes, from);
        await vault.store(source);
        const copied = await vault.gateway.objects.copy(as(alice), at("copy"), {
          source: at("source"),
          sourcePreconditions: {},
          ...(to ? { encryption: to } : {}),
        });
        expect(copied.durability.state).to.equal("staged");
        expect(copied.encryption?.algorithm).to.equal(to?.algorithm);
        await vault.gateway.objects.delete(as(alice), at("source"));
        await vault.store(copied);
        await vault.cache.clear();
        expect(await vault.get("copy")).to.deep.equal(bytes);
      }
    });

    it("while they are staged or on their way, read as their source does", async () => {
      vault = await EncryptedVault.build();
      const bytes = bytesOf(1000, 1);
      const source = await vault.put("source", bytes, AES);
      const request = { source: at("source"), sourcePreconditions: {}, encryption: withKey(customerKey(1)) };
      const early = await vault.gateway.objects.copy(as(alice), at("early"), request);
      await vault.fixture.encode(source);
      const late = await vault.gateway.objects.copy(as(alice), at("late"), request);
      for (const key of ["early", "late"]) {
        await refused("InvalidRequest", vault.get(key));
        expect(await vault.get(key, { customer: customerKey(1) })).to.deep.equal(bytes);
      }
      for (const version of [source, early]) await vault.store(version);
      await vault.cache.clear();
      for (const key of ["early", "late"])
        expect(await vault.get(key, { customer: customerKey(1) })).to.deep.equal(bytes);
      expect((await vault.fixture.catalog.objects.byId(late.id))?.durability).to.include({ state: "stored" });
      expect(await vault.get("source")).to.deep.equal(bytes);
    });
  });

  it("that were uploaded and are staged give their FID to copies, and are never copied into another format with it", async () => {
    vault = await EncryptedVault.build();
    const { uploads, objects } = vault.gateway;
    const bytes = bytesOf(1000, 1);
    const upload = async (key: string, encryption?: EncryptionRequest) => {
      const { id } = await uploads.create(as(alice), at(key), { ...plainly, ...(encryption && { encryption }) });
      const { partNumber, etag } = await uploads.putPart(as(alice), at(key), id, 1, body(bytes));
      return (await uploads.complete(as(alice), at(key), id, { parts: [{ partNumber, etag }] })).result;
    };
    const copy = (key: string, source: string, encryption?: EncryptionRequest) =>
      objects.copy(as(alice), at(key), {
        source: at(source),
        sourcePreconditions: {},
        ...(encryption && { encryption }),
      });
    const sealed = await upload("sealed", AES);
    const plain = await upload("plain");
    const md5 = createHash("md5").update(bytes).digest("hex");
    const copies = [
      [await copy("sealed again", "sealed", withKey(customerKey(1))), sealed.etag, sealed.etag],
      [await copy("plain again", "plain"), plain.etag, plain.etag],
      [await copy("opened", "sealed"), md5, plain.etag],
      [await copy("closed", "plain", AES), md5, undefined],
    ] as const;
    for (const [{ key, etag, durability }, expected] of copies) {
      expect(etag, key).to.equal(expected);
      expect(durability, key).to.deep.equal({
        state: "staged",
        reports: 0,
        chargedBytes: 3 * SEGMENT_SIZE,
        ...(expected === md5 ? {} : { fid: expected }),
      });
    }
    for (const key of ["sealed", "plain"]) await vault.store((await vault.fixture.catalog.objects.get("vault", key))!);
    for (const [version, , fid] of copies) {
      await vault.store(version);
      const stored = await vault.fixture.catalog.objects.byId(version.id);
      expect(stored?.durability.state, version.key).to.equal("stored");
      if (fid === undefined) expect(stored?.durability.fid).not.to.be.oneOf([plain.etag, sealed.etag, undefined]);
      else expect(stored?.durability.fid, version.key).to.equal(fid);
    }
    await vault.cache.clear();
    for (const key of ["sealed", "plain again", "opened", "closed"])
      expect(await vault.get(key), key).to.deep.equal(bytes);
    expect(await vault.get("sealed again", { customer: customerKey(1) })).to.deep.equal(bytes);
  });

  it("uploaded in parts are sealed segment by segment, over several files and although a part came twice", async () => {
    vault = await EncryptedVault.build({ maxSegmentsPerFile: 1 });
    const { uploads } = vault.gateway;
    const parts = [bytesOf(20 * MIB, 1), bytesOf(20 * MIB, 2), bytesOf(30 * MIB, 3)];
    const { id } = await uploads.create(as(alice), at("k"), {
      content: {},
      metadata: {},
      encryption: withKey(customerKey(1)),
    });
    const send = (n: number, bytes: Buffer) => uploads.putPart(as(alice), at("k"), id, n, body(bytes), customerKey(1));
    await send(1, bytesOf(20 * MIB, 9));
    await send(2, parts[1]!);
    const sent = [await send(1, parts[0]!), await send(2, parts[1]!), await send(3, parts[2]!)];
    await refused("InvalidRequest", uploads.complete(as(alice), at("k"), id, { parts: [] }, customerKey(2)));
    const { result } = await uploads.complete(
      as(alice),
      at("k"),
      id,
      { parts: sent.map(({ partNumber, etag }) => ({ partNumber, etag })) },
      customerKey(1),
    );
    const { encryption } = await result;
    expect(encryption?.algorithm).to.equal("customer");
    expect(await vault.fixture.catalog.uploads.get("vault", "k", id), "its key goes with it").not.to.have.property(
      "format",
    );
    const version = (await vault.fixture.catalog.objects.get("vault", "k"))!;
    expect(version.durability).to.include({ state: "staged", fid: version.etag });
    await vault.store(version);
    expect(await vault.fixture.catalog.objects.extents(version.id)).to.have.length(3);
    await vault.cache.clear();
    const whole = Buffer.concat(parts);
    expect((await vault.get("k", { customer: customerKey(1) })).equals(whole)).to.equal(true);
    const range = { first: CAPACITY - 100, last: CAPACITY + 100 };
    expect(
      (await vault.get("k", { customer: customerKey(1), range })).equals(whole.subarray(range.first, range.last + 1)),
    ).to.equal(true);
  });

  it("are the rule where the operator said so, and take the space that they need", async () => {
    const charged = 96 * MIB;
    vault = await EncryptedVault.build({ encryption: { default: "AES256" }, territoryBytes: charged + 1 });
    expect((await vault.put("default", bytesOf(1000, 1))).encryption?.algorithm).to.equal("AES256");
    expect((await vault.gateway.encryption.get(as(alice), "vault")).algorithm).to.equal("AES256");
    await vault.gateway.objects.delete(as(alice), at("default"));
    await refused("TerritoryTooSmall", vault.put("two segments", Buffer.alloc(CAPACITY + 1)));
    await vault.put("one", Buffer.alloc(CAPACITY));
  });
});
