import type { Body } from "../../src/gateway/gateway.js";
import { toS3Error, type ErrorKind } from "../../src/gateway/s3-error.js";
import type { EncryptionRequest } from "../../src/model/encryption.js";
import { FRAGMENT_SIZE } from "../../src/model/sizes.js";
import type { Content } from "./contents.js";
import { uploadEtag } from "./multipart-etag.js";
import { pieces } from "./pieces.js";
import { isDeparture, Reader, sealedAs, UNREADABLE } from "./reader.js";
import type { Register } from "./register.js";
import type { Owner } from "./scheduler.js";
import { ConnectionLost, Violation } from "./service.js";

/** Refusals that want the network or the machine to be better, and leave nothing behind. */
const PASSING: readonly ErrorKind[] = [
  "ServiceUnavailable",
  "SlowDown",
  "GatewayNotAuthorized",
  "TerritoryTooSmall",
  "TerritoryNotActive",
  "InsufficientStorage",
];

interface OpenUpload {
  readonly key: string;
  readonly id: string;
  readonly content: Content;
  readonly parts: readonly Buffer[];
  readonly etags: Map<number, string>;
  readonly encryption: EncryptionRequest | undefined;
}

/** Somebody with an S3 client, a bucket of their own, and a model of what must be in it. */
export class Client extends Reader {
  readonly openUploads: OpenUpload[] = [];

  async createBucket(): Promise<void> {
    const { secrecy } = this.service;
    await this.persist(() =>
      this.service.request((gateway, { owner }) => gateway.buckets.create(this.call(owner), this.bucket)),
    );
    const encryption = secrecy.defaultOf(this.bucket);
    if (!encryption) return;
    await this.persist(() =>
      this.service.request((gateway, { owner }) => gateway.encryption.set(this.call(owner), this.bucket, encryption)),
    );
  }

  async run(requests: number, pauseMs: number): Promise<void> {
    const { owner, random } = this.service;
    for (let n = 0; n < requests; n++) {
      await owner.sleep(2 * pauseMs * random());
      await this.one();
    }
  }

  /** As an operator does: packs are closed with what waits. */
  protected async flush(): Promise<void> {
    await this.persist(() => this.service.request((_, { services }) => services.packer.flush()));
  }

  /** Everything goes: what is put and what is being uploaded. */
  async deleteAll(): Promise<void> {
    for (const upload of this.openUploads.splice(0)) await this.abort(upload);
    for (const key of this.service.keys) await this.delete(key);
  }

  /** One object, of those that nobody else writes at the moment. */
  async putOne(): Promise<void> {
    const { random, keys, exclusive } = this.service;
    const free = keys.filter((key) => !exclusive.has(this.name(key)));
    const key = free[Math.floor(random() * free.length)];
    if (key !== undefined) await this.at(key, () => this.put(key));
  }

  private async one(): Promise<void> {
    const { random, keys, exclusive, packing } = this.service;
    const free = keys.filter((key) => !exclusive.has(this.name(key)));
    const key = free[Math.floor(random() * free.length)];
    if (key === undefined) return;
    if (packing.used && packing.random() < 0.1) await this.flush();
    await this.at(key, () => this.act(key, random()));
  }

  /** A copy onto this key does not begin meanwhile. */
  private async at(key: string, act: () => Promise<void>): Promise<void> {
    const { busy } = this.service;
    const name = this.name(key);
    busy.set(name, (busy.get(name) ?? 0) + 1);
    try {
      await act();
    } finally {
      busy.set(name, busy.get(name)! - 1);
    }
  }

  private async act(key: string, dice: number): Promise<void> {
    if (dice < 0.3) await this.put(key);
    else if (dice < 0.55) await this.get(key, false);
    else if (dice < 0.62) await this.list();
    else if (dice < 0.74) await this.delete(key);
    else if (dice < 0.82) await this.copy(key);
    else if (dice < 0.86) await this.renew(key);
    else await this.upload(key);
  }

  /** Empties the bucket, and puts something back that was in it: as a tool does that replaces a folder. */
  private async renew(key: string): Promise<void> {
    const { keys, exclusive, contents, owner, random } = this.service;
    const content = contents.draw();
    await this.put(key, content);
    await owner.sleep(200_000 * random() ** 2);
    for (const other of [...keys].sort((a, b) => Number(a === key) - Number(b === key))) {
      if (other === key || !exclusive.has(this.name(other))) await this.at(other, () => this.delete(other));
    }
    await this.put(key, content);
  }

  protected async put(key: string, content = this.service.contents.draw()): Promise<void> {
    const { service } = this;
    const write = this.register(key).begin(content.id, this.turn);
    const onlyNew = service.random() < 0.15;
    const encryption = service.secrecy.draw(this.name(key));
    const settings = {
      ...this.described(content, encryption),
      ...(onlyNew && { preconditions: { ifNoneMatch: ["*"] } }),
    };
    const spoiled = service.random() < 0.05;
    try {
      const version = await service.request((gateway, { owner }) =>
        gateway.objects.put(
          this.call(owner),
          { bucket: this.bucket, key },
          this.body(owner, content.bytes, spoiled),
          settings,
        ),
      );
      if (spoiled) throw new Violation(`a body of another MD5 was accepted as ${this.name(key)}`);
      service.secrecy.requireAsked(this.name(key), this.bucket, encryption, version.encryption);
      if (version.etag !== content.md5)
        throw new Violation(`${this.name(key)} was put with ETag ${version.etag} instead of ${content.md5}`);
      this.register(key).done(write, this.turn);
      service.trace(() => `put ${this.name(key)} = ${content.id}${sealedAs(version.encryption)}`);
    } catch (error) {
      this.judgeWrite(key, write, error, ["BadDigest", "PreconditionFailed"]);
    }
  }

  private described(content: Content, encryption: EncryptionRequest | undefined) {
    return {
      content: { contentType: "text/plain" },
      metadata: {
        id: content.id,
        write: this.service.secrecy.nextWrite(),
        ...this.service.packing.layoutMetadata(),
      },
      ...(encryption && { encryption }),
    };
  }

  /** Whether a failed write may have happened all the same. */
  private judgeWrite(
    key: string,
    write: Parameters<Register["undone"]>[0],
    error: unknown,
    expected: readonly ErrorKind[],
  ): void {
    const register = this.register(key);
    this.service.trace(() => `failed: ${this.name(key)}: ${String(error)}`);
    if (error instanceof Violation) throw error;
    if (this.isDamage(error)) {
      register.undone(write);
      return;
    }
    const refused = toS3Error(error);
    if (refused) {
      const { kind, message } = refused;
      const passing = PASSING.includes(kind);
      if (passing && !this.service.troubled())
        throw new Violation(`${this.name(key)} was refused although all is well: ${kind} ${message}`);
      if (!passing && !expected.includes(kind)) throw new Violation(`writing ${this.name(key)}: ${kind} ${message}`);
      if (kind === "ServiceUnavailable" || kind === "SlowDown") register.doubtful(write, this.turn);
      else register.undone(write);
      return;
    }
    if (!(error instanceof ConnectionLost) && !isDeparture(error)) throw error;
    register.doubtful(write, this.turn);
  }

  protected body(owner: Owner, bytes: Buffer, spoiled = false): Body {
    const { random } = this.service;
    const md5 = spoiled ? { md5: Buffer.alloc(16, 1).toString("base64") } : {};
    return {
      stream: pieces(owner, bytes, random),
      ...(random() < 0.7 && { size: bytes.length }),
      announced: md5,
      trailer: () => ({}),
    };
  }

  protected async delete(key: string): Promise<void> {
    const write = this.register(key).begin(undefined, this.turn);
    try {
      await this.service.request((gateway, { owner }) =>
        gateway.objects.delete(this.call(owner), { bucket: this.bucket, key }),
      );
      this.register(key).done(write, this.turn);
      this.service.trace(() => `deleted ${this.name(key)}`);
    } catch (error) {
      this.judgeWrite(key, write, error, []);
    }
  }

  /** Onto a key that nobody else uses meanwhile: what is copied is known only afterwards. */
  protected async copy(from: string): Promise<void> {
    const { service } = this;
    const to = service.keys.find(
      (key) => key !== from && (service.busy.get(this.name(key)) ?? 0) === 0 && !service.exclusive.has(this.name(key)),
    );
    if (to === undefined) return;
    const began = this.turn;
    service.exclusive.add(this.name(to));
    const encryption = service.secrecy.draw(this.name(to));
    const source = { source: { bucket: this.bucket, key: from }, sourcePreconditions: {} };
    try {
      const version = await service.secrecy.unlock(
        this.name(from),
        (sourceCustomer) =>
          service.request((gateway, { owner }) =>
            gateway.objects.copy(
              this.call(owner),
              { bucket: this.bucket, key: to },
              { ...source, ...(encryption && { encryption }), ...(sourceCustomer && { sourceCustomer }) },
            ),
          ),
        () => undefined,
      );
      service.secrecy.requireAsked(this.name(to), this.bucket, encryption, version.encryption);
      const content = this.identify(to, version);
      this.admit(from, began, content.id);
      this.register(to).done(this.register(to).begin(content.id, began), this.turn);
      service.trace(
        () => `copied ${this.name(from)} to ${this.name(to)} = ${content.id}${sealedAs(version.encryption)}`,
      );
    } catch (error) {
      service.trace(() => `not copied: ${this.name(from)} to ${this.name(to)}: ${String(error)}`);
      const kind = toS3Error(error)?.kind;
      if (kind === "NoSuchKey") this.admit(from, began, undefined);
      else if (kind === "OperationAborted") return;
      else {
        for (const value of this.register(from).admissible(began, this.turn)) {
          if (value !== undefined) this.judgeWrite(to, this.register(to).begin(value, began), error, UNREADABLE);
        }
      }
    } finally {
      service.exclusive.delete(this.name(to));
    }
  }

  private async upload(key: string): Promise<void> {
    const { service } = this;
    const known = this.openUploads.findIndex((upload) => upload.key === key);
    const upload = known >= 0 ? this.openUploads.splice(known, 1)[0] : await this.begin(key);
    if (!upload) return;
    const order = upload.parts.map((_, index) => index + 1).sort(() => service.random() - 0.5);
    const missing = order.filter((part) => !upload.etags.has(part));
    // Some are left open, some given up, most completed.
    const fate = service.random();
    const now = fate < 0.25 ? missing.slice(0, -1) : missing;
    for (let at = 0; at < now.length; at += 2) {
      await Promise.all(now.slice(at, at + 2).map((part) => this.part(upload, part)));
    }
    if (fate < 0.12) await this.abort(upload);
    else if (fate < 0.25) this.openUploads.push(upload);
    else await this.complete(upload);
  }

  private async begin(key: string): Promise<OpenUpload | undefined> {
    const { service } = this;
    const content = service.contents.draw(1);
    const parts: Buffer[] = [];
    const least = FRAGMENT_SIZE / 2;
    for (let start = 0; start < content.bytes.length;) {
      const size = least + Math.floor(service.random() * 3 * FRAGMENT_SIZE);
      parts.push(content.bytes.subarray(start, start + size));
      start += size;
    }
    const encryption = service.secrecy.draw(this.name(key));
    try {
      const { id } = await service.request((gateway, { owner }) =>
        gateway.uploads.create(this.call(owner), { bucket: this.bucket, key }, this.described(content, encryption)),
      );
      return { key, id, content, parts, etags: new Map(), encryption };
    } catch (error) {
      this.excuse(key, error);
      return undefined;
    }
  }

  /** Puts a part as a client does that knows it has all the time in the world. Sometimes it sends other bytes first. */
  private async part(upload: OpenUpload, part: number): Promise<void> {
    const { service } = this;
    const bytes = upload.parts[part - 1]!;
    if (service.random() < 0.1) await this.persist(() => this.sendPart(upload, part, Buffer.alloc(bytes.length, part)));
    if (service.secrecy.tries()) await this.persist(() => this.misplacePart(upload, part, bytes));
    upload.etags.set(part, await this.persist(() => this.sendPart(upload, part, bytes)));
  }

  private async sendPart(
    { key, id, encryption }: OpenUpload,
    part: number,
    bytes: Buffer,
    customer = encryption?.algorithm === "customer" ? encryption.customer : undefined,
  ): Promise<string> {
    const { etag } = await this.service.request((gateway, { owner }) =>
      gateway.uploads.putPart(
        this.call(owner),
        { bucket: this.bucket, key },
        id,
        part,
        this.body(owner, bytes),
        customer,
      ),
    );
    return etag;
  }

  /** With a key that is not the upload's. */
  private async misplacePart(upload: OpenUpload, part: number, bytes: Buffer): Promise<void> {
    const name = this.name(upload.key);
    try {
      await this.sendPart(upload, part, bytes, this.service.secrecy.otherKey(name));
    } catch (error) {
      if (toS3Error(error)?.kind === "InvalidRequest") return;
      throw error;
    }
    throw new Violation(`a part of ${name} was taken with a key that its upload was not created with`);
  }

  /** Completed once, and asked again when the answer did not come: then the answer is the same. */
  private async complete({ key, id, content, parts, etags, encryption }: OpenUpload): Promise<void> {
    const { service } = this;
    const write = this.register(key).begin(content.id, this.turn);
    const request = { parts: parts.map((_, index) => ({ partNumber: index + 1, etag: etags.get(index + 1)! })) };
    // The FID, unless the object is encrypted: that is known only when it is seen.
    const expected = uploadEtag(service.multipartEtag, content, request.parts);
    service.contents.learn(expected, content);
    const ask = () =>
      service.request(async (gateway, { owner }) => {
        const { result } = await gateway.uploads.complete(this.call(owner), { bucket: this.bucket, key }, id, request);
        return result;
      });
    try {
      let completed = await this.persist(ask);
      if (service.random() < 0.2) completed = await this.persist(ask);
      const { etag } = completed;
      service.secrecy.requireAsked(this.name(key), this.bucket, encryption, completed.encryption);
      if (completed.encryption && service.multipartEtag !== "md5-parts") service.contents.learn(etag, content);
      else if (etag !== expected)
        throw new Violation(`${this.name(key)} was completed with ETag ${etag} instead of ${expected}`);
      this.register(key).done(write, this.turn);
      service.trace(() => `completed ${this.name(key)} = ${content.id}${sealedAs(completed.encryption)}`);
    } catch (error) {
      this.judgeWrite(key, write, error, []);
      if (this.isDamage(error)) await this.abort({ key, id });
    }
  }

  private async abort({ key, id }: Pick<OpenUpload, "key" | "id">): Promise<void> {
    await this.persist(() =>
      this.service.request((gateway, { owner }) =>
        gateway.uploads.abort(this.call(owner), { bucket: this.bucket, key }, id),
      ),
    );
  }

  /** Again and again while the gateway or the network is down. */
  protected async persist<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (this.isDamage(error)) throw error;
        this.excuse("", error);
        await this.service.owner.sleep(5_000);
      }
    }
  }

  /** Throws what nothing excuses. */
  private excuse(key: string, error: unknown): void {
    if (error instanceof ConnectionLost || isDeparture(error)) return;
    const refused = toS3Error(error);
    if (!refused) throw error;
    if (PASSING.includes(refused.kind) && this.service.troubled()) return;
    throw new Violation(`${this.name(key)}: ${refused.kind} ${refused.message}`);
  }
}
