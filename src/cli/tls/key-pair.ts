import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { ConfigError, reasonOf } from "../../config/config-error.js";

/** A certificate that ends so soon is warned of, ms. */
export const ENDS_SOON_MS = 14 * 86_400_000;

export interface KeyPairFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate and its private key, which fit together and are valid now. */
export interface KeyPair {
  /** The certificate and those between it and the authority's, in PEM. */
  readonly cert: string;
  readonly key: string;
  /** When the certificate ends, ms since 1970. */
  readonly endsAt: number;
  /** SHA-256 of the certificate, as `A1:B2:…`. */
  readonly fingerprint: string;
  /** Whom the certificate is for, as it says. */
  readonly names: string;
}

/** Reads and checks a pair at the time `now`, ms since 1970. Throws ConfigError, which never repeats the key. */
export function readKeyPair({ certFile, keyFile }: KeyPairFiles, now: number): KeyPair {
  const { cert, certificate } = readCertificate(certFile);
  const keyText = read(keyFile, "tls.keyFile");
  const key = parseKey(keyText, keyFile);
  if (!certificate.checkPrivateKey(key))
    throw ConfigError.of(
      "tls.keyFile",
      `the key in ${keyFile} does not belong to the first certificate in ${certFile}`,
    );
  const [beginsAt, endsAt] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  if (now >= endsAt)
    throw ConfigError.of("tls.certFile", `the certificate in ${certFile} ended on ${day(endsAt)}: renew it`);
  if (now < beginsAt)
    throw ConfigError.of(
      "tls.certFile",
      `the certificate in ${certFile} is valid from ${day(beginsAt)} on: is this machine's clock right?`,
    );
  try {
    createSecureContext({ cert, key: keyText });
  } catch (cause) {
    throw ConfigError.of("tls.certFile", `${certFile} and ${keyFile} cannot be used: ${(cause as Error).message}`, {
      cause,
    });
  }
  const { fingerprint256: fingerprint, subjectAltName: names = "" } = certificate;
  return { cert, key: keyText, endsAt, fingerprint, names };
}

const day = (ms: number) => new Date(ms).toISOString();

function read(path: string, setting: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw ConfigError.of(setting, `cannot read the file ${path}: ${reasonOf(cause)}`, { cause });
  }
}

/** The first certificate of a file, and the file's text. Throws ConfigError. */
export function readCertificate(path: string): { readonly cert: string; readonly certificate: X509Certificate } {
  const cert = read(path, "tls.certFile");
  try {
    return { cert, certificate: new X509Certificate(cert) };
  } catch (cause) {
    throw ConfigError.of(
      "tls.certFile",
      `the file ${path} does not begin with a certificate in PEM (-----BEGIN CERTIFICATE-----)`,
      { cause },
    );
  }
}

function parseKey(text: string, path: string): KeyObject {
  if (/-----BEGIN ENCRYPTED|^Proc-Type: .*ENCRYPTED/m.test(text))
    throw ConfigError.of(
      "tls.keyFile",
      `the key in ${path} has a passphrase: write it without one (openssl pkey -in … -out …)`,
    );
  try {
    return createPrivateKey(text);
  } catch {
    // The cause may quote the key.
    throw ConfigError.of(
      "tls.keyFile",
      `the file ${path} holds no private key in PEM (-----BEGIN PRIVATE KEY-----) that can be read`,
    );
  }
}
