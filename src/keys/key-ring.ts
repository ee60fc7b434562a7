import { createHash, hkdfSync } from "node:crypto";
import { kmsKeyName, noKmsKey } from "../model/encryption.js";
import type { Keys, KeyServer, Wrapper } from "./keys.js";
import { KEY_SIZE, openText, isSealed, sealedBy, sealText, wrappingKey, type WrappingKey } from "./sealed-text.js";

/** The configured key material. Of several keys the first one wraps; the others only unwrap. */
export interface KeyMaterial {
  /** Each 32 bytes; at least one. */
  readonly master: readonly Uint8Array[];
  /** By name. */
  readonly kms: ReadonlyMap<string, readonly Uint8Array[]>;
  /** Texts of 1 to 32 bytes, by name. */
  readonly ciphers: ReadonlyMap<string, string>;
}

/** Stands for all keys of the key server. Its operator knows which of them are needed. */
const SERVER_ID = "vault";

/**
 * Keys in memory; other names are asked of the key server. The purpose is authenticated, so a wrapped secret cannot be
 * used in the place of another.
 */
export class KeyRing implements Keys {
  readonly masterId: string;
  private readonly ids: ReadonlySet<string>;
  private readonly master: ReadonlyMap<string, WrappingKey>;
  private readonly current: WrappingKey;
  private readonly kms: ReadonlyMap<string, readonly WrappingKey[]>;
  private readonly ciphers: ReadonlyMap<string, string>;

  /** Throws RangeError for a key that is not 32 bytes long, and without a master key. */
  constructor(
    { master, kms, ciphers }: KeyMaterial,
    private readonly server?: KeyServer,
  ) {
    const masters = master.map(wrappingKey);
    const [current] = masters;
    if (!current) throw new RangeError("there is no master key");
    this.current = current;
    this.master = new Map(masters.map((key) => [key.id, key]));
    this.kms = new Map([...kms].map(([name, keys]) => [name, keys.map(wrappingKey)]));
    this.ciphers = ciphers;
    this.masterId = current.id;
    this.ids = new Set([
      ...this.master.keys(),
      ...[...this.kms.values()].flat().map(({ id }) => id),
      ...(server ? [SERVER_ID] : []),
    ]);
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }

  /** HKDF with SHA-256 and no salt, since master keys are random. */
  derive(purpose: string): readonly Uint8Array[] {
    return [...this.master.values()].map(
      ({ bytes }) => new Uint8Array(hkdfSync("sha256", bytes, "", `cess-s3 ${purpose}`, KEY_SIZE)),
    );
  }

  seal(secret: string, purpose: string): string {
    return sealText(this.current, secret, purpose);
  }

  open(sealed: string, purpose: string): string {
    if (!isSealed(sealed)) throw new Error("it is not what cess-s3 seal prints: v1.…");
    const key = this.master.get(sealedBy(sealed));
    if (!key) throw new Error(`the master key ${sealedBy(sealed)} is not among the gateway's keys`);
    const opened = openText(key, sealed, purpose);
    if (opened === undefined) throw new Error(`what the master key ${key.id} sealed for "${purpose}" was changed`);
    return opened;
  }

  idOf(wrapper: Wrapper): string | undefined {
    if (wrapper.kind === "customer") return undefined;
    if (wrapper.kind === "master") return this.masterId;
    return this.serverOf(wrapper.keyId) ? SERVER_ID : this.named(wrapper.keyId)[0]?.id;
  }

  async wrap(secret: string, wrapper: Wrapper, context: string): Promise<string> {
    const purpose = purposeOf(wrapper, context);
    const server = wrapper.kind === "kms" ? this.serverOf(wrapper.keyId) : undefined;
    if (server && wrapper.kind === "kms") return server.wrap(secret, kmsKeyName(wrapper.keyId), purpose);
    if (wrapper.kind === "master") return this.seal(secret, purpose);
    const key = wrapper.kind === "customer" ? customerKey(wrapper.key) : this.named(wrapper.keyId)[0];
    if (!key) throw new Error("a KMS key without a key");
    return sealText(key, secret, purpose);
  }

  async unwrap(wrapped: string, wrapper: Wrapper, context: string): Promise<string | undefined> {
    const purpose = purposeOf(wrapper, context);
    if (wrapper.kind === "master") return this.open(wrapped, purpose);
    if (wrapper.kind === "customer") return openText(customerKey(wrapper.key), wrapped, purpose);
    if (wrapped.startsWith("vault:")) {
      if (!this.server) throw new Error(`the KMS key ${wrapper.keyId} is in Vault, which is not configured any more`);
      return this.server.unwrap(wrapped, kmsKeyName(wrapper.keyId), purpose);
    }
    const key = this.named(wrapper.keyId).find(({ id }) => id === sealedBy(wrapped));
    const opened = key && openText(key, wrapped, purpose);
    if (opened === undefined)
      throw new Error(`the KMS key ${wrapper.keyId} is not the one that wrapped a data key: ${sealedBy(wrapped)} did`);
    return opened;
  }

  cipher(name: string): string {
    const text = this.ciphers.get(name);
    if (text === undefined) throw noKmsKey(name);
    return text;
  }

  async close(): Promise<void> {
    await this.server?.close();
  }

  /** The key server, for KMS keys that are not in memory. */
  private serverOf(keyId: string): KeyServer | undefined {
    return this.kms.has(kmsKeyName(keyId)) ? undefined : this.server;
  }

  private named(keyId: string): readonly WrappingKey[] {
    const keys = this.kms.get(kmsKeyName(keyId));
    if (!keys) throw noKmsKey(keyId);
    return keys;
  }
}

/** What is stored must not reveal the customer's key, not even a plain digest of it. */
function customerKey(bytes: Uint8Array): WrappingKey {
  return { ...wrappingKey(bytes), id: "customer" };
}

function purposeOf({ kind }: Wrapper, context: string): string {
  return `data key, ${kind}, ${createHash("sha256").update(context).digest("hex")}`;
}
