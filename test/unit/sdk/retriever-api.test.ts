import { expect } from "chai";
import { SEGMENT_SIZE } from "../../../src/model/sizes.js";
import { as, bytesOf } from "../../support/test-gateway.js";
import { SdkFixture } from "../../support/sdk-fixture.js";

describe("The API of the CESS SDKs, as CD2N has it", () => {
  const content = bytesOf(300_000, 41);
  let on: SdkFixture;
  let token: string;
  before(async () => {
    on = await SdkFixture.open();
    token = await on.token();
  });
  after(() => on.close());

  const bucket = () => on.files.bucketName(on.user);
  const download = (fid: string, headers: Record<string, string> = {}) =>
    fetch(`${on.base}/gateway/download/${fid}`, { headers });
  const bytes = async (answer: Response) => Buffer.from(await answer.arrayBuffer());

  it("gives a token for a message that an account of this gateway signed a moment ago", async () => {
    const { status, envelope } = await on.askToken();
    expect(status).to.equal(200);
    expect(envelope).to.include({ code: 200, msg: "success" });
    expect(envelope.data).to.be.a("string");
  });

  it("refuses what another account signed, another message, another time, and who has no account here", async () => {
    const seconds = Math.floor(on.now / 1000);
    for (const [changed, words] of [
      [{ account: on.stranger.address }, /signature/],
      [{ sign: "00".repeat(64) }, /signature/],
      [{ sign: "not hex" }, /signature/],
      [{ message: "yesterday" }, /timestamp format/],
      [{ message: String(seconds - 120) }, /invalid timestamp/],
      [{ message: String(seconds + 120) }, /invalid timestamp/],
      [{ account: "" }, /bad request params/],
    ] as const) {
      const { status, envelope } = await on.askToken(on.pair, changed);
      expect(status, JSON.stringify(changed)).to.equal(400);
      expect(envelope.code).to.equal(400);
      expect(envelope.msg).to.match(words);
    }
    const unknown = await on.askToken(on.stranger);
    expect(unknown.status).to.equal(403);
    expect(unknown.envelope.msg).to.match(/has no account on this gateway: ask its operator/);
  });

  it("bounds how long a token is valid, and takes none after that, none that was changed and none of another purpose", async () => {
    const short = (await on.askToken(on.pair, { exp: String(60e9) })).envelope.data as string;
    const long = (await on.askToken(on.pair, { exp: String(1e18) })).envelope.data as string;
    const { hash } = { hash: (await on.requestBatch(token, "some.bin", 1000)).envelope.data as string };
    const status = async (given: string) => (await on.upload(given, "name.txt", content)).status;
    for (const wrong of ["", "x", `${token.slice(0, -2)}xx`, hash]) expect(await status(wrong)).to.equal(403);
    expect(await status(short)).to.equal(200);
    await on.clock.advance(61_000);
    expect(await status(short)).to.equal(403);
    expect(await status(long)).to.equal(200);
    await on.clock.advance(3_600_000);
    expect(await status(long)).to.equal(403);
    token = await on.token();
  });

  it("makes a file an object of the account, in a bucket of its own that keeps versions, and says its FID", async () => {
    const { status, envelope } = await on.upload(token, "photo.jpg", content);
    expect(status).to.equal(200);
    expect(envelope).to.include({ code: 200, msg: "success" });
    const object = await on.on.gateway.catalog.objects.get(bucket(), "photo.jpg");
    expect(object).to.include({ etag: envelope.data, size: content.length, owner: on.user.id });
    expect(object!.durability.fid).to.equal(envelope.data);
    expect((await on.on.gateway.catalog.buckets.get(bucket()))!).to.include({
      owner: on.user.id,
      versioning: "Enabled",
    });
    expect(await on.on.gateway.blobIds()).to.not.be.empty;
  });

  it("answers an upload that goes on by itself with the other code of theirs", async () => {
    const fields = { territory: on.user.territory, async: "true" };
    const { status, envelope } = await on.upload(token, "later.bin", content, fields);
    expect(status).to.equal(200);
    expect(envelope).to.include({ code: 10100, msg: "success" });
    expect(envelope.data).to.match(/^[0-9a-f]{64}$/);
  });

  it("gives the account its file by FID, whole and by ranges with their exclusive end, and nobody else", async () => {
    const own = bytesOf(300_000, 45);
    const fid = (await on.upload(token, "mine.txt", own)).envelope.data as string;
    expect((await download(fid)).status).to.equal(404);
    const whole = await download(fid, { token: `Bearer ${token}` });
    expect(whole.status).to.equal(200);
    expect(whole.headers.get("cache-control")).to.equal("private, no-store");
    expect(whole.headers.get("content-disposition")).to.equal('attachment; filename="mine.txt"');
    expect(Buffer.compare(await bytes(whole), own)).to.equal(0);
    const part = await download(fid, { token: `Bearer ${token}`, range: "bytes=100-300" });
    expect(part.status).to.equal(206);
    expect(part.headers.get("content-range")).to.equal("bytes 100-300/300000");
    expect(Buffer.compare(await bytes(part), own.subarray(100, 300))).to.equal(0);
    const metadata = await on.ask(`/file/metadata/${fid}`, { headers: { token: `Bearer ${token}` } });
    expect(metadata.envelope.data).to.deep.equal({
      fid,
      size: own.length,
      owner: [{ user: on.user.cessAccount, file_name: "mine.txt" }],
    });
  });

  it("gives the account any of its objects by FID, those that came by S3 and are packed or sealed as S3 does", async () => {
    const { gateway } = on.on.gateway;
    await gateway.buckets.create(as(on.user), "by-s3");
    const call = { ...as(on.user), bucket: (await on.on.gateway.catalog.buckets.get("by-s3"))! };
    const { uploads } = on.on.gateway.cess;
    const upload = await uploads.create(call, "sealed", {
      content: {},
      metadata: {},
      encryption: { algorithm: "AES256" },
    });
    const uploadCall = { ...call, upload };
    const stream = (async function* () {
      yield await Promise.resolve(content);
    })();
    const part = await uploads.putPart(uploadCall, 1, { stream, announced: {}, trailer: () => ({}) });
    const { result } = await uploads.complete(uploadCall, { parts: [{ partNumber: 1, etag: part.etag }] });
    const answer = await download((await result).etag, { token: `Bearer ${token}` });
    expect(answer.status).to.equal(200);
    expect(Buffer.compare(await bytes(answer), content)).to.equal(0);
  });

  it("keeps both files of one name, and finds each by its FID", async () => {
    const [one, two] = [bytesOf(1000, 1), bytesOf(1000, 2)];
    const first = (await on.upload(token, "same.txt", one)).envelope.data as string;
    const second = (await on.upload(token, "same.txt", two)).envelope.data as string;
    expect(first).to.not.equal(second);
    for (const [fid, wanted] of [
      [first, one],
      [second, two],
    ] as const)
      expect(Buffer.compare(await bytes(await download(fid, { token: `Bearer ${token}` })), wanted)).to.equal(0);
  });

  it("refuses another territory, a name that the chain cannot have, an empty file and one that is cut off", async () => {
    const before = await on.on.gateway.blobIds();
    for (const [name, bytes, fields, status, code, words] of [
      ["a.txt", content, { territory: "elsewhere" }, 400, 400, /in the territory home, and in no other/],
      ["a.txt", content, {}, 400, 400, /territory is missing/],
      ["ab", content, undefined, 400, 10112, /3 to 63 bytes/],
      ["a".repeat(64), content, undefined, 400, 10112, /3 to 63 bytes/],
      ["a.txt", new Uint8Array(), undefined, 400, 400, /empty file/],
    ] as const) {
      const answer = await on.upload(token, name, bytes, fields);
      expect(answer.status, name).to.equal(status);
      expect(answer.envelope.code).to.equal(code);
      expect(answer.envelope.msg).to.match(words);
    }
    const cut = await on.ask("/gateway/upload/file", {
      method: "POST",
      headers: { token: `Bearer ${token}`, "content-type": "multipart/form-data; boundary=b" },
      body: `--b\r\nContent-Disposition: form-data; name="territory"\r\n\r\nhome\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="cut.txt"\r\n\r\n${"x".repeat(5000)}`,
    });
    expect(cut.status).to.equal(400);
    expect(await on.on.gateway.blobIds()).to.have.members(before);
    const { uploads } = on.on.gateway.cess;
    const call = { ...as(on.user), bucket: (await on.on.gateway.catalog.buckets.get(bucket()))! };
    const open = await uploads.list(call, {
      prefix: "cut",
      delimiter: "",
      keyMarker: "",
      uploadIdMarker: "",
      limit: 10,
    });
    expect(open.uploads).to.deep.equal([]);
  });

  it("says of a full territory, and of a gateway that is not authorized, what theirs say", async () => {
    const { chain } = on.on.gateway;
    chain.addTerritory(on.user.cessAccount, on.user.territory, BigInt(SEGMENT_SIZE));
    // Readings of the chain are used for a while.
    await on.on.gateway.clock.advance(3_600_000);
    try {
      const full = await on.upload(token, "full.txt", content);
      expect(full.status).to.equal(400);
      expect(full.envelope.code).to.equal(10113);
    } finally {
      chain.addTerritory(on.user.cessAccount, on.user.territory, 2n ** 40n);
      await on.on.gateway.clock.advance(3_600_000);
    }
  });

  it("takes a file in chunks, answers 308 until all are there, and knows a chunk that comes again", async () => {
    const hash = (await on.requestBatch(token, "chunks.bin", content.length)).envelope.data as string;
    const first = await on.chunk(token, hash, content, 0, 100_000);
    expect(first.status).to.equal(308);
    expect(first.envelope).to.deep.include({ code: 200, msg: "success" });
    expect(first.envelope.data).to.include({ fid: "", chunk_end: 100_000 });
    expect((await on.chunk(token, hash, content, 0, 100_000)).envelope.data).to.include({ chunk_end: 100_000 });
    expect((await on.chunk(token, hash, content, 50_000, 150_000)).status).to.equal(409);
    expect((await on.chunk(token, hash, content, 100_000, 200_000)).status).to.equal(308);
    const last = await on.chunk(token, hash, content, 200_000, 300_000);
    expect(last.status).to.equal(200);
    const { fid } = last.envelope.data as { fid: string };
    const plain = (await on.upload(token, "plain.bin", content)).envelope.data;
    expect(fid).to.equal(plain);
    expect((await on.chunk(token, hash, content, 200_000, 300_000)).envelope.data, "the answer was lost").to.include({
      fid,
    });
    expect(Buffer.compare(await bytes(await download(fid, { token: `Bearer ${token}` })), content)).to.equal(0);
  });

  it("takes chunks in any order, as long as those before them come within a minute", async () => {
    const hash = (await on.requestBatch(token, "order.bin", content.length)).envelope.data as string;
    const late = on.chunk(token, hash, content, 200_000, 300_000);
    const later = on.chunk(token, hash, content, 100_000, 200_000);
    expect((await on.chunk(token, hash, content, 0, 100_000)).status).to.equal(308);
    expect((await later).status).to.equal(308);
    expect((await late).status).to.equal(200);
    const alone = (await on.requestBatch(token, "alone.bin", content.length)).envelope.data as string;
    const waiting = on.chunk(token, alone, content, 200_000, 300_000);
    const wait = { over: false };
    void waiting.finally(() => (wait.over = true));
    while (!wait.over) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await on.clock.advance(10_000);
    }
    expect((await waiting).status).to.equal(409);
    token = await on.token();
  });

  it("refuses chunks outside the file, of another length than they say, and of another's upload", async () => {
    const hash = (await on.requestBatch(token, "strict.bin", 1000)).envelope.data as string;
    expect((await on.chunk(token, hash, content, 0, 2000)).status).to.equal(400);
    expect((await on.chunk(token, hash, content, 10, 10)).status).to.equal(400);
    expect((await on.chunk(token, `${hash}x`, content, 0, 1000)).status).to.equal(404);
    const form = new FormData();
    form.append("file", new Blob(["short"]), "part");
    const headers = { token: `Bearer ${token}`, hash, Range: "bytes=0-1000" };
    const short = await on.ask("/gateway/upload/batch/file", { method: "POST", headers, body: form });
    expect(short.status).to.equal(400);
    expect((await on.chunk(token, hash, content, 0, 1000)).status).to.equal(200);
    for (const size of [0, -1, 2 ** 40])
      expect((await on.requestBatch(token, "big.bin", size)).status).to.be.oneOf([400, 413]);
  });

  it("says by name what it does not offer", async () => {
    const territory = on.user.territory;
    for (const answer of [
      await on.upload(token, "a.txt", content, { territory, encrypt: "true" }),
      await on.upload(token, "a.txt", content, { territory, noProxy: "true" }),
      await on.requestBatch(token, "a.txt", 10, { encrypt: true }),
      await on.requestBatch(token, "a.txt", 10, { no_tx_proxy: true }),
      await on.ask("/gateway/upload/local", { method: "POST" }),
      await on.ask("/gateway/reencrypt", { method: "POST" }),
      await on.ask("/gateway/capsule/1", {}),
    ]) {
      expect(answer.status).to.equal(501);
      expect(answer.envelope.code).to.equal(501);
      expect(answer.envelope.msg).to.match(/^this gateway does not offer /);
    }
  });

  it("says the FID whatever S3's clients get for an ETag, and stores files as they come unless the operator wants else", async () => {
    const gateway = { multipartEtag: "md5-parts", encryption: { default: "AES256" } } as const;
    const plain = await SdkFixture.open({}, {}, gateway);
    const sealed = await SdkFixture.open({}, { encryption: "default" }, gateway);
    try {
      const wanted = (await on.upload(token, "as-it-is.bin", content)).envelope.data;
      const uploaded = async (to: SdkFixture) => (await to.upload(await to.token(), "a.bin", content)).envelope.data;
      expect(await uploaded(plain)).to.equal(wanted);
      const fid = (await uploaded(sealed)) as string;
      expect(fid)
        .to.match(/^[0-9a-f]{64}$/)
        .and.not.equal(wanted);
      const headers = { token: `Bearer ${await sealed.token()}` };
      const answer = await fetch(`${sealed.base}/gateway/download/${fid}`, { headers });
      expect(Buffer.compare(await bytes(answer), content)).to.equal(0);
    } finally {
      await Promise.all([plain.close(), sealed.close()]);
    }
  });

  it("lets everyone read by FID what came this way, where the operator wants that: the SDKs download without a token", async () => {
    const open = await SdkFixture.open({}, { public: true });
    try {
      const fid = (await open.upload(await open.token(), "open.bin", content)).envelope.data as string;
      const object = (await open.on.gateway.catalog.objects.get(open.files.bucketName(open.user), "open.bin"))!;
      await open.on.gateway.encode(object);
      const answer = await fetch(`${open.base}/gateway/download/${fid}`);
      expect(answer.status).to.equal(200);
      expect(Buffer.compare(await bytes(answer), content)).to.equal(0);
    } finally {
      await open.close();
    }
  });

  it("takes files over from the network bucket, and says when there is none", async () => {
    const other = await SdkFixture.open({}, { networkBucket: "cess" });
    try {
      const fid = "ab".repeat(32);
      const body = new URLSearchParams({ fid, file_name: "taken.txt", territory: on.user.territory });
      const headers = { token: `Bearer ${await other.token()}` };
      const { status, envelope } = await other.ask("/gateway/upload/light", { method: "POST", headers, body });
      expect([status, envelope.code]).to.deep.equal([404, 404]);
    } finally {
      await other.close();
    }
  });
});
