import { createHash } from "node:crypto";
import { KeyRing, type KeyMaterial } from "../../src/keys/key-ring.js";
import type { Wrapper } from "../../src/keys/keys.js";
import type { CustomerKey, DefaultEncryption, Encryption, EncryptionRequest } from "../../src/model/encryption.js";
import { toS3Error } from "../../src/gateway/s3-error.js";
import type { SegmentFormat } from "../../src/model/file.js";
import { seededRandom } from "../support/seeded-random.js";
import { Violation } from "./service.js";

/**
 * Chosen so that the seeds remembered from before anything was encrypted here encrypt nothing: they run as they did.
 */
const SALT = 7_292_916;

/** The customer's key as an attempt to read brings it along: none, the object's own, another. */
type Attempt = "none" | "own" | "other";

/**
 * What of a run is encrypted, with which keys, and what must never happen to them. Its dice are its own, so that a seed
 * that encrypts nothing runs as it would without all this.
 */
export class Secrecy {
  /** Whether anything is encrypted at all. */
  readonly used: boolean;
  readonly operatorDefault: "none" | "AES256";
  private readonly random: () => number;
  private readonly share: number;
  private readonly rotates: boolean;
  private readonly defaults = new Map<string, DefaultEncryption | undefined>();
  private readonly masters = [keyOf("master")];
  private readonly payroll = [keyOf("payroll")];
  /** What no disk may hold in clear, as bytes. */
  private readonly secrets = new Map<string, Buffer>();
  /** By data key, segment number and fragment index: what that fragment was. */
  private readonly fragments = new Map<string, string>();
  private writes = 0;

  constructor(private readonly seed: number) {
    this.random = seededRandom(seed ^ SALT);
    const random = this.random;
    this.used = random() < 0.6;
    this.operatorDefault = this.used && random() < 0.3 ? "AES256" : "none";
    this.share = random();
    this.rotates = random() < 0.5;
  }

  /** The keys of the next incarnation: with new ones in front, where an operator rotates them. */
  nextKeys(): KeyRing {
    if (this.used && this.rotates && this.random() < 0.6) {
      this.masters.unshift(keyOf(`master ${this.masters.length}`));
      this.payroll.unshift(keyOf(`payroll ${this.payroll.length}`));
    }
    const material = {
      master: this.masters,
      kms: new Map([
        ["aws/s3", [keyOf("aws/s3")]],
        ["payroll", this.payroll],
      ]),
      ciphers: new Map([["friends", "open sesame"]]),
    };
    return new WatchedKeys(material, (secret) => this.secrets.set(secret, Buffer.from(secret, "hex")));
  }

  defaultOf(bucket: string): DefaultEncryption | undefined {
    if (!this.defaults.has(bucket)) this.defaults.set(bucket, this.drawDefault());
    return this.defaults.get(bucket);
  }

  private drawDefault(): DefaultEncryption | undefined {
    if (!this.used || this.random() < 0.5) return undefined;
    const dice = this.random();
    if (dice < 0.5) return { algorithm: "AES256" };
    return dice < 0.75 ? { algorithm: "aws:kms", keyId: "payroll" } : { algorithm: "cess-cbc", keyId: "friends" };
  }

  /** What a write of this object asks for; undefined: it leaves that to the bucket. */
  draw(name: string): EncryptionRequest | undefined {
    if (!this.used || this.random() > this.share) return undefined;
    const dice = this.random();
    if (dice < 0.3) return { algorithm: "AES256" };
    if (dice < 0.6) return { algorithm: "aws:kms", ...(dice < 0.45 && { keyId: "payroll", context: `of ${name}` }) };
    return { algorithm: "customer", customer: this.customerKey(name) };
  }

  /** Each object has a key of its customer's. */
  customerKey(name: string): CustomerKey {
    const key = keyOf(`${this.seed} ${name}`);
    this.secrets.set(name, key);
    return { key, md5: "" };
  }

  otherKey(name: string): CustomerKey {
    return { key: keyOf(`not ${name}`), md5: "" };
  }

  /** Names a write: a copy keeps the name of what it copies. */
  nextWrite(): string {
    return String(++this.writes);
  }

  /** That a write is encrypted as it was asked, else as its bucket, else as the operator says. */
  requireAsked(
    name: string,
    bucket: string,
    request: EncryptionRequest | undefined,
    got: Encryption | undefined,
  ): void {
    const wanted =
      (request ?? this.defaultOf(bucket))?.algorithm ??
      (this.operatorDefault === "none" ? undefined : this.operatorDefault);
    if (got?.algorithm !== wanted)
      throw new Violation(`${name} is encrypted by ${got?.algorithm ?? "nothing"} instead of ${wanted ?? "nothing"}`);
  }

  /**
   * Asks for an object of which one cannot know how it is encrypted: without a key, with its own and with another until
   * one is taken. `needsKey`: whether what was then answered is an object that wants one.
   */
  async unlock<T>(
    name: string,
    ask: (customer: CustomerKey | undefined) => Promise<T>,
    needsKey: (answer: T) => boolean | undefined,
  ): Promise<T> {
    if (!this.used) return ask(undefined);
    // Somebody may put it anew between two attempts.
    for (let round = 0; round < 5; round++) {
      for (const attempt of this.attempts()) {
        const answer = await ask(
          attempt === "none" ? undefined : attempt === "own" ? this.customerKey(name) : this.otherKey(name),
        ).catch((error: unknown) => {
          const refused = toS3Error(error)?.kind;
          if (refused !== "InvalidRequest" && refused !== "AccessDenied") throw error;
          if (attempt === "own" && refused === "AccessDenied")
            throw new Violation(`${name} is not opened by the key that it was put with`);
          return undefined;
        });
        if (answer === undefined) continue;
        const needs = needsKey(answer);
        if (attempt === "other" || (needs !== undefined && needs !== (attempt === "own")))
          throw new Violation(`${name} was given to somebody with ${attempt === "none" ? "no" : attempt} key`);
        return answer;
      }
    }
    throw new Violation(`no key opens ${name}`);
  }

  private attempts(): readonly Attempt[] {
    const dice = this.random();
    if (dice < 0.5) return ["none", "own", "other"];
    return dice < 0.75 ? ["own", "other", "none"] : ["other", "none", "own"];
  }

  /** Now and then something is tried that must be refused. */
  tries(): boolean {
    return this.used && this.random() < 0.1;
  }

  /** One data key and one segment number, hence one nonce, never seal two contents that may leave the gateway. */
  requireOneContent(format: SegmentFormat, index: number, fragment: Uint8Array): void {
    if (format.name !== "aes-256-gcm") return;
    const place = `${format.key ?? ""} ${format.first} ${index}`;
    const digest = createHash("sha256").update(fragment).digest("hex");
    const known = this.fragments.get(place) ?? digest;
    if (known !== digest)
      throw new Violation(`segment ${format.first} was sealed twice with one data key and other content`);
    this.fragments.set(place, digest);
  }

  /** That these bytes of a disk hold no data key and no customer's key. */
  requireSealed(what: string, bytes: Buffer): void {
    for (const [name, secret] of this.secrets) {
      const clear = [secret, secret.toString("hex"), secret.toString("base64"), secret.toString("base64url")].some(
        (form) => bytes.includes(form),
      );
      if (clear) throw new Violation(`${what} holds in clear what must be wrapped: ${name}`);
    }
  }
}

/** The key ring, which tells of every data key that it wraps. */
class WatchedKeys extends KeyRing {
  constructor(
    material: KeyMaterial,
    private readonly tell: (secret: string) => void,
  ) {
    super(material);
  }

  override wrap(secret: string, wrapper: Wrapper, context: string): Promise<string> {
    this.tell(secret);
    return super.wrap(secret, wrapper, context);
  }
}

function keyOf(name: string): Buffer {
  return createHash("sha256").update(name).digest();
}
