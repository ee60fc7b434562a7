import type { Call } from "../../src/gateway/gateway.js";
import type { Account } from "../../src/model/account.js";
import type { Encryption } from "../../src/model/encryption.js";
import { toS3Error, type ErrorKind } from "../../src/gateway/s3-error.js";
import { damageOf } from "../../src/model/damage.js";
import { segmentCount } from "../../src/model/file.js";
import type { Fid } from "../../src/model/hash.js";
import type { ObjectVersion } from "../../src/model/object.js";
import { FRAGMENT_SIZE } from "../../src/model/sizes.js";
import type { Content } from "./contents.js";
import type { Register, Value } from "./register.js";
import type { Owner } from "./scheduler.js";
import { ConnectionLost, Violation, type Service } from "./service.js";

export const UNREADABLE: readonly ErrorKind[] = ["ObjectUnavailable", "ServiceUnavailable", "SlowDown"];

/** What a read found. */
export interface Seen {
  readonly content: Content;
  /** The write that it comes from, perhaps through copies. */
  readonly write: string;
  /** The files that it needs in the network, with their segments; undefined: a pack, which others share. */
  readonly files: readonly { readonly fid: Fid; readonly segments: number | undefined; readonly sealed: boolean }[];
}

/** Somebody who reads a bucket and knows what can be in it. */
export class Reader {
  readonly bucket: string;

  constructor(
    protected readonly service: Service,
    readonly account: Account,
  ) {
    this.bucket = `bucket-${account.displayName}`;
  }

  async verify(key: string): Promise<Seen | undefined> {
    return this.get(key, true);
  }

  protected name(key: string): string {
    return `${this.bucket}/${key}`;
  }

  protected register(key: string): Register {
    return this.service.register(this.bucket, key);
  }

  protected get turn(): number {
    return this.service.owner.scheduler.turns;
  }

  protected call(owner: Owner): Call {
    const abort = new AbortController();
    // Some clients lose patience.
    if (this.service.random() < 0.05)
      owner.schedule(3_000 * this.service.random(), () => abort.abort(new Error("the client left")));
    return { account: this.account, client: abort };
  }

  /** Reads an object or a part of it. `calm`: it must be possible. */
  protected async get(key: string, calm: boolean): Promise<Seen | undefined> {
    const { service } = this;
    const began = this.turn;
    const ranged = !calm && service.random() < 0.5;
    const first = Math.floor(service.random() * 6 * FRAGMENT_SIZE);
    const range = ranged ? { range: { first, last: first + Math.floor(service.random() * 3 * FRAGMENT_SIZE) } } : {};
    try {
      const { version, bytes } = await service.secrecy.unlock(
        this.name(key),
        (customer) =>
          service.request(async (gateway, { owner }) => {
            const call = calm ? { account: this.account, client: new AbortController() } : this.call(owner);
            const request = { ...range, preconditions: {}, ...(customer && { customer }) };
            const {
              version,
              range: given,
              body,
            } = await gateway.objects.get(call, { bucket: this.bucket, key }, request);
            const chunks: Uint8Array[] = [];
            for await (const chunk of body) {
              chunks.push(Uint8Array.from(chunk));
              if (!calm && service.random() < 0.1) await owner.sleep(500 * service.random());
              if (!calm && service.random() < 0.02) throw new Error("the client left");
            }
            return {
              version,
              bytes: { start: given?.start ?? 0, got: Buffer.concat(chunks), end: given?.end ?? version.size },
            };
          }),
        ({ version: { encryption } }) => encryption?.algorithm === "customer",
      );
      const content = this.identify(key, version);
      const expected = content.bytes.subarray(bytes.start, bytes.end);
      if (!bytes.got.equals(expected))
        throw new Violation(
          `${this.name(key)} (${content.id}) reads back as ${bytes.got.length} other bytes than the ${expected.length} that were put`,
        );
      this.admit(key, began, content.id);
      service.trace(() => `got ${this.name(key)} = ${content.id}${sealedAs(version.encryption)}`);
      return this.seen(content, version);
    } catch (error) {
      this.judgeRead(key, began, calm, error);
      return undefined;
    }
  }

  protected judgeRead(key: string, began: number, calm: boolean, error: unknown): void {
    this.service.trace(() => `unread: ${this.name(key)}: ${String(error)}`);
    if (error instanceof Violation) throw error;
    if (this.isDamage(error)) return;
    const refused = toS3Error(error);
    if (refused) {
      const { kind, message } = refused;
      if (kind === "NoSuchKey") {
        this.admit(key, began, undefined);
        return;
      }
      if (kind === "InvalidRange" && !calm) return;
      if (UNREADABLE.includes(kind) && !calm && this.service.troubled()) return;
      throw new Violation(
        `${this.name(key)} cannot be read: ${kind} ${message}; ${((error as Error).cause as Error | undefined)?.message ?? ""}`,
      );
    }
    if (!(error instanceof ConnectionLost) && !isDeparture(error)) throw error;
    if (calm) throw error;
  }

  /** Whether the disk has changed the bytes, so that the gateway has to refuse them. */
  protected isDamage(error: unknown): boolean {
    const { harmed } = this.service.rot;
    const damage = damageOf(error) ?? damageOf((error as Error).cause);
    if (damage) return harmed.has(damage.path);
    const refused = toS3Error(error);
    return harmed.size > 0 && refused?.details.headers?.["x-cess-state"] === "damaged";
  }

  /** The content that a version claims to be. */
  protected identify(key: string, version: ObjectVersion): Content {
    const { contents } = this.service;
    const { fid } = version.durability;
    const content =
      contents.byEtag(version.etag, version.size) ??
      (version.encryption && fid !== undefined && version.etag.split("-")[0] === fid
        ? contents.byId(version.metadata["id"] ?? "")
        : undefined);
    if (!content) throw new Violation(`${this.name(key)} has the ETag ${version.etag} of nothing that was put`);
    contents.learn(version.etag, content);
    if (version.size !== content.bytes.length)
      throw new Violation(`${this.name(key)} is ${version.size} bytes long instead of ${content.bytes.length}`);
    const packed = version.durability.extent !== undefined;
    if (!packed && !version.encryption && fid !== undefined && fid !== content.fid)
      throw new Violation(`${this.name(key)} has the FID ${fid} instead of ${content.fid ?? "none"}`);
    return content;
  }

  /** An encrypted object's files are its own; the catalog is believed as to which, since their bytes were read. */
  protected seen(content: Content, { encryption, extents, metadata }: ObjectVersion): Seen {
    const write = metadata["write"] ?? "";
    if (extents.some(({ packed }) => packed))
      return { content, write, files: extents.map(({ fid }) => ({ fid, segments: undefined, sealed: false })) };
    if (!encryption) return { content, write, files: content.files.map((file) => ({ ...file, sealed: false })) };
    if (extents.some(({ fid }) => content.files.some((plain) => plain.fid === fid)))
      throw new Violation(`the encrypted object ${write} is in the network in clear`);
    const format =
      encryption.algorithm === "cess-cbc"
        ? { name: "cess-cbc" as const, cipher: "" }
        : { name: "aes-256-gcm" as const, first: 0 };
    return {
      content,
      write,
      files: extents.map(({ fid, length }) => ({
        fid,
        segments: segmentCount(length, format),
        sealed: format.name === "aes-256-gcm",
      })),
    };
  }

  protected admit(key: string, began: number, value: Value): void {
    const admissible = this.register(key).admissible(began, this.turn);
    if (admissible.has(value)) return;
    const list = [...admissible].map((other) => other ?? "nothing").join(", ");
    throw new Violation(`${this.name(key)} is ${value ?? "nothing"}, which it cannot be any more; possible: ${list}`);
  }

  protected async list(): Promise<void> {
    const { service } = this;
    const began = this.turn;
    try {
      const { keys } = await service.request((gateway, { owner }) =>
        gateway.objects.list(this.call(owner), this.bucket, { prefix: "", delimiter: "", after: "", limit: 1000 }),
      );
      for (const key of service.keys) {
        if (service.exclusive.has(this.name(key))) continue;
        const listed = keys.find((version) => version.key === key);
        const content = listed && service.contents.byEtag(listed.etag, listed.size);
        // The FID of an encrypted upload that nobody has read yet.
        if (listed && !content && service.secrecy.used) continue;
        this.admit(key, began, content?.id);
      }
    } catch (error) {
      if (!(error instanceof ConnectionLost) && !isDeparture(error)) throw error;
    }
  }
}

/** For the trace. */
export function sealedAs(encryption: Encryption | undefined): string {
  return encryption ? ` (${encryption.algorithm})` : "";
}

export function isDeparture(error: unknown): boolean {
  return error instanceof Error && (error.message === "the client left" || error.name === "AbortError");
}
