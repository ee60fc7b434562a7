import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readKeyPair } from "../../../../src/cli/tls/key-pair.js";
import { ConfigError } from "../../../../src/config/config-error.js";
import { loopbackCertificate, renewedCertificate } from "../../../support/loopback-certificate.js";

const NOW = Date.parse("2030-01-01T00:00:00Z");

describe("A certificate with its key", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cess-s3-pair-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const read = (cert: string, key: string, now = NOW) =>
    readKeyPair({ certFile: write("tls.crt", cert), keyFile: write("tls.key", key) }, now);
  /** What is said of a pair that cannot be used; it must not hold anything of the key. */
  const refused = (cert: string, key: string, now = NOW): string => {
    try {
      read(cert, key, now);
    } catch (error) {
      expect(error).to.be.instanceOf(ConfigError);
      const { message } = error as ConfigError;
      for (const line of key.split("\n").filter((each) => /^[A-Za-z0-9+/=]{20,}$/.test(each)))
        expect(message).to.not.contain(line);
      return message;
    }
    throw new Error("the pair was taken");
  };

  it("is read with its end and names", () => {
    const pair = read(renewedCertificate.cert, renewedCertificate.key);
    expect(new Date(pair.endsAt).getUTCFullYear()).to.equal(2126);
    expect(pair.names).to.contain("127.0.0.1").and.contain("localhost");
    expect(pair.fingerprint).to.match(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  });

  it("is taken with the certificates of authorities behind it, but not with another one before it", () => {
    const { cert, key } = renewedCertificate;
    expect(read(cert + loopbackCertificate.cert, key).cert).to.contain(loopbackCertificate.cert);
    expect(refused(loopbackCertificate.cert + cert, key)).to.contain("does not belong to the first certificate");
  });

  it("is refused in words when the two do not fit", () => {
    expect(refused(loopbackCertificate.cert, renewedCertificate.key))
      .to.contain("tls.keyFile")
      .and.contain("does not belong")
      .and.contain(join(folder, "tls.crt"));
  });

  it("is refused in words before and after it is valid", () => {
    const { cert, key } = loopbackCertificate;
    expect(refused(cert, key, Date.parse("2127-01-01T00:00:00Z")))
      .to.contain("ended on 2126-11-02")
      .and.contain("renew");
    expect(refused(cert, key, Date.parse("2020-01-01T00:00:00Z")))
      .to.contain("is valid from 2026-11-26")
      .and.contain("clock");
  });

  it("is refused in words when a file is absent, empty, something else, or has a passphrase", () => {
    const { cert, key, encryptedKey } = renewedCertificate;
    expect(refused("", key)).to.contain("tls.certFile").and.contain("BEGIN CERTIFICATE");
    expect(refused(key, key)).to.contain("tls.certFile").and.contain("BEGIN CERTIFICATE");
    expect(refused(cert, "")).to.contain("tls.keyFile").and.contain("BEGIN PRIVATE KEY");
    expect(refused(cert, cert)).to.contain("tls.keyFile").and.contain("BEGIN PRIVATE KEY");
    expect(refused(cert, encryptedKey)).to.contain("passphrase");
    const absent = { certFile: join(folder, "absent"), keyFile: write("tls.key", key) };
    expect(() => readKeyPair(absent, NOW)).to.throw(ConfigError, "there is no such file");
  });
});
