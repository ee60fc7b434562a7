import { expect } from "chai";
import { createHash, randomBytes } from "node:crypto";
import { KeyRing, type KeyMaterial } from "../../../src/keys/key-ring.js";
import type { Wrapper } from "../../../src/keys/keys.js";
import { S3Error } from "../../../src/model/errors.js";

const secret = "5e".repeat(32);
const ring = (material: Partial<KeyMaterial> = {}) => new KeyRing({ master: [Buffer.alloc(32, 1)], kms: new Map(), ciphers: new Map(), ...material });

describe("KeyRing", () => {
  const kms = new Map([["payroll", [Buffer.alloc(32, 7)]], ["aws/s3", [Buffer.alloc(32, 8)]]]);
  const customer: Wrapper = { kind: "customer", key: Buffer.alloc(32, 9) };

  it("wraps and unwraps with the master key, a KMS key by any of its names, and a customer's key", () => {
    const keys = ring({ kms });
    const wrappers: Wrapper[] = [
      { kind: "master" }, customer, { kind: "kms", keyId: "payroll" }, { kind: "kms", keyId: "alias/aws/s3" }, { kind: "kms", keyId: "arn:aws:kms:us-east-1:1:key/payroll" },
    ];
    for (const wrapper of wrappers) {
      const wrapped = keys.wrap(secret, wrapper, "");
      expect(wrapped).not.to.contain(secret).and.not.equal(keys.wrap(secret, wrapper, ""));
      expect(keys.unwrap(wrapped, wrapper, ""), wrapper.kind).to.equal(secret);
    }
  });

  it("tells a customer's wrong key, and leaves nothing of the right one in what it wraps", () => {
    const key = randomBytes(32);
    const wrapped = ring().wrap(secret, { kind: "customer", key }, "");
    expect(ring().unwrap(wrapped, { kind: "customer", key: randomBytes(32) }, "")).to.equal(undefined);
    for (const form of [key.toString("hex"), key.toString("base64url"), createHash("sha256").update(key).digest("hex").slice(0, 8)]) expect(wrapped).not.to.contain(form);
  });

  it("opens nothing for another purpose, with another context or after a change", () => {
    const keys = ring({ kms });
    const sealed = keys.seal(secret, "a");
    expect(keys.open(sealed, "a")).to.equal(secret);
    expect(() => keys.open(sealed, "b")).to.throw("was changed");
    expect(() => keys.open(`${sealed.slice(0, -2)}AA`, "a")).to.throw("was changed");
    expect(() => keys.open(sealed.slice(0, 20), "a")).to.throw("was changed");
    const wrapped = keys.wrap(secret, { kind: "kms", keyId: "payroll" }, "one");
    expect(() => keys.unwrap(wrapped, { kind: "kms", keyId: "payroll" }, "other")).to.throw("payroll");
    expect(() => keys.unwrap(keys.wrap(secret, { kind: "master" }, ""), { kind: "kms", keyId: "payroll" }, "")).to.throw("payroll");
  });

  it("keeps opening with old keys once a new one wraps", () => {
    const [old, fresh] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const before = ring({ master: [old], kms: new Map([["payroll", [old]]]) });
    const after = ring({ master: [fresh, old], kms: new Map([["payroll", [fresh, old]]]) });
    const alone = ring({ master: [fresh], kms: new Map([["payroll", [fresh]]]) });
    for (const wrapper of [{ kind: "master" }, { kind: "kms", keyId: "payroll" }] as const) {
      const wrapped = before.wrap(secret, wrapper, "");
      expect(after.unwrap(wrapped, wrapper, "")).to.equal(secret);
      expect(() => alone.unwrap(wrapped, wrapper, ""), "the error names the key that is missing").to.throw(before.masterId);
      expect(alone.unwrap(after.wrap(secret, wrapper, ""), wrapper, ""), "the new one wraps").to.equal(secret);
    }
    expect(after.masterId).to.equal(alone.masterId).and.not.equal(before.masterId);
    expect([...after.ids].sort()).to.deep.equal([before.masterId, alone.masterId].sort());
  });

  it("says KMS.NotFoundException of a key or a cipher that is not there", () => {
    const keys = ring({ kms, ciphers: new Map([["friends", "open sesame"]]) });
    expect(keys.cipher("friends")).to.equal("open sesame");
    for (const work of [() => keys.cipher("foes"), () => keys.wrap(secret, { kind: "kms", keyId: "none" }, ""), () => keys.idOf({ kind: "kms", keyId: "none" })]) {
      expect(work).to.throw(S3Error).with.property("kind", "KMS.NotFoundException");
    }
  });

  it("refuses keys of another length, and none", () => {
    expect(() => ring({ master: [] })).to.throw("no master key");
    expect(() => ring({ master: [Buffer.alloc(16)] })).to.throw("32 bytes");
  });
});
