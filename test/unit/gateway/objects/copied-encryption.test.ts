import { expect } from "chai";
import { alice, as, bytesOf, refused } from "../../../support/test-gateway.js";
import { AES, customerKey, useEncryptedObjects, withKey } from "./encrypted-objects.js";

describe("Encrypted objects that are copied", () => {
  const encrypted = useEncryptedObjects();
  const { at, build, put, get, store } = encrypted;

  it("share their file, the data key wrapped anew, and outlive their source", async () => {
    await build();
    const bytes = bytesOf(200_000, 1);
    const source = await put("source", bytes, withKey(customerKey(1)));
    await store(source);
    const copies = {
      kms: { algorithm: "aws:kms", keyId: "payroll" },
      rekeyed: withKey(customerKey(2)),
      aes: AES,
    } as const;
    for (const [key, encryption] of Object.entries(copies)) {
      const copied = await encrypted.gateway.objects.copy(as(alice), at(key), {
        source: at("source"),
        sourcePreconditions: {},
        sourceCustomer: customerKey(1),
        encryption,
      });
      expect(copied.durability.fid, key).to.equal(
        (await encrypted.fixture.catalog.objects.byId(source.id))?.durability.fid,
      );
      expect(copied.durability.state).to.equal("stored");
    }
    await encrypted.gateway.objects.delete(as(alice), at("source"));
    await encrypted.cache.clear();
    expect(await get("kms")).to.deep.equal(bytes);
    expect(await get("aes")).to.deep.equal(bytes);
    expect(await get("rekeyed", { customer: customerKey(2) })).to.deep.equal(bytes);
    await refused("AccessDenied", get("rekeyed", { customer: customerKey(1) }));
  });

  it("are put anew where one is encrypted and the other is not", async () => {
    await build();
    for (const [from, to] of [
      [undefined, AES],
      [AES, undefined],
    ] as const) {
      const bytes = bytesOf(200_000, from ? 1 : 2);
      const source = await put("source", bytes, from);
      await store(source);
      const copied = await encrypted.gateway.objects.copy(as(alice), at("copy"), {
        source: at("source"),
        sourcePreconditions: {},
        ...(to ? { encryption: to } : {}),
      });
      expect(copied.durability.state).to.equal("staged");
      expect(copied.encryption?.algorithm).to.equal(to?.algorithm);
      await encrypted.gateway.objects.delete(as(alice), at("source"));
      await store(copied);
      await encrypted.cache.clear();
      expect(await get("copy")).to.deep.equal(bytes);
    }
  });

  it("while they are staged or on their way, read as their source does", async () => {
    await build();
    const bytes = bytesOf(1000, 1);
    const source = await put("source", bytes, AES);
    const request = { source: at("source"), sourcePreconditions: {}, encryption: withKey(customerKey(1)) };
    const early = await encrypted.gateway.objects.copy(as(alice), at("early"), request);
    const [job] = await encrypted.fixture.catalog.jobs.lease(["encode"], 1, 0);
    const files = await encrypted.fixture.preprocessing.files(
      source.id,
      await encrypted.fixture.catalog.objects.blobs(source.id),
      {
        format: job!.format!,
        territory: alice.territory,
        priority: "background",
      },
    );
    await encrypted.fixture.catalog.objects.attach(source.id, files);
    const late = await encrypted.gateway.objects.copy(as(alice), at("late"), request);
    for (const key of ["early", "late"]) {
      await refused("InvalidRequest", get(key));
      expect(await get(key, { customer: customerKey(1) })).to.deep.equal(bytes);
    }
    for (const version of [source, early]) await store(version);
    await encrypted.cache.clear();
    for (const key of ["early", "late"]) expect(await get(key, { customer: customerKey(1) })).to.deep.equal(bytes);
    expect((await encrypted.fixture.catalog.objects.byId(late.id))?.durability).to.include({ state: "stored" });
    expect(await get("source")).to.deep.equal(bytes);
  });
});
