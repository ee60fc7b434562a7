import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { KeyRing } from "../../../../src/keys/key-ring.js";
import { VaultKeys } from "../../../../src/keys/vault-keys.js";
import type { EncryptionRequest } from "../../../../src/model/encryption.js";
import { AES, at, customerKey, EncryptedVault, withKey } from "../../../support/encrypted-vault.js";
import { alice, as, bytesOf, refused } from "../../../support/test-gateway.js";
import { masterKey, testKeys } from "../../../support/test-keys.js";
import { TransitServer } from "../../../support/transit-server.js";

describe("Encrypted objects and their keys", () => {
  let vault: EncryptedVault;
  afterEach(() => vault.close());

  it("leave no key on the disk: neither a customer's nor a data key, in clear", async () => {
    vault = await EncryptedVault.build();
    const customer = customerKey(0xc5);
    const { id } = await vault.put("k", bytesOf(1000, 1), withKey(customer));
    const [job] = await vault.fixture.catalog.jobs.lease(["encode"], 1, 0);
    const dataKey = job?.format?.name === "aes-256-gcm" ? job.format.key! : "";
    expect(dataKey).to.match(/^[0-9a-f]{64}$/);
    const onDisk = () =>
      Buffer.concat(
        readdirSync(vault.fixture.folder)
          .filter((name) => name.startsWith("catalog"))
          .map((name) => readFileSync(join(vault.fixture.folder, name))),
      );
    const forms = (key: Uint8Array) => [
      Buffer.from(key),
      ...(["hex", "base64", "base64url"] as const).map((form) => Buffer.from(Buffer.from(key).toString(form))),
    ];
    for (const key of [customer.key, Buffer.from(dataKey, "hex"), masterKey]) {
      for (const form of forms(key)) expect(onDisk().includes(form)).to.equal(false);
    }
    await vault.store({ id, owner: alice.id });
    expect(await vault.get("k", { customer })).to.deep.equal(bytesOf(1000, 1));
  });

  it("have their data key with the file only while it is staged: from then on a customer's object needs the customer", async () => {
    vault = await EncryptedVault.build();
    const version = await vault.put("k", bytesOf(1000, 1), withKey(customerKey(1)));
    await vault.store(version);
    const [extent] = await vault.fixture.catalog.objects.extents(version.id);
    expect((await vault.fixture.catalog.files.get(extent!.file))?.format).to.deep.equal({
      name: "aes-256-gcm",
      first: 0,
    });
    expect(await vault.fixture.catalog.jobs.count()).to.include({ encode: 0, store: 0 });
    await refused("InvalidRequest", vault.get("k"));
    await refused("AccessDenied", vault.get("k", { customer: customerKey(2) }));
    expect(await vault.get("k", { customer: customerKey(1) })).to.deep.equal(bytesOf(1000, 1));
  });

  it("stay readable when a new master key wraps, and say so when the old one is missing", async () => {
    vault = await EncryptedVault.build();
    const bytes = bytesOf(1000, 1);
    await vault.store(await vault.put("old", bytes, AES));
    expect(await vault.fixture.catalog.keyUses.all()).to.deep.equal([testKeys.masterId]);
    const fresh = Buffer.alloc(32, 77);
    const ring = (...master: Uint8Array[]) => new KeyRing({ master, kms: new Map(), ciphers: new Map() });
    const rotated = vault.gatewayWith(ring(fresh, masterKey));
    expect(await vault.get("old", {}, rotated)).to.deep.equal(bytes);
    // A copy onto itself wraps with the new key and moves no byte.
    await rotated.objects.copy(as(alice), at("old"), { source: at("old"), sourcePreconditions: {}, encryption: AES });
    expect(await vault.get("old", {}, vault.gatewayWith(ring(fresh)))).to.deep.equal(bytes);
    const error: unknown = await vault.get("old").then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(Error).with.property("message").that.contains("is not among the gateway's keys");
  });

  describe("whose keys are in Vault", () => {
    let server: TransitServer;
    let keys: VaultKeys;
    beforeEach(async () => {
      server = await TransitServer.start();
      await server.create("payroll");
      const token = await server.token({ encrypt: ["update"], decrypt: ["update"], keys: ["read"] });
      keys = new VaultKeys(
        { token: () => Promise.resolve(token), log: { warn: () => undefined } },
        { address: server.address, timeoutMs: 60_000 },
      );
      vault = await EncryptedVault.build(
        {},
        new KeyRing({ master: [masterKey], kms: new Map(), ciphers: new Map() }, keys),
      );
    });
    afterEach(async () => {
      await keys.close();
      await server.close();
    });
    const payroll: EncryptionRequest = { algorithm: "aws:kms", keyId: "payroll", context: "e30=" };

    it("are read from storage nodes with one question to it, after a rotation too, and copied under another key", async () => {
      const bytes = bytesOf(200_000, 1);
      const version = await vault.put("k", bytes, payroll);
      expect(version.encryption?.wrapped).to.match(/^vault:v1:/);
      await vault.store(version);
      await server.rotate("payroll");
      for (let n = 0; n < 3; n++)
        expect(await vault.get("k", { range: { first: 10 * n, last: 10 * n + 9 } })).to.deep.equal(
          bytes.subarray(10 * n, 10 * n + 10),
        );
      expect(server.asked).to.deep.equal({ keys: 1, encrypt: 1, decrypt: 1 });
      const copied = await vault.gateway.objects.copy(as(alice), at("k"), {
        source: at("k"),
        sourcePreconditions: {},
        encryption: { algorithm: "aws:kms", keyId: "payroll" },
      });
      expect(copied.encryption?.wrapped).to.match(/^vault:v2:/);
      expect(copied.durability.state).to.equal("stored");
      expect(await vault.get("k")).to.deep.equal(bytes);
      expect(await vault.fixture.catalog.keyUses.all()).to.include("vault");
    });

    it("are refused where it does not know the key, and wait where it cannot be reached: only HEAD needs it not", async () => {
      await refused(
        "KMS.NotFoundException",
        vault.put("other", bytesOf(10, 1), { algorithm: "aws:kms", keyId: "misspelt" }),
      );
      await refused("KMS.NotFoundException", vault.put("other", bytesOf(10, 1), { algorithm: "aws:kms" }));
      await vault.put("k", bytesOf(1000, 1), payroll);
      await server.close();
      await refused("ServiceUnavailable", vault.put("late", bytesOf(10, 1), payroll));
      await refused("ServiceUnavailable", vault.get("k"));
      expect((await vault.gateway.objects.head(as(alice), at("k"), { preconditions: {} })).version.size).to.equal(1000);
      expect(await vault.fixture.catalog.objects.get("vault", "late")).to.equal(undefined);
      server = await TransitServer.start();
    });
  });
});
