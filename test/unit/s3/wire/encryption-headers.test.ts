import { expect } from "chai";
import { createHash } from "node:crypto";
import { S3Error } from "../../../../src/gateway/s3-error.js";
import {
  encryptionAnswer,
  encryptionRequest,
  onlyReadSecret,
  sourceSecret,
} from "../../../../src/s3/wire/encryption-headers.js";
import { Headers } from "../../../../src/s3/wire/headers.js";

const PREFIX = "x-amz-server-side-encryption-customer-";
const SOURCE = "x-amz-copy-source-server-side-encryption-customer-";
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("base64");

function customer(algorithm: string, key: Uint8Array, prefix = PREFIX): string[] {
  return [
    ...[`${prefix}algorithm`, algorithm, `${prefix}key`, Buffer.from(key).toString("base64")],
    ...[`${prefix}key-MD5`, md5(key)],
  ];
}

function kind(work: () => unknown): string {
  try {
    work();
    return "none";
  } catch (error) {
    return error instanceof S3Error ? error.kind : String(error);
  }
}

describe("A cipher in the headers of a read", () => {
  const cipher = Buffer.from("offne dich, Sesam");

  it("travels as customers' keys do, under the algorithm cess-cbc", () => {
    expect(onlyReadSecret(new Headers(customer("cess-cbc", cipher)))).to.deep.equal({
      cipher: { text: "offne dich, Sesam", md5: md5(cipher) },
    });
    expect(sourceSecret(new Headers(customer("cess-cbc", cipher, SOURCE)))).to.deep.equal({
      sourceCipher: { text: "offne dich, Sesam", md5: md5(cipher) },
    });
  });

  it("may be plain in the header Cipher, in UTF-8", () => {
    const latin1 = Buffer.from("öffne dich", "utf8").toString("latin1");
    expect(onlyReadSecret(new Headers(["Cipher", latin1]))).to.deep.equal({ cipher: { text: "öffne dich" } });
    expect(sourceSecret(new Headers(["cipher", "x"]))).to.deep.equal({ sourceCipher: { text: "x" } });
    expect(onlyReadSecret(new Headers([]))).to.deep.equal({});
  });

  it("has 1 to 32 bytes of text, and the MD5 that is said", () => {
    expect(kind(() => onlyReadSecret(new Headers(customer("cess-cbc", Buffer.alloc(32, "x")))))).to.equal("none");
    for (const key of [Buffer.alloc(33, "x"), Buffer.alloc(0), Buffer.from([0xff, 0xfe])])
      expect(
        kind(() => onlyReadSecret(new Headers(customer("cess-cbc", key)))),
        key.toString("hex"),
      ).to.equal("InvalidArgument");
    const wrong = customer("cess-cbc", cipher).with(-1, md5(Buffer.from("another")));
    expect(kind(() => onlyReadSecret(new Headers(wrong)))).to.equal("InvalidArgument");
    for (const missing of [0, 2, 4]) {
      const headers = customer("cess-cbc", cipher);
      headers.splice(missing, 2);
      expect(kind(() => onlyReadSecret(new Headers(headers)))).to.equal("InvalidArgument");
    }
  });

  it("is not how a write is encrypted", () => {
    expect(kind(() => encryptionRequest(new Headers(customer("cess-cbc", cipher))))).to.equal(
      "InvalidEncryptionAlgorithmError",
    );
    expect(kind(() => onlyReadSecret(new Headers(customer("AES128", cipher))))).to.equal(
      "InvalidEncryptionAlgorithmError",
    );
  });

  it("leaves customers' keys what they are", () => {
    const key = Buffer.alloc(32, 7);
    expect(onlyReadSecret(new Headers(customer("AES256", key)))).to.deep.equal({ customer: { key, md5: md5(key) } });
    expect(encryptionRequest(new Headers(customer("AES256", key)))).to.deep.equal({
      algorithm: "customer",
      customer: { key, md5: md5(key) },
    });
    expect(kind(() => onlyReadSecret(new Headers(customer("AES256", cipher))))).to.equal("InvalidArgument");
  });

  it("is confirmed in the answer as a customer's key is, but not where it came plainly", () => {
    expect(encryptionAnswer({ cipher: { text: "x", md5: "abc" } })).to.deep.equal({
      [`${PREFIX}algorithm`]: "cess-cbc",
      [`${PREFIX}key-MD5`]: "abc",
    });
    expect(encryptionAnswer({ cipher: { text: "x" } })).to.deep.equal({});
  });
});
