import { expect } from "chai";
import { truncate, unlink } from "node:fs/promises";
import type { Checksum } from "../../../../src/model/checksum.js";
import { damageOf } from "../../../../src/model/damage.js";
import type { ObjectVersion } from "../../../../src/model/object.js";
import { MIB } from "../../../../src/model/sizes.js";
import { collect } from "../../../support/collect.js";
import { damageBlob } from "../../../support/damage-blob.js";
import { alice, as, body, bytesOf, plainly, refused, TestGateway } from "../../../support/test-gateway.js";

const name = { bucket: "photos", key: "cat" };
const encrypted = { ...plainly, encryption: { algorithm: "AES256" as const } };

describe("Objects whose staged bytes are damaged", () => {
  let fixture: TestGateway;
  beforeEach(async () => {
    fixture = await TestGateway.build({ multipartEtag: "fid" });
    await fixture.gateway.buckets.create(as(alice), "photos");
  });
  afterEach(() => fixture.close());

  const put = (bytes: Buffer, settings = plainly, key = "cat") =>
    fixture.gateway.objects.put(as(alice), { ...name, key }, body(bytes), settings);
  const get = async (range?: { first: number; last: number }) => {
    const request = { preconditions: {}, ...(range && { range }) };
    return collect((await fixture.gateway.objects.get(as(alice), name, request)).body);
  };
  const version = async (): Promise<ObjectVersion> =>
    (await fixture.gateway.objects.head(as(alice), name, { preconditions: {} })).version;
  const staged = async () => (await fixture.catalog.objects.blobs((await version()).id))[0]!;
  const damage = async (position: number) => damageBlob(fixture.blobs, (await staged()).blob, position);

  for (const [what, settings] of [
    ["a plain object", plainly],
    ["an encrypted object", encrypted],
  ] as const) {
    for (const size of [100, MIB]) {
      it(`answer an error, and are damaged from then on: ${what} of ${size} bytes`, async () => {
        await put(bytesOf(size, 1), settings);
        const path = await damage(size >> 1);
        const refusal = await refused("InternalError", get());
        expect(refusal.message).to.match(/staged on the gateway's disk are damaged/);
        expect(refusal.details.headers).to.deep.equal({ "x-cess-state": "damaged" });
        const { durability } = await version();
        expect(durability.state).to.equal("damaged");
        expect(durability.failure).to.match(/do not have their checksum/);
        expect(fixture.damages).to.have.length(1);
        expect(fixture.damages[0]).to.include({ bucket: "photos", key: "cat", versionId: "null", path });
        await refused("InternalError", get());
        expect(fixture.damages, "logged once").to.have.length(1);
        expect(await fixture.catalog.damages.count()).to.equal(1);
        expect(await fixture.catalog.jobs.count()).to.deep.equal({ encode: 0, store: 0, delete: 0 });
      });
    }
  }

  it("give the ranges that are whole, and break off before a damaged piece", async () => {
    const bytes = bytesOf(2 * MIB, 2);
    await put(bytes);
    await damage(MIB);
    for (const state of ["before", "after"]) {
      const got = await get({ first: 100, last: MIB - 1 });
      expect(got.equals(bytes.subarray(100, MIB)), `${state} it is known`).to.equal(true);
      const { body: stream } = await fixture.gateway.objects.get(as(alice), name, { preconditions: {} });
      const chunks: Uint8Array[] = [];
      const failure = await (async () => {
        for await (const chunk of stream) chunks.push(Uint8Array.from(chunk));
        return undefined;
      })().catch((error: unknown) => error);
      expect(damageOf(failure)?.slices[0]?.offset).to.equal(MIB);
      expect(Buffer.concat(chunks).equals(bytes.subarray(0, MIB))).to.equal(true);
    }
  });

  it("are those, too, whose file is missing or cut short", async () => {
    for (const harm of [unlink, (path: string) => truncate(path, 1000)]) {
      await put(bytesOf(MIB, 3));
      const { blob } = await staged();
      await harm(fixture.blobs.where(blob));
      await refused("InternalError", get());
      expect((await version()).durability.state).to.equal("damaged");
    }
    expect(await fixture.catalog.damages.count(), "the first was overwritten").to.equal(1);
  });

  it("can be overwritten and deleted, which leaves nothing", async () => {
    await put(bytesOf(MIB, 4));
    await damage(0);
    await refused("InternalError", get());
    await put(bytesOf(MIB, 5));
    expect((await get()).equals(bytesOf(MIB, 5))).to.equal(true);
    expect((await version()).durability.state).to.equal("staged");
    await damage(0);
    await refused("InternalError", get());
    await fixture.gateway.objects.delete(as(alice), name);
    expect(await fixture.blobIds()).to.deep.equal([]);
    expect(await fixture.catalog.damages.count()).to.equal(0);
  });

  it("are not copied, in whole or in part", async () => {
    await put(bytesOf(MIB, 6));
    await damage(0);
    const { objects, uploads } = fixture.gateway;
    const source = { source: name, sourcePreconditions: {} };
    const { id } = await uploads.create(as(alice), { ...name, key: "parts" }, plainly);
    await refused("InternalError", uploads.copyPart(as(alice), { ...name, key: "parts" }, id, 1, source));
    await refused("InternalError", objects.copy(as(alice), { ...name, key: "copy" }, source));
    await refused("NoSuchKey", objects.head(as(alice), { ...name, key: "copy" }, { preconditions: {} }));
  });

  it("mark every object that shares the bytes", async () => {
    await put(bytesOf(MIB, 7));
    const source = { source: name, sourcePreconditions: {} };
    await fixture.gateway.objects.copy(as(alice), { ...name, key: "copy" }, source);
    await damage(0);
    await refused("InternalError", get());
    expect(fixture.damages.map((found) => (found as { key: string }).key).sort()).to.deep.equal(["cat", "copy"]);
  });

  for (const multipartEtag of ["fid", "md5-parts"] as const) {
    it(`are not made of an upload's damaged part, which the answer names (ETag ${multipartEtag})`, async () => {
      const { uploads, objects } = fixture.gatewayWith({}, { multipartEtag });
      const { id } = await uploads.create(as(alice), name, plainly);
      const parts = [bytesOf(33 * MIB, 1), bytesOf(5 * MIB, 2), bytesOf(100, 3)];
      const send = async (n: number) => (await uploads.putPart(as(alice), name, id, n, body(parts[n - 1]!))).etag;
      const listed: { partNumber: number; etag: string; checksum?: Checksum }[] = [];
      for (const n of [1, 2, 3]) listed.push({ partNumber: n, etag: await send(n) });
      const complete = async () => (await uploads.complete(as(alice), name, id, { parts: listed })).result;
      for (const n of [2, 1, 3]) {
        const { blob } = (await fixture.catalog.uploads.parts(id))[n - 1]!;
        await damageBlob(fixture.blobs, blob, 50);
        const refusal = await refused("InternalError", complete());
        expect(refusal.message).to.match(new RegExp(`part ${n} .* damaged. Upload the part again`));
        await refused("NoSuchKey", objects.head(as(alice), name, { preconditions: {} }));
        expect(fixture.damages.at(-1)).to.include({ key: "cat", uploadId: id, partNumber: n });
        await send(n);
      }
      await complete();
      expect((await get()).equals(Buffer.concat(parts))).to.equal(true);
    });
  }

  it("are not served once they are known, where they have no checksums", async () => {
    await put(bytesOf(MIB, 8));
    const { id } = await version();
    const old = fixture.gatewayWith({
      blobs: Object.assign(Object.create(fixture.blobs) as typeof fixture.blobs, { isChecked: () => false }),
    });
    await fixture.catalog.damages.record(await fixture.catalog.objects.blobs(id), "other hashes than before");
    await refused("InternalError", old.objects.get(as(alice), name, { preconditions: {} }));
  });
});
