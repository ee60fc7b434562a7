import { expect } from "chai";
import { KeyRing } from "../../../../src/keys/key-ring.js";
import { VaultKeys } from "../../../../src/keys/vault-keys.js";
import type { EncryptionRequest } from "../../../../src/model/encryption.js";
import { alice, as, bytesOf, refused } from "../../../support/test-gateway.js";
import { masterKey } from "../../../support/test-keys.js";
import { TransitServer } from "../../../support/transit-server.js";
import { useEncryptedObjects } from "./encrypted-objects.js";

describe("Encrypted objects whose keys are in Vault", () => {
  const encrypted = useEncryptedObjects();
  const { at, build, put, get, store } = encrypted;

  let server: TransitServer;
  let vault: VaultKeys;
  beforeEach(async () => {
    await build();
    server = await TransitServer.start();
    await server.create("payroll");
    const token = await server.token({ encrypt: ["update"], decrypt: ["update"], keys: ["read"] });
    vault = new VaultKeys(
      { token: () => Promise.resolve(token), log: { warn: () => undefined } },
      { address: server.address, timeoutMs: 60_000 },
    );
    encrypted.gateway = encrypted.fixture.gatewayWith({
      retrieval: encrypted.retrieval,
      keys: new KeyRing({ master: [masterKey], kms: new Map(), ciphers: new Map() }, vault),
    });
  });
  afterEach(async () => {
    await vault.close();
    await server.close();
  });
  const payroll: EncryptionRequest = { algorithm: "aws:kms", keyId: "payroll", context: "e30=" };

  it("are read from storage nodes with one question to it, after a rotation too, and copied under another key", async () => {
    const bytes = bytesOf(200_000, 1);
    const version = await put("k", bytes, payroll);
    expect(version.encryption?.wrapped).to.match(/^vault:v1:/);
    await store(version);
    await server.rotate("payroll");
    for (let n = 0; n < 3; n++)
      expect(await get("k", { range: { first: 10 * n, last: 10 * n + 9 } })).to.deep.equal(
        bytes.subarray(10 * n, 10 * n + 10),
      );
    expect(server.asked).to.deep.equal({ keys: 1, encrypt: 1, decrypt: 1 });
    const copied = await encrypted.gateway.objects.copy(as(alice), at("k"), {
      source: at("k"),
      sourcePreconditions: {},
      encryption: { algorithm: "aws:kms", keyId: "payroll" },
    });
    expect(copied.encryption?.wrapped).to.match(/^vault:v2:/);
    expect(copied.durability.state).to.equal("stored");
    expect(await get("k")).to.deep.equal(bytes);
    expect(await encrypted.fixture.catalog.keyUses.all()).to.include("vault");
  });

  it("are refused where it does not know the key, and wait where it cannot be reached: only HEAD needs it not", async () => {
    await refused("KMS.NotFoundException", put("other", bytesOf(10, 1), { algorithm: "aws:kms", keyId: "misspelt" }));
    await refused("KMS.NotFoundException", put("other", bytesOf(10, 1), { algorithm: "aws:kms" }));
    await put("k", bytesOf(1000, 1), payroll);
    await server.close();
    await refused("ServiceUnavailable", put("late", bytesOf(10, 1), payroll));
    await refused("ServiceUnavailable", get("k"));
    expect((await encrypted.gateway.objects.head(as(alice), at("k"), { preconditions: {} })).version.size).to.equal(
      1000,
    );
    expect(await encrypted.fixture.catalog.objects.get("vault", "late")).to.equal(undefined);
    server = await TransitServer.start();
  });
});
