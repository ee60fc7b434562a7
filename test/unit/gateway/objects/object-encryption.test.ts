import { expect } from "chai";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { KeyRing } from "../../../../src/keys/key-ring.js";
import { CHUNK_CONTENT, DATA_FRAGMENTS, FRAGMENT_SIZE, MIB, SEGMENT_SIZE } from "../../../../src/model/sizes.js";
import { seededRandom } from "../../../support/seeded-random.js";
import { masterKey, testKeys } from "../../../support/test-keys.js";
import { collect } from "../../../support/collect.js";
import { alice, as, bob, body, bytesOf, plainly, refused } from "../../../support/test-gateway.js";
import { AES, customerKey, useEncryptedObjects, withKey } from "./encrypted-objects.js";

const CAPACITY = 512 * CHUNK_CONTENT;

describe("Encrypted objects", () => {
  const encrypted = useEncryptedObjects();
  const { at, build, put, get, store, isEncrypted } = encrypted;

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
        await build({ quota: { freshMs: 0 } });
        if (!encryption)
          await encrypted.gateway.encryption.set(as(alice), "vault", { algorithm: "cess-cbc", keyId: "friends" });
        const random = seededRandom(seed);
        const customer = encryption?.algorithm === "customer" ? { customer: encryption.customer } : {};
        for (const size of [...sizes.slice(from), 1 + Math.floor(random() * CAPACITY * 1.5)]) {
          const bytes = bytesOf(size, seed + size);
          bytes.writeUInt8(7, size - 1);
          const version = await put("k", bytes, encryption);
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
            expect((await get("k", customer)).equals(bytes), `${size} bytes, ${where}`).to.equal(true);
            for (const range of ranges) {
              const part = await get("k", { ...customer, range });
              expect(
                part.equals(bytes.subarray(range.first, range.last + 1)),
                `bytes ${range.first} to ${range.last} of ${size}, ${where}`,
              ).to.equal(true);
            }
          };
          if (size <= CHUNK_CONTENT + 1) await check("staged");
          await store(version);
          await encrypted.cache.clear();
          await check("from the network");
          if (size > 100) isEncrypted(bytes);
          encrypted.network.nodes.forget();
        }
      });
    }
  });

  it("fetch only the fragments that a range touches", async () => {
    await build();
    await store(await put("k", bytesOf(20 * MIB, 1), AES));
    encrypted.network.nodes.gets.length = 0;
    await get("k", { range: { first: 128 * CHUNK_CONTENT + 5, last: 128 * CHUNK_CONTENT + 70_000 } });
    expect(encrypted.network.nodes.gets.length).to.equal(1);
    await get("k", { range: { first: 128 * CHUNK_CONTENT - 1, last: 128 * CHUNK_CONTENT } });
    expect(encrypted.network.nodes.gets.length, "the other one is cached").to.equal(2);
  });

  it("are never the same file twice: equal bytes of one owner or of two share nothing", async () => {
    await build();
    await encrypted.gateway.buckets.create(as(bob), "other");
    const bytes = bytesOf(1000, 1);
    const versions = [
      await put("a", bytes, AES),
      await put("b", bytes, AES),
      await put("c", bytes),
      await encrypted.gateway.objects.put(as(bob), { bucket: "other", key: "k" }, body(bytes), {
        ...plainly,
        encryption: AES,
      }),
    ];
    for (const version of versions) await store(version);
    const fids = await Promise.all(
      versions.map(async ({ id }) => (await encrypted.fixture.catalog.objects.byId(id))?.durability.fid),
    );
    expect(new Set(fids).size).to.equal(4);
  });

  it("leave no key on the disk: neither a customer's nor a data key, in clear", async () => {
    await build();
    const customer = customerKey(0xc5);
    const { id } = await put("k", bytesOf(1000, 1), withKey(customer));
    const [job] = await encrypted.fixture.catalog.jobs.lease(["encode"], 1, 0);
    const dataKey = job?.format?.name === "aes-256-gcm" ? job.format.key! : "";
    expect(dataKey).to.match(/^[0-9a-f]{64}$/);
    const onDisk = () =>
      Buffer.concat(
        readdirSync(encrypted.fixture.folder)
          .filter((name) => name.startsWith("catalog"))
          .map((name) => readFileSync(join(encrypted.fixture.folder, name))),
      );
    const forms = (key: Uint8Array) => [
      Buffer.from(key),
      ...(["hex", "base64", "base64url"] as const).map((form) => Buffer.from(Buffer.from(key).toString(form))),
    ];
    for (const key of [customer.key, Buffer.from(dataKey, "hex"), masterKey]) {
      for (const form of forms(key)) expect(onDisk().includes(form)).to.equal(false);
    }
    await store({ id });
    expect(await get("k", { customer })).to.deep.equal(bytesOf(1000, 1));
  });

  it("have their data key with the file only while it is staged: from then on a customer's object needs the customer", async () => {
    await build();
    const version = await put("k", bytesOf(1000, 1), withKey(customerKey(1)));
    await store(version);
    const [extent] = await encrypted.fixture.catalog.objects.extents(version.id);
    expect((await encrypted.fixture.catalog.files.get(extent!.file))?.format).to.deep.equal({
      name: "aes-256-gcm",
      first: 0,
    });
    expect(await encrypted.fixture.catalog.jobs.count()).to.include({ encode: 0, store: 0 });
    await refused("InvalidRequest", get("k"));
    await refused("AccessDenied", get("k", { customer: customerKey(2) }));
    expect(await get("k", { customer: customerKey(1) })).to.deep.equal(bytesOf(1000, 1));
  });

  it("fail with an internal error, not a wrong byte, when the segments are not what the key sealed", async () => {
    await build();
    const other = await put("other", bytesOf(1000, 2), AES);
    const version = await put("k", bytesOf(1000, 1), AES);
    await store(version);
    await store(other);
    // As if the catalog gave the file of another object.
    const [extent] = (await encrypted.fixture.catalog.objects.byId(other.id))!.extents;
    const file = (await encrypted.fixture.catalog.files.manifest(extent!.file))!;
    const key = (await encrypted.fixture.catalog.objects.byId(version.id))!.encryption!.wrapped!;
    const dataKey = await testKeys.unwrap(key, { kind: "master" }, "");
    const opened = { ...file, size: 1000, format: { name: "aes-256-gcm" as const, first: 0, key: dataKey as never } };
    const error: unknown = await encrypted.retrieval.open([{ file: opened, range: { start: 0, end: 10 } }]).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(Error).with.property("name", "Error");
    expect((error as Error).message).to.contain("does not authenticate with its data key");
    expect(await get("k")).to.deep.equal(bytesOf(1000, 1));
  });

  it("uploaded in parts are sealed segment by segment, over several files and although a part came twice", async () => {
    await build({ maxSegmentsPerFile: 1 });
    const { uploads } = encrypted.gateway;
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
    expect(await encrypted.fixture.catalog.uploads.get("vault", "k", id), "its key goes with it").not.to.have.property(
      "format",
    );
    const version = (await encrypted.fixture.catalog.objects.get("vault", "k"))!;
    expect(version.extents.length).to.equal(3);
    await store(version);
    await encrypted.cache.clear();
    const whole = Buffer.concat(parts);
    expect((await get("k", { customer: customerKey(1) })).equals(whole)).to.equal(true);
    const range = { first: CAPACITY - 100, last: CAPACITY + 100 };
    expect(
      (await get("k", { customer: customerKey(1), range })).equals(whole.subarray(range.first, range.last + 1)),
    ).to.equal(true);
  });

  it("stay readable when a new master key wraps, and say so when the old one is missing", async () => {
    await build();
    const bytes = bytesOf(1000, 1);
    await store(await put("old", bytes, AES));
    expect(await encrypted.fixture.catalog.keyUses.all()).to.deep.equal([testKeys.masterId]);
    const fresh = Buffer.alloc(32, 77);
    const ring = (...master: Uint8Array[]) => new KeyRing({ master, kms: new Map(), ciphers: new Map() });
    const rotated = encrypted.fixture.gatewayWith({ retrieval: encrypted.retrieval, keys: ring(fresh, masterKey) });
    expect(await get("old", {}, rotated)).to.deep.equal(bytes);
    // A copy onto itself wraps with the new key and moves no byte.
    await rotated.objects.copy(as(alice), at("old"), { source: at("old"), sourcePreconditions: {}, encryption: AES });
    expect(
      await get("old", {}, encrypted.fixture.gatewayWith({ retrieval: encrypted.retrieval, keys: ring(fresh) })),
    ).to.deep.equal(bytes);
    const error: unknown = await get("old").then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(Error).with.property("message").that.contains("is not among the gateway's keys");
  });

  it("are the rule where the operator said so, and take the space that they need", async () => {
    const charged = 96 * MIB;
    await build({ encryption: { default: "AES256" }, territoryBytes: charged + 1 });
    expect((await put("default", bytesOf(1000, 1))).encryption?.algorithm).to.equal("AES256");
    expect((await encrypted.gateway.encryption.get(as(alice), "vault")).algorithm).to.equal("AES256");
    await encrypted.gateway.objects.delete(as(alice), at("default"));
    await refused("TerritoryTooSmall", put("two segments", Buffer.alloc(CAPACITY + 1)));
    await put("one", Buffer.alloc(CAPACITY));
  });

  it("are read each in its own size and format where several of one owner are one file", async () => {
    await build();
    const filled = Buffer.concat([bytesOf(1000, 3), Buffer.alloc(1000)]);
    const objects: (readonly [string, Buffer])[] = [
      ["short", filled.subarray(0, 1000)],
      ["long", filled],
      ["longest", Buffer.concat([filled, Buffer.alloc(CAPACITY / 2)])],
    ];
    for (const [key, bytes] of objects) await store(await put(key, bytes));
    const fids = await Promise.all(
      objects.map(
        async ([key]) =>
          (await encrypted.gateway.objects.head(as(alice), at(key), { preconditions: {} })).version.durability.fid,
      ),
    );
    expect(new Set(fids).size, "zeros at the end are what a segment is filled with").to.equal(1);
    for (const [key, bytes] of objects) expect((await get(key)).equals(bytes), key).to.equal(true);
  });

  it("are read back whole where the last of their segments repeats, and so one file stands for shorter and longer ones", async () => {
    await build();
    const zeros = (segments: number) =>
      Buffer.concat([bytesOf(SEGMENT_SIZE, 4), Buffer.alloc(segments * SEGMENT_SIZE - 5)]);
    for (const segments of [2, 3]) await store(await put(`${segments}`, zeros(segments)));
    const fids = await Promise.all(
      [2, 3].map(
        async (segments) =>
          (await encrypted.gateway.objects.head(as(alice), at(`${segments}`), { preconditions: {} })).version.durability
            .fid,
      ),
    );
    expect(fids[0]).to.equal(fids[1]);
    for (const segments of [3, 2])
      expect((await get(`${segments}`)).equals(zeros(segments)), `${segments} segments of zeros`).to.equal(true);
    const range = { first: 2 * SEGMENT_SIZE - 3, last: 3 * SEGMENT_SIZE + 7 };
    expect((await get("3", { range })).equals(zeros(3).subarray(range.first, range.last + 1))).to.equal(true);
  });

  it("and what another owner stored of their ciphertext are the same file, read by each in its own way", async () => {
    await build();
    const bytes = bytesOf(1000, 1);
    const version = await put("k", bytes, AES);
    await store(version);
    const [extent] = await encrypted.fixture.catalog.objects.extents(version.id);
    const ciphertext = Buffer.concat(
      (await encrypted.fixture.catalog.files.get(extent!.file))!.segments[0]!.fragments.slice(0, DATA_FRAGMENTS).map(
        (hash) =>
          [...encrypted.network.nodes.stored()].find(
            (fragment) => createHash("sha256").update(fragment).digest("hex") === hash,
          ) ?? Buffer.alloc(FRAGMENT_SIZE),
      ),
    );
    await encrypted.gateway.buckets.create(as(bob), "found");
    const found = await encrypted.gateway.objects.put(
      as(bob),
      { bucket: "found", key: "k" },
      body(ciphertext),
      plainly,
    );
    await store(found);
    expect((await encrypted.fixture.catalog.objects.extents(found.id))[0]!.fid).to.equal(extent!.fid);
    expect(await get("k")).to.deep.equal(bytes);
    const { body: again } = await encrypted.gateway.objects.get(
      as(bob),
      { bucket: "found", key: "k" },
      { preconditions: {} },
    );
    expect((await collect(again)).equals(ciphertext)).to.equal(true);
  });

  it("have a checksum of their own that tells nothing of their bytes: the FID", async () => {
    await build();
    const bytes = bytesOf(1000, 1);
    const version = await put("k", bytes, AES);
    await store(version);
    const plain = createHash("sha256")
      .update(Buffer.concat([bytes, Buffer.alloc(SEGMENT_SIZE - bytes.length)]))
      .digest("hex");
    const [extent] = await encrypted.fixture.catalog.objects.extents(version.id);
    expect((await encrypted.fixture.catalog.files.manifest(extent!.file))?.segments[0]?.hash).not.to.equal(plain);
  });
});
