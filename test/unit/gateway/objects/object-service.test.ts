import { expect } from "chai";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { S3Error } from "../../../../src/gateway/s3-error.js";
import { DomainError } from "../../../../src/model/errors.js";
import { GIB, MIB } from "../../../../src/model/sizes.js";
import { collect } from "../../../support/collect.js";
import { alice, as, bob, body, bytesOf, TestGateway, pieces, plainly, refused } from "../../../support/test-gateway.js";

const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest();
const noConditions = { preconditions: {} };

describe("Buckets of a gateway", () => {
  let fixture: TestGateway;
  beforeEach(async () => {
    fixture = await TestGateway.build();
  });
  afterEach(() => fixture.close());

  it("belong to who created them, and creating one's own again succeeds", async () => {
    const { buckets } = fixture.gateway;
    expect(await buckets.create(as(alice), "one")).to.include({ name: "one", owner: alice.id, region: "us-east-1" });
    await buckets.create(as(alice), "one");
    await refused("BucketAlreadyExists", buckets.create(as(bob), "one"));
    await refused("InvalidBucketName", buckets.create(as(alice), "One"));
    expect(await buckets.list(as(alice))).to.have.length(1);
    expect(await buckets.list(as(bob))).to.deep.equal([]);
  });

  it("are NoSuchBucket before they are AccessDenied", async () => {
    const { buckets, objects, uploads } = fixture.gateway;
    await buckets.create(as(alice), "one");
    const tries = (bucket: string) => [
      () => buckets.get(as(bob), bucket),
      () => buckets.delete(as(bob), bucket),
      () => objects.put(as(bob), { bucket, key: "k" }, body(Buffer.from("x")), plainly),
      () => objects.head(as(bob), { bucket, key: "k" }, noConditions),
      () => objects.get(as(bob), { bucket, key: "k" }, noConditions),
      () => objects.delete(as(bob), { bucket, key: "k" }),
      () => objects.list(as(bob), bucket, { prefix: "", delimiter: "", after: "", limit: 1 }),
      () => uploads.create(as(bob), { bucket, key: "k" }, plainly),
      () => uploads.putPart(as(bob), { bucket, key: "k" }, "u", 1, body(Buffer.from("x"))),
      () => uploads.complete(as(bob), { bucket, key: "k" }, "u", { parts: [] }),
      () => uploads.abort(as(bob), { bucket, key: "k" }, "u"),
      () => uploads.parts(as(bob), { bucket, key: "k" }, "u", 0, 1),
      () => uploads.list(as(bob), bucket, { prefix: "", delimiter: "", keyMarker: "", uploadIdMarker: "", limit: 1 }),
    ];
    for (const attempt of tries("none")) await refused("NoSuchBucket", attempt());
    for (const attempt of tries("one")) await refused("AccessDenied", attempt());
  });

  it("are deleted only when empty, with the parts of their uploads", async () => {
    const { buckets, objects, uploads } = fixture.gateway;
    await buckets.create(as(alice), "one");
    await objects.put(as(alice), { bucket: "one", key: "k" }, body(Buffer.from("x")), plainly);
    const { id } = await uploads.create(as(alice), { bucket: "one", key: "u" }, plainly);
    await uploads.putPart(as(alice), { bucket: "one", key: "u" }, id, 1, body(Buffer.from("part")));
    await refused("BucketNotEmpty", buckets.delete(as(alice), "one"));
    await objects.delete(as(alice), { bucket: "one", key: "k" });
    await buckets.delete(as(alice), "one");
    await refused("NoSuchBucket", buckets.get(as(alice), "one"));
    expect(await fixture.blobIds()).to.deep.equal([]);
  });
});

describe("PutObject", () => {
  let fixture: TestGateway;
  const name = { bucket: "photos", key: "a/b" };
  beforeEach(async () => {
    fixture = await TestGateway.build();
    await fixture.gateway.buckets.create(as(alice), "photos");
  });
  afterEach(() => fixture.close());

  const read = async () => collect((await fixture.gateway.objects.get(as(alice), name, noConditions)).body);

  it("answers with the MD5 as ETag and CRC64NVME as checksum, and the bytes come back", async () => {
    const bytes = bytesOf(1_234_567, 1);
    const version = await fixture.gateway.objects.put(as(alice), name, body(bytes), {
      content: { contentType: "image/png" },
      metadata: { n: "1" },
    });
    expect(version).to.include({ etag: md5(bytes).toString("hex"), size: bytes.length, owner: alice.id });
    expect(version).to.deep.include({ content: { contentType: "image/png" }, metadata: { n: "1" } });
    expect(version.checksum).to.include({ algorithm: "CRC64NVME", type: "FULL_OBJECT" });
    expect(version.durability.state).to.equal("staged");
    expect(await read()).to.deep.equal(bytes);
    expect(fixture.work, "the supervisor was woken").to.equal(1);
    expect(await fixture.catalog.jobs.count()).to.include({ encode: 1 });
  });

  it("keeps the checksum that was sent, in a header or a trailer", async () => {
    const bytes = bytesOf(1000, 2);
    const value = Buffer.from(crc32(bytes).toString(16).padStart(8, "0"), "hex").toString("base64");
    const checksum = { algorithm: "CRC32", value } as const;
    const inHeader = await fixture.gateway.objects.put(as(alice), name, body(bytes, { checksum }), plainly);
    expect(inHeader.checksum).to.deep.equal({ ...checksum, type: "FULL_OBJECT" });
    const trailed = body(bytes, { algorithm: "CRC32", size: undefined }, { checksum });
    expect((await fixture.gateway.objects.put(as(alice), name, trailed, plainly)).checksum).to.deep.equal({
      ...checksum,
      type: "FULL_OBJECT",
    });
  });

  it("refuses a body that is not what was announced, and leaves no trace of it", async () => {
    const bytes = bytesOf(300_000, 3);
    const wrong = (size: number) => Buffer.alloc(size, 7).toString("base64");
    const { objects } = fixture.gateway;
    const put = (given: ReturnType<typeof body>) => objects.put(as(alice), name, given, plainly);
    await refused("BadDigest", put(body(bytes, { md5: wrong(16) })));
    await refused("InvalidDigest", put(body(bytes, { md5: "short" })));
    await refused("XAmzContentSHA256Mismatch", put(body(bytes, { sha256: "0".repeat(64) })));
    await refused("BadDigest", put(body(bytes, { checksum: { algorithm: "CRC32C", value: wrong(4) } })));
    await refused(
      "BadDigest",
      put(body(bytes, { algorithm: "SHA1" }, { checksum: { algorithm: "SHA1", value: wrong(20) } })),
    );
    await refused("InvalidRequest", put(body(bytes, { checksum: { algorithm: "CRC32C", value: wrong(5) } })));
    await refused("InvalidRequest", put(body(bytes, { algorithm: "CRC32" })));
    await refused("InvalidRequest", put(body(bytes, {}, { checksum: { algorithm: "SHA1", value: wrong(20) } })));
    await refused("IncompleteBody", put(body(bytes, { size: bytes.length + 1 })));
    await refused("IncompleteBody", put(body(bytes, { size: bytes.length - 1 })));
    await refused("EntityTooLarge", put(body(bytes, { size: 5 * GIB + 1 })));
    await refused("NoSuchKey", objects.head(as(alice), name, noConditions));
    expect(await fixture.blobIds()).to.deep.equal([]);
    expect(fixture.work).to.equal(0);
  });

  it("accepts what is announced rightly: MD5, payload hash and checksum together", async () => {
    const bytes = bytesOf(250_000, 4);
    const sha256 = createHash("sha256").update(bytes).digest();
    const right = body(bytes, {
      md5: md5(bytes).toString("base64"),
      sha256: sha256.toString("hex"),
      checksum: { algorithm: "SHA256", value: sha256.toString("base64") },
    });
    expect((await fixture.gateway.objects.put(as(alice), name, right, plainly)).checksum?.algorithm).to.equal("SHA256");
  });

  it("leaves no trace when the client goes away or the body fails half-way", async () => {
    const bytes = bytesOf(2 * MIB, 5);
    const broken = async function* () {
      yield* pieces(bytes.subarray(0, MIB));
      throw new S3Error("RequestTimeout");
    };
    await refused(
      "RequestTimeout",
      fixture.gateway.objects.put(as(alice), name, { ...body(bytes), stream: broken() }, plainly),
    );
    const leaving = new AbortController();
    const halted = async function* () {
      yield bytes.subarray(0, MIB);
      leaving.abort(new Error("the client left"));
      await new Promise((resolve) => setTimeout(resolve, 5000).unref());
    };
    const error: unknown = await fixture.gateway.objects
      .put(as(alice, leaving.signal), name, { ...body(bytes), stream: halted() }, plainly)
      .catch((reason: unknown) => reason);
    expect((error as Error).message).to.equal("the client left");
    expect(await fixture.blobIds()).to.deep.equal([]);
    await refused("NoSuchKey", fixture.gateway.objects.head(as(alice), name, noConditions));
  });

  it("passes a full disk on and harms nothing stored", async () => {
    await fixture.gateway.objects.put(as(alice), name, body(Buffer.from("old")), plainly);
    const full = Object.assign(Object.create(fixture.blobs) as typeof fixture.blobs, {
      write: () => Promise.reject(new DomainError({ kind: "storageFull" }, "full")),
    });
    await refused(
      "InsufficientStorage",
      fixture.gatewayWith({ blobs: full }).objects.put(as(alice), name, body(Buffer.from("new")), plainly),
    );
    expect((await read()).toString()).to.equal("old");
  });

  it("removes the fresh blob when the catalog refuses, and keeps it when the row is there after all", async () => {
    const { catalog } = fixture;
    const failing = (put: typeof catalog.objects.put) =>
      fixture.gatewayWith({
        catalog: Object.assign(Object.create(catalog) as typeof catalog, {
          objects: Object.assign(Object.create(catalog.objects) as object, { put }),
        }),
      });
    const refuses = failing(() => Promise.reject(new Error("the connection broke before the commit")));
    const first: unknown = await refuses.objects
      .put(as(alice), name, body(Buffer.from("x")), plainly)
      .catch((error: unknown) => error);
    expect(first).to.be.instanceOf(Error);
    expect(await fixture.blobIds()).to.deep.equal([]);
    const breaks = failing(async (...given) => {
      await catalog.objects.put(...given);
      throw new Error("the connection broke after the commit");
    });
    const second: unknown = await breaks.objects
      .put(as(alice), name, body(Buffer.from("kept")), plainly)
      .catch((error: unknown) => error);
    expect(second).to.be.instanceOf(Error);
    expect((await read()).toString()).to.equal("kept");
  });

  it("replaces an object and removes the old bytes", async () => {
    await fixture.gateway.objects.put(as(alice), name, body(Buffer.from("old")), plainly);
    await fixture.gateway.objects.put(as(alice), name, body(Buffer.from("new")), plainly);
    expect((await read()).toString()).to.equal("new");
    expect(await fixture.blobIds()).to.have.length(1);
  });

  it("stores an empty object without a blob or a job, whether its size was announced or not", async () => {
    for (const size of [0, undefined]) {
      const version = await fixture.gateway.objects.put(as(alice), name, body(Buffer.alloc(0), { size }), plainly);
      expect(version).to.include({ size: 0, etag: "d41d8cd98f00b204e9800998ecf8427e" });
      expect(await read()).to.have.length(0);
      expect(await fixture.blobIds()).to.deep.equal([]);
      expect(await fixture.catalog.jobs.count()).to.include({ encode: 0 });
    }
  });

  it("checks write preconditions before a byte of the body is read", async () => {
    const { objects } = fixture.gateway;
    const unread = {
      ...body(Buffer.from("x")),
      stream: {
        [Symbol.asyncIterator]: () => {
          throw new Error("the body was read");
        },
      },
    };
    await refused("NoSuchKey", objects.put(as(alice), name, unread, { ...plainly, preconditions: { ifMatch: ["x"] } }));
    await objects.put(as(alice), name, body(Buffer.from("first")), {
      ...plainly,
      preconditions: { ifNoneMatch: "*" },
    });
    const error = await refused(
      "PreconditionFailed",
      objects.put(as(alice), name, unread, { ...plainly, preconditions: { ifNoneMatch: "*" } }),
    );
    expect(error.details.fields).to.deep.equal({ Condition: "If-None-Match" });
    expect((await read()).toString()).to.equal("first");
  });

  it("lets one of many conditional writers win", async () => {
    const puts = Array.from({ length: 8 }, (_, n) =>
      fixture.gateway.objects.put(as(alice), name, body(Buffer.from(`writer ${n}`)), {
        ...plainly,
        preconditions: { ifNoneMatch: "*" },
      }),
    );
    const results = await Promise.allSettled(puts);
    expect(results.filter(({ status }) => status === "fulfilled")).to.have.length(1);
    expect(await fixture.blobIds()).to.have.length(1);
  });

  it("refuses keys over 1,024 bytes and metadata over 2 KiB", async () => {
    const { objects } = fixture.gateway;
    await refused(
      "KeyTooLongError",
      objects.put(as(alice), { bucket: "photos", key: "ü".repeat(513) }, body(Buffer.from("x")), plainly),
    );
    await objects.put(as(alice), { bucket: "photos", key: "ü".repeat(512) }, body(Buffer.from("x")), plainly);
    await refused(
      "MetadataTooLarge",
      objects.put(as(alice), name, body(Buffer.from("x")), { content: {}, metadata: { n: "x".repeat(2048) } }),
    );
  });

  it("lists what was put, with the place to go on from", async () => {
    for (const key of ["a/1", "a/2", "b", "c/1"])
      await fixture.gateway.objects.put(as(alice), { bucket: "photos", key }, body(Buffer.from(key)), plainly);
    const page = await fixture.gateway.objects.list(as(alice), "photos", {
      prefix: "",
      delimiter: "/",
      after: "",
      limit: 2,
    });
    expect(page).to.deep.include({ prefixes: ["a/"], truncated: true, last: "b" });
    expect(page.keys.map(({ key }) => key)).to.deep.equal(["b"]);
    const rest = await fixture.gateway.objects.list(as(alice), "photos", {
      prefix: "",
      delimiter: "/",
      after: "b",
      limit: 2,
    });
    expect(rest).to.deep.equal({ keys: [], prefixes: ["c/"], truncated: false });
  });
});
