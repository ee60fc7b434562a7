import { createHash } from "node:crypto";
import { expect } from "chai";
import type { DataKey } from "../../../src/model/file.js";
import type { Fid } from "../../../src/model/hash.js";
import { PUBLIC_TAG } from "../../../src/model/sharing.js";
import { FRAGMENT_SIZE, SEGMENT_SIZE } from "../../../src/model/sizes.js";
import { bytesFrom, envelopeFrom, PublicFixture, statusOf, stranger } from "../../support/public-fixture.js";
import { alice, as, bytesOf } from "../../support/test-gateway.js";

describe("PublicServer, of files", () => {
  const content = bytesOf(300_000, 7);
  const others = bytesOf(500_000, 8);
  let on: PublicFixture;
  let shown: Fid;
  let hidden: Fid;
  let theirs: Fid;

  before(async () => {
    on = await PublicFixture.open();
    shown = await on.encoded("shown", "page.html", content);
    hidden = await on.encoded("hidden", "secret", Buffer.concat([content, content]));
    theirs = await on.onChain(others, stranger, "holiday.mp4");
  });
  after(() => on.close());

  it("gives the files of a bucket that is tagged cess-public=yes by every path, and no other file", async () => {
    const base = await on.serve();
    for (const path of ["file/open", "file/download", "download", "open", "gateway/download"]) {
      const answer = await fetch(`${base}/${path}/${shown}`);
      expect(answer.status, path).to.equal(200);
      expect(Buffer.compare(await bytesFrom(answer), content), path).to.equal(0);
      for (const fid of [hidden, theirs, "0".repeat(64)])
        expect(await statusOf(`${base}/${path}/${fid}`), `${path} ${fid}`).to.equal(404);
    }
  });

  it("gives nothing more when the tag is gone, and refuses a tag with another value", async () => {
    const base = await on.serve();
    await on.gateway.gateway.buckets.create(as(alice), "fickle", { tags: [{ key: PUBLIC_TAG, value: "yes" }] });
    const fid = await on.encoded("fickle", "a", bytesOf(100_000, 21));
    expect(await statusOf(`${base}/open/${fid}`)).to.equal(200);
    await on.gateway.catalog.documents.put("fickle", "tagging", [{ key: PUBLIC_TAG, value: "no" }]);
    expect(await statusOf(`${base}/open/${fid}`)).to.equal(404);
    const wrong = on.gateway.gateway.buckets.create(as(alice), "wrong", { tags: [{ key: PUBLIC_TAG, value: "true" }] });
    expect(await wrong.catch(String)).to.include("cess-public must be yes or no");
  });

  it("gives an object's file no longer when it was deleted, also while the chain still has it", async () => {
    const base = await on.serve({ policy: { policy: "any" } });
    const gone = bytesOf(200_000, 33);
    const fid = await on.encoded("shown", "gone", gone);
    await on.onChain(gone, alice.cessAccount, "token");
    expect(await statusOf(`${base}/open/${fid}`)).to.equal(200);
    await on.gateway.gateway.objects.delete(as(alice), { bucket: "shown", key: "gone" });
    expect(await statusOf(`${base}/open/${fid}`)).to.equal(404);
  });

  it("gives files of the network by FID or by account as the operator lists them, or all that are nobody's here", async () => {
    const ofAlice = await on.onChain(bytesOf(50_000, 11), alice.cessAccount, "token");
    for (const [policy, theirsStatus, aliceStatus] of [
      [{ policy: "listed" }, 404, 404],
      [{ policy: "listed", files: new Set([theirs]) }, 200, 404],
      [{ policy: "listed", accounts: new Set([stranger]) }, 200, 404],
      [{ policy: "listed", accounts: new Set([alice.cessAccount]) }, 404, 200],
      [{ policy: "any" }, 200, 404],
      [{ policy: "any", files: new Set([ofAlice]) }, 200, 200],
    ] as const) {
      const base = await on.serve({ policy });
      expect(await statusOf(`${base}/open/${theirs}`)).to.equal(theirsStatus);
      expect(await statusOf(`${base}/open/${ofAlice}`)).to.equal(aliceStatus);
    }
  });

  it("never gives a private file of this gateway, though the chain lists it and the operator the FID", async () => {
    await on.onChain(Buffer.concat([content, content]), stranger, "the same");
    const base = await on.serve({ policy: { policy: "any", files: new Set([hidden]), accounts: new Set([stranger]) } });
    expect(await statusOf(`${base}/open/${hidden}`)).to.equal(404);
    expect((await envelopeFrom(await fetch(`${base}/file/metadata/${hidden}`))).code).to.equal(404);
    expect((await envelopeFrom(await fetch(`${base}/querydata/${hidden}`))).data).to.equal(false);
  });

  it("never gives what is sealed for S3's encryption, and what DeOSS's cipher covers to who brings it", async () => {
    const base = await on.serve({ policy: { policy: "any" } });
    const key = "ab".repeat(32) as DataKey;
    const sealed = await on.encoded("shown", "sealed", content, { name: "aes-256-gcm", key, first: 0 });
    expect(await statusOf(`${base}/open/${sealed}`)).to.equal(404);
    const covered = await on.encoded("shown", "covered", content, { name: "cess-cbc", cipher: "open sesame" });
    expect(await statusOf(`${base}/open/${covered}`)).to.equal(403);
    const opened = await fetch(`${base}/open/${covered}`, { headers: { Cipher: "open sesame" } });
    expect(Buffer.compare(await bytesFrom(opened), content)).to.equal(0);
  });

  it("counts ranges as HTTP does, and on CD2N's path without the byte at the end", async () => {
    const base = await on.serve();
    const range = (path: string, value: string) => fetch(`${base}/${path}/${shown}`, { headers: { range: value } });
    for (const [path, value, first, end, said] of [
      ["open", "bytes=1000-1999", 1000, 2000, "bytes 1000-1999/300000"],
      ["file/download", "bytes=-5", 299_995, 300_000, "bytes 299995-299999/300000"],
      ["gateway/download", "bytes=1000-2000", 1000, 2000, "bytes 1000-2000/300000"],
      ["gateway/download", "bytes=299000-400000", 299_000, 300_000, "bytes 299000-300000/300000"],
      ["gateway/download", "bytes=299000-", 299_000, 300_000, "bytes 299000-300000/300000"],
    ] as const) {
      const answer = await range(path, value);
      expect(answer.status, value).to.equal(206);
      expect(answer.headers.get("content-range")).to.equal(said);
      expect(Buffer.compare(await bytesFrom(answer), content.subarray(first, end)), value).to.equal(0);
    }
    for (const value of ["bytes=5-5", "bytes=300000-", "bytes=-5", "items=1-2"])
      expect((await range("gateway/download", value)).status, value).to.equal(416);
  });

  it("gives one segment by its hash, filled with zeros to 32 MiB", async () => {
    const base = await on.serve({ policy: { policy: "any" } });
    for (const [fid, wanted] of [
      [shown, content],
      [theirs, others],
    ] as const) {
      const [row] = await on.gateway.catalog.files.withFid(fid);
      const hash = (row ?? on.listed.get(fid)!).segments[0]!.hash;
      const answer = await fetch(`${base}/gateway/download/${fid}/${hash}`);
      const segment = await bytesFrom(answer);
      expect(segment).to.have.length(SEGMENT_SIZE);
      expect(createHash("sha256").update(segment).digest("hex")).to.equal(hash);
      const part = await fetch(`${base}/gateway/download/${fid}/${hash}`, { headers: { range: "bytes=100-200" } });
      expect(Buffer.compare(await bytesFrom(part), wanted.subarray(100, 200))).to.equal(0);
      expect(await statusOf(`${base}/gateway/download/${fid}/${"1".repeat(64)}`)).to.equal(404);
    }
  });

  it("sends downloads that run nothing in its origin, under the name that was asked for or the chain has", async () => {
    const base = await on.serve({ policy: { policy: "any" } });
    const page = await fetch(`${base}/open/${shown}.html`);
    expect(Object.fromEntries(page.headers)).to.include({
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="${shown}.html"`,
      "content-security-policy": "sandbox; default-src 'none'",
      "x-content-type-options": "nosniff",
    });
    const video = await fetch(`${base}/open/${theirs}`);
    expect(video.headers.get("content-type")).to.equal("video/mp4");
    expect(video.headers.get("content-disposition")).to.equal('attachment; filename="holiday.mp4"');
    const named = await fetch(`${base}/open/${theirs}?name=${encodeURIComponent('../a"é\r\n.svg')}`);
    expect(named.headers.get("content-type")).to.equal("application/octet-stream");
    expect(named.headers.get("content-disposition")).to.equal(
      `attachment; filename="a__.svg"; filename*=UTF-8''a%22%C3%A9.svg`,
    );
    await Promise.all([page, video, named].map((answer) => answer.arrayBuffer()));
  });

  it("shows files as what they are when it is a web gateway", async () => {
    const base = await on.serve({ settings: { web: true } });
    const page = await fetch(`${base}/open/${shown}.html`);
    expect(page.headers.get("content-type")).to.equal("text/html");
    expect(page.headers.get("content-disposition")).to.equal(`inline; filename="${shown}.html"`);
    expect(page.headers.get("content-security-policy")).to.equal(null);
    await page.arrayBuffer();
    const odd = await fetch(`${base}/open/${shown}.constructor`);
    expect(odd.headers.get("content-type")).to.equal("application/octet-stream");
    await odd.arrayBuffer();
  });

  it("answers HEAD and a known ETag without the bytes", async () => {
    const base = await on.serve();
    const head = await fetch(`${base}/open/${shown}`, { method: "HEAD" });
    expect(head.headers.get("content-length")).to.equal("300000");
    expect(head.headers.get("etag")).to.equal(`"${shown}"`);
    expect(await statusOf(`${base}/open/${shown}`, { headers: { "If-None-Match": `"${shown}"` } })).to.equal(304);
    const changed = await fetch(`${base}/open/${shown}`, { headers: { range: "bytes=0-9", "if-range": '"other"' } });
    expect(changed.status).to.equal(200);
    await changed.arrayBuffer();
  });

  it("tells who the chain says owns a file", async () => {
    const base = await on.serve({ policy: { policy: "any" } });
    expect((await envelopeFrom(await fetch(`${base}/file/metadata/${theirs}`))).data).to.deep.equal({
      fid: theirs,
      size: others.length,
      owner: [{ user: stranger, file_name: "holiday.mp4" }],
    });
    expect((await envelopeFrom(await fetch(`${base}/file/metadata/${shown}`))).data).to.deep.equal({
      fid: shown,
      size: content.length,
      owner: [{ user: alice.cessAccount, file_name: "" }],
    });
  });

  it("tells whether a file, a segment or a fragment is near, once it knows whose it is", async () => {
    const base = await on.serve({ policy: { policy: "any" } });
    const near = async (hash: string) => (await envelopeFrom(await fetch(`${base}/querydata/${hash}`))).data;
    const [segment] = on.listed.get(theirs)!.segments;
    const fragment = segment!.fragments[0]!.hash;
    const whole = Buffer.concat([others], FRAGMENT_SIZE);
    expect(await near(shown)).to.equal(true);
    expect(await near(theirs)).to.equal(false);
    await on.cache.set(fragment, whole);
    expect(await near(fragment)).to.equal(true);
    expect(await near(theirs), "the others are zeros").to.equal(true);
    expect(await near(segment!.hash)).to.equal(true);
    expect(await near("1".repeat(64))).to.equal(false);
    expect(await statusOf(`${base}/querydata/abc`)).to.equal(400);
  });

  it("gives a fragment to gateways of CD2N's kind", async () => {
    const base = await on.serve({ policy: { policy: "any" } });
    const ask = (did: string, extdata?: string) =>
      fetch(`${base}/cache-fetch`, {
        method: "POST",
        body: JSON.stringify({ did, extdata, user_addr: "0x1", requestId: "1", expiration: 1, sign: null }),
      });
    const { segments } = (await on.gateway.catalog.files.withFid(shown))[0]!;
    for (const index of [0, 11]) {
      const hash = segments[0]!.fragments[index]!;
      const given = await bytesFrom(await ask(hash, shown));
      expect(createHash("sha256").update(given).digest("hex")).to.equal(hash);
    }
    const far = on.listed.get(theirs)!.segments[0]!.fragments;
    await on.cache.clear();
    const given = await bytesFrom(await ask(far[0]!.hash, theirs));
    expect(createHash("sha256").update(given).digest("hex")).to.equal(far[0]!.hash);
    expect((await ask(far[9]!.hash, theirs)).status, "parity that is not here").to.equal(404);
    expect((await ask(segments[0]!.fragments[0]!, hidden)).status).to.equal(404);
    expect((await fetch(`${base}/cache-fetch`, { method: "POST", body: "{" })).status).to.equal(400);
    expect((await fetch(`${base}/cache-fetch`, { method: "POST", body: "x".repeat(20_000) })).status).to.equal(413);
  });
});
