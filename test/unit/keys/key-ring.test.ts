import { expect } from "chai";
import { createHash, randomBytes } from "node:crypto";
import { KeyRing, type KeyMaterial } from "../../../src/keys/key-ring.js";
import type { Wrapper } from "../../../src/keys/keys.js";
import { DomainError } from "../../../src/model/errors.js";

const secret = "5e".repeat(32);
const ring = (material: Partial<KeyMaterial> = {}) =>
  new KeyRing({ master: [Buffer.alloc(32, 1)], kms: new Map(), ciphers: new Map(), ...material });

const failure = (work: Promise<unknown>) =>
  work.then(
    () => "it did not fail",
    (error: unknown) => (error as Error).message,
  );

describe("KeyRing", () => {
  const kms = new Map([
    ["payroll", [Buffer.alloc(32, 7)]],
    ["aws/s3", [Buffer.alloc(32, 8)]],
  ]);
  const customer: Wrapper = { kind: "customer", key: Buffer.alloc(32, 9) };

  it("derives a key for each purpose from each master key, the current one's first, the same every time", () => {
    const hex = (keys: readonly Uint8Array[]) => keys.map((key) => Buffer.from(key).toString("hex"));
    const old = hex(ring().derive("one"));
    const rotated = ring({ master: [Buffer.alloc(32, 2), Buffer.alloc(32, 1)] });
    expect(old).to.deep.equal(hex(ring().derive("one")));
    expect(hex(rotated.derive("one"))).to.have.length(2);
    expect(hex(rotated.derive("one"))[1]).to.equal(old[0]);
    const all = [...hex(rotated.derive("one")), ...hex(rotated.derive("two")), "01".repeat(32), "02".repeat(32)];
    expect(new Set(all).size).to.equal(6);
    for (const key of all) expect(key).to.have.length(64);
  });

  it("wraps and unwraps with the master key, a KMS key by any of its names, and a customer's key", async () => {
    const keys = ring({ kms });
    const wrappers: Wrapper[] = [
      { kind: "master" },
      customer,
      { kind: "kms", keyId: "payroll" },
      { kind: "kms", keyId: "alias/aws/s3" },
      { kind: "kms", keyId: "arn:aws:kms:us-east-1:1:key/payroll" },
    ];
    for (const wrapper of wrappers) {
      const wrapped = await keys.wrap(secret, wrapper, "");
      expect(wrapped)
        .not.to.contain(secret)
        .and.not.equal(await keys.wrap(secret, wrapper, ""));
      expect(await keys.unwrap(wrapped, wrapper, ""), wrapper.kind).to.equal(secret);
    }
  });

  it("tells a customer's wrong key, and leaves nothing of the right one in what it wraps", async () => {
    const key = randomBytes(32);
    const wrapped = await ring().wrap(secret, { kind: "customer", key }, "");
    expect(await ring().unwrap(wrapped, { kind: "customer", key: randomBytes(32) }, "")).to.equal(undefined);
    for (const form of [
      key.toString("hex"),
      key.toString("base64url"),
      createHash("sha256").update(key).digest("hex").slice(0, 8),
    ])
      expect(wrapped).not.to.contain(form);
  });

  it("opens nothing for another purpose, with another context or after a change", async () => {
    const keys = ring({ kms });
    const sealed = keys.seal(secret, "a");
    expect(keys.open(sealed, "a")).to.equal(secret);
    expect(() => keys.open(sealed, "b")).to.throw("was changed");
    expect(() => keys.open(`${sealed.slice(0, -2)}AA`, "a")).to.throw("was changed");
    expect(() => keys.open(sealed.slice(0, 20), "a")).to.throw("was changed");
    const wrapped = await keys.wrap(secret, { kind: "kms", keyId: "payroll" }, "one");
    expect(await failure(keys.unwrap(wrapped, { kind: "kms", keyId: "payroll" }, "other"))).to.contain("payroll");
    expect(
      await failure(
        keys.unwrap(await keys.wrap(secret, { kind: "master" }, ""), { kind: "kms", keyId: "payroll" }, ""),
      ),
    ).to.contain("payroll");
  });

  it("keeps opening with old keys once a new one wraps", async () => {
    const [old, fresh] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const before = ring({ master: [old], kms: new Map([["payroll", [old]]]) });
    const after = ring({ master: [fresh, old], kms: new Map([["payroll", [fresh, old]]]) });
    const alone = ring({ master: [fresh], kms: new Map([["payroll", [fresh]]]) });
    for (const wrapper of [{ kind: "master" }, { kind: "kms", keyId: "payroll" }] as const) {
      const wrapped = await before.wrap(secret, wrapper, "");
      expect(await after.unwrap(wrapped, wrapper, "")).to.equal(secret);
      expect(await failure(alone.unwrap(wrapped, wrapper, "")), "the error names the key that is missing").to.contain(
        before.masterId,
      );
      expect(await alone.unwrap(await after.wrap(secret, wrapper, ""), wrapper, ""), "the new one wraps").to.equal(
        secret,
      );
    }
    expect(after.masterId).to.equal(alone.masterId).and.not.equal(before.masterId);
    expect([before.masterId, alone.masterId, "00000000"].map((id) => after.has(id))).to.deep.equal([true, true, false]);
  });

  it("throws noKmsKey for a key or a cipher that is not there", async () => {
    const keys = ring({ kms, ciphers: new Map([["friends", "open sesame"]]) });
    expect(keys.cipher("friends")).to.equal("open sesame");
    for (const work of [() => keys.cipher("foes"), () => keys.idOf({ kind: "kms", keyId: "none" })]) {
      expect(work).to.throw(DomainError).with.property("kind", "noKmsKey");
    }
    const error: unknown = await keys
      .wrap(secret, { kind: "kms", keyId: "none" }, "")
      .catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(DomainError).with.property("kind", "noKmsKey");
  });

  it("refuses keys of another length, and none", () => {
    expect(() => ring({ master: [] })).to.throw("no master key");
    expect(() => ring({ master: [Buffer.alloc(16)] })).to.throw("32 bytes");
  });
});
