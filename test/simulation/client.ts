import type { Body, Call } from "../../src/gateway/gateway.js";
import type { CessGateway } from "../../src/gateway/cess-gateway.js";
import type { Account } from "../../src/model/account.js";
import { S3Error, type ErrorKind } from "../../src/model/errors.js";
import type { ObjectVersion } from "../../src/model/object.js";
import { FRAGMENT_SIZE } from "../../src/model/sizes.js";
import type { Content, Contents } from "./contents.js";
import type { Incarnation } from "./incarnation.js";
import type { Register, Value } from "./register.js";
import { pieces } from "./pieces.js";
import type { Owner } from "./scheduler.js";

/** The gateway died while it was asked. */
export class ConnectionLost extends Error {}

/** What the model forbids. */
export class Violation extends Error {}

export interface Service {
  readonly owner: Owner;
  readonly contents: Contents;
  readonly random: () => number;
  readonly keys: readonly string[];
  register(bucket: string, key: string): Register;
  /** Keys that a copy writes at the moment: nobody else touches them. */
  readonly exclusive: Set<string>;
  readonly busy: Map<string, number>;
  /** Whether the network is such that reads and writes may fail for want of it. */
  readonly troubled: () => boolean;
  /** Asks the running gateway, waiting for one; rejects with ConnectionLost when that dies. */
  request<T>(ask: (gateway: CessGateway, incarnation: Incarnation) => Promise<T>): Promise<T>;
  trace(line: () => string): void;
}

/** Refusals that want the network or the machine to be better, and leave nothing behind. */
const PASSING: readonly ErrorKind[] = [
  "ServiceUnavailable", "SlowDown", "GatewayNotAuthorized", "TerritoryTooSmall", "TerritoryNotActive", "InsufficientStorage",
];
const UNREADABLE: readonly ErrorKind[] = ["ObjectUnavailable", "ServiceUnavailable", "SlowDown"];

interface OpenUpload {
  readonly key: string;
  readonly id: string;
  readonly content: Content;
  readonly parts: readonly Buffer[];
  readonly etags: Map<number, string>;
}

/** Somebody with an S3 client, a bucket of their own, and a model of what must be in it. */
export class Client {
  readonly openUploads: OpenUpload[] = [];
  readonly bucket: string;

  constructor(private readonly service: Service, readonly account: Account) {
    this.bucket = `bucket-${account.displayName}`;
  }

  async createBucket(): Promise<void> {
    await this.#persist(() => this.service.request((gateway, { owner }) => gateway.buckets.create(this.#call(owner), this.bucket)));
  }

  async run(requests: number, pauseMs: number): Promise<void> {
    const { owner, random } = this.service;
    for (let n = 0; n < requests; n++) {
      await owner.sleep(2 * pauseMs * random());
      await this.#one();
    }
  }

  /** Everything goes: what is put and what is being uploaded. */
  async deleteAll(): Promise<void> {
    for (const upload of this.openUploads.splice(0)) await this.#abort(upload);
    for (const key of this.service.keys) await this.#delete(key);
  }

  async verify(key: string): Promise<Content | undefined> {
    return this.#get(key, true);
  }

  async #one(): Promise<void> {
    const { random, keys, exclusive } = this.service;
    const free = keys.filter((key) => !exclusive.has(this.#name(key)));
    const key = free[Math.floor(random() * free.length)];
    if (key === undefined) return;
    await this.#at(key, () => this.#act(key, random()));
  }

  /** A copy onto this key does not begin meanwhile. */
  async #at(key: string, act: () => Promise<void>): Promise<void> {
    const { busy } = this.service;
    const name = this.#name(key);
    busy.set(name, (busy.get(name) ?? 0) + 1);
    try {
      await act();
    } finally {
      busy.set(name, busy.get(name)! - 1);
    }
  }

  async #act(key: string, dice: number): Promise<void> {
    if (dice < 0.3) await this.#put(key);
    else if (dice < 0.55) await this.#get(key, false);
    else if (dice < 0.62) await this.#list();
    else if (dice < 0.74) await this.#delete(key);
    else if (dice < 0.82) await this.#copy(key);
    else if (dice < 0.86) await this.#renew(key);
    else await this.#upload(key);
  }

  #name(key: string): string {
    return `${this.bucket}/${key}`;
  }

  #register(key: string): Register {
    return this.service.register(this.bucket, key);
  }

  get #turn(): number {
    return this.service.owner.scheduler.turns;
  }

  #call(owner: Owner): Call {
    const abort = new AbortController();
    // Some clients lose patience.
    if (this.service.random() < 0.05) owner.schedule(3_000 * this.service.random(), () => abort.abort(new Error("the client left")));
    return { account: this.account, signal: abort.signal };
  }

  /** Empties the bucket, and puts something back that was in it: as a tool does that replaces a folder. */
  async #renew(key: string): Promise<void> {
    const { keys, exclusive, contents, owner, random } = this.service;
    const content = contents.draw();
    await this.#put(key, content);
    await owner.sleep(200_000 * random() ** 2);
    for (const other of [...keys].sort((a, b) => Number(a === key) - Number(b === key))) {
      if (other === key || !exclusive.has(this.#name(other))) await this.#at(other, () => this.#delete(other));
    }
    await this.#put(key, content);
  }

  async #put(key: string, content = this.service.contents.draw()): Promise<void> {
    const { service } = this;
    const write = this.#register(key).begin(content.id, this.#turn);
    const onlyNew = service.random() < 0.15;
    const settings = { content: { contentType: "text/plain" }, metadata: { id: content.id }, ...(onlyNew && { preconditions: { ifNoneMatch: ["*"] } }) };
    const spoiled = service.random() < 0.05;
    try {
      const version = await service.request((gateway, { owner }) =>
        gateway.objects.put(this.#call(owner), { bucket: this.bucket, key }, this.#body(owner, content.bytes, spoiled), settings));
      if (spoiled) throw new Violation(`a body of another MD5 was accepted as ${this.#name(key)}`);
      if (version.etag !== content.md5) throw new Violation(`${this.#name(key)} was put with ETag ${version.etag} instead of ${content.md5}`);
      this.#register(key).done(write, this.#turn);
      service.trace(() => `put ${this.#name(key)} = ${content.id}`);
    } catch (error) {
      this.#judgeWrite(key, write, error, ["BadDigest", "PreconditionFailed"]);
    }
  }

  /** Whether a failed write may have happened all the same. */
  #judgeWrite(key: string, write: Parameters<Register["undone"]>[0], error: unknown, expected: readonly ErrorKind[]): void {
    const register = this.#register(key);
    this.service.trace(() => `failed: ${this.#name(key)}: ${String(error)}`);
    if (error instanceof Violation) throw error;
    if (error instanceof S3Error) {
      const passing = PASSING.includes(error.kind);
      if (passing && !this.service.troubled()) throw new Violation(`${this.#name(key)} was refused although all is well: ${error.kind} ${error.message}`);
      if (!passing && !expected.includes(error.kind)) throw new Violation(`writing ${this.#name(key)}: ${error.kind} ${error.message}`);
      if (error.kind === "ServiceUnavailable" || error.kind === "SlowDown") register.doubtful(write, this.#turn);
      else register.undone(write);
      return;
    }
    if (!(error instanceof ConnectionLost) && !isDeparture(error)) throw error;
    register.doubtful(write, this.#turn);
  }

  #body(owner: Owner, bytes: Buffer, spoiled = false): Body {
    const { random } = this.service;
    const md5 = spoiled ? { md5: Buffer.alloc(16, 1).toString("base64") } : {};
    return { stream: pieces(owner, bytes, random), ...(random() < 0.7 && { size: bytes.length }), announced: md5, trailer: () => ({}) };
  }

  /** Reads an object or a part of it. `calm`: it must be possible. Answers with the content that was there. */
  async #get(key: string, calm: boolean): Promise<Content | undefined> {
    const { service } = this;
    const began = this.#turn;
    const ranged = !calm && service.random() < 0.5;
    const first = Math.floor(service.random() * 6 * FRAGMENT_SIZE);
    const range = ranged ? { range: { first, last: first + Math.floor(service.random() * 3 * FRAGMENT_SIZE) } } : {};
    try {
      const { version, bytes } = await service.request(async (gateway, { owner }) => {
        const call = calm ? { account: this.account, signal: new AbortController().signal } : this.#call(owner);
        const { version, range: given, body } = await gateway.objects.get(call, { bucket: this.bucket, key }, { ...range, preconditions: {} });
        const chunks: Uint8Array[] = [];
        for await (const chunk of body) {
          chunks.push(Uint8Array.from(chunk as Uint8Array));
          if (!calm && service.random() < 0.1) await owner.sleep(500 * service.random());
          if (!calm && service.random() < 0.02) throw new Error("the client left");
        }
        return { version, bytes: { start: given?.start ?? 0, got: Buffer.concat(chunks), end: given?.end ?? version.size } };
      });
      const content = this.#identify(key, version);
      const expected = content.bytes.subarray(bytes.start, bytes.end);
      if (!bytes.got.equals(expected)) throw new Violation(`${this.#name(key)} (${content.id}) reads back as ${bytes.got.length} other bytes than the ${expected.length} that were put`);
      this.#admit(key, began, content.id);
      service.trace(() => `got ${this.#name(key)} = ${content.id}`);
      return content;
    } catch (error) {
      this.#judgeRead(key, began, calm, error);
      return undefined;
    }
  }

  #judgeRead(key: string, began: number, calm: boolean, error: unknown): void {
    this.service.trace(() => `unread: ${this.#name(key)}: ${String(error)}`);
    if (error instanceof Violation) throw error;
    if (error instanceof S3Error) {
      if (error.kind === "NoSuchKey") {
        this.#admit(key, began, undefined);
        return;
      }
      if (error.kind === "InvalidRange" && !calm) return;
      if (UNREADABLE.includes(error.kind) && !calm && this.service.troubled()) return;
      throw new Violation(`${this.#name(key)} cannot be read: ${error.kind} ${error.message}; ${(error.cause as Error | undefined)?.message ?? ""}`);
    }
    if (!(error instanceof ConnectionLost) && !isDeparture(error)) throw error;
    if (calm) throw error;
  }

  /** The content that a version claims to be. */
  #identify(key: string, version: ObjectVersion): Content {
    const content = this.service.contents.byEtag(version.etag);
    if (!content) throw new Violation(`${this.#name(key)} has the ETag ${version.etag} of nothing that was put`);
    const { fid } = version.durability;
    if (version.size !== content.bytes.length) throw new Violation(`${this.#name(key)} is ${version.size} bytes long instead of ${content.bytes.length}`);
    if (fid !== undefined && fid !== content.fid) throw new Violation(`${this.#name(key)} has the FID ${fid} instead of ${content.fid ?? "none"}`);
    return content;
  }

  #admit(key: string, began: number, value: Value): void {
    const admissible = this.#register(key).admissible(began, this.#turn);
    if (admissible.has(value)) return;
    const list = [...admissible].map((other) => other ?? "nothing").join(", ");
    throw new Violation(`${this.#name(key)} is ${value ?? "nothing"}, which it cannot be any more; possible: ${list}`);
  }

  async #list(): Promise<void> {
    const { service } = this;
    const began = this.#turn;
    try {
      const { keys } = await service.request((gateway, { owner }) =>
        gateway.objects.list(this.#call(owner), this.bucket, { prefix: "", delimiter: "", after: "", limit: 1000 }));
      for (const key of service.keys) {
        if (service.exclusive.has(this.#name(key))) continue;
        const listed = keys.find((version) => version.key === key);
        this.#admit(key, began, listed && service.contents.byEtag(listed.etag)?.id);
      }
    } catch (error) {
      if (!(error instanceof ConnectionLost) && !isDeparture(error)) throw error;
    }
  }

  async #delete(key: string): Promise<void> {
    const write = this.#register(key).begin(undefined, this.#turn);
    try {
      await this.service.request((gateway, { owner }) => gateway.objects.delete(this.#call(owner), { bucket: this.bucket, key }));
      this.#register(key).done(write, this.#turn);
      this.service.trace(() => `deleted ${this.#name(key)}`);
    } catch (error) {
      this.#judgeWrite(key, write, error, []);
    }
  }

  /** Onto a key that nobody else uses meanwhile: what is copied is known only afterwards. */
  async #copy(from: string): Promise<void> {
    const { service } = this;
    const to = service.keys.find((key) => key !== from && (service.busy.get(this.#name(key)) ?? 0) === 0 && !service.exclusive.has(this.#name(key)));
    if (to === undefined) return;
    const began = this.#turn;
    service.exclusive.add(this.#name(to));
    try {
      const version = await service.request((gateway, { owner }) =>
        gateway.objects.copy(this.#call(owner), { bucket: this.bucket, key: to }, { source: { bucket: this.bucket, key: from }, sourcePreconditions: {} }));
      const content = this.#identify(to, version);
      this.#admit(from, began, content.id);
      this.#register(to).done(this.#register(to).begin(content.id, began), this.#turn);
      service.trace(() => `copied ${this.#name(from)} to ${this.#name(to)} = ${content.id}`);
    } catch (error) {
      service.trace(() => `not copied: ${this.#name(from)} to ${this.#name(to)}: ${String(error)}`);
      if (error instanceof S3Error && error.kind === "NoSuchKey") this.#admit(from, began, undefined);
      else if (error instanceof S3Error && error.kind === "OperationAborted") return;
      else {
        for (const value of this.#register(from).admissible(began, this.#turn)) {
          if (value !== undefined) this.#judgeWrite(to, this.#register(to).begin(value, began), error, UNREADABLE);
        }
      }
    } finally {
      service.exclusive.delete(this.#name(to));
    }
  }

  async #upload(key: string): Promise<void> {
    const { service } = this;
    const known = this.openUploads.findIndex((upload) => upload.key === key);
    const upload = known >= 0 ? this.openUploads.splice(known, 1)[0] : await this.#begin(key);
    if (!upload) return;
    const order = upload.parts.map((_, index) => index + 1).sort(() => service.random() - 0.5);
    const missing = order.filter((part) => !upload.etags.has(part));
    // Some are left open, some given up, most completed.
    const fate = service.random();
    const now = fate < 0.25 ? missing.slice(0, -1) : missing;
    for (let at = 0; at < now.length; at += 2) {
      await Promise.all(now.slice(at, at + 2).map((part) => this.#part(upload, part)));
    }
    if (fate < 0.12) await this.#abort(upload);
    else if (fate < 0.25) this.openUploads.push(upload);
    else await this.#complete(upload);
  }

  async #begin(key: string): Promise<OpenUpload | undefined> {
    const { service } = this;
    const content = service.contents.draw(1);
    const parts: Buffer[] = [];
    const least = FRAGMENT_SIZE / 2;
    for (let start = 0; start < content.bytes.length;) {
      const size = least + Math.floor(service.random() * 3 * FRAGMENT_SIZE);
      parts.push(content.bytes.subarray(start, start + size));
      start += size;
    }
    try {
      const { id } = await service.request((gateway, { owner }) =>
        gateway.uploads.create(this.#call(owner), { bucket: this.bucket, key }, { content: {}, metadata: {} }));
      return { key, id, content, parts, etags: new Map() };
    } catch (error) {
      this.#excuse(key, error);
      return undefined;
    }
  }

  /** Puts a part as a client does that knows it has all the time in the world. Sometimes it sends other bytes first. */
  async #part(upload: OpenUpload, part: number): Promise<void> {
    const { service } = this;
    const bytes = upload.parts[part - 1]!;
    if (service.random() < 0.1) await this.#persist(() => this.#sendPart(upload, part, Buffer.alloc(bytes.length, part)));
    upload.etags.set(part, await this.#persist(() => this.#sendPart(upload, part, bytes)));
  }

  async #sendPart({ key, id }: OpenUpload, part: number, bytes: Buffer): Promise<string> {
    const { etag } = await this.service.request((gateway, { owner }) =>
      gateway.uploads.putPart(this.#call(owner), { bucket: this.bucket, key }, id, part, this.#body(owner, bytes)));
    return etag;
  }

  /** Completed once, and asked again when the answer did not come: then the answer is the same. */
  async #complete({ key, id, content, parts, etags }: OpenUpload): Promise<void> {
    const { service } = this;
    const write = this.#register(key).begin(content.id, this.#turn);
    const request = { parts: parts.map((_, index) => ({ partNumber: index + 1, etag: etags.get(index + 1)! })) };
    const ask = () => service.request(async (gateway, { owner }) => {
      const { result } = await gateway.uploads.complete(this.#call(owner), { bucket: this.bucket, key }, id, request);
      return result;
    });
    try {
      let { etag } = await this.#persist(ask);
      if (service.random() < 0.2) ({ etag } = await this.#persist(ask));
      if (etag !== content.fid) throw new Violation(`${this.#name(key)} was completed with ETag ${etag} instead of its FID ${content.fid}`);
      this.#register(key).done(write, this.#turn);
      service.trace(() => `completed ${this.#name(key)} = ${content.id}`);
    } catch (error) {
      this.#judgeWrite(key, write, error, []);
    }
  }

  async #abort({ key, id }: OpenUpload): Promise<void> {
    await this.#persist(() => this.service.request((gateway, { owner }) => gateway.uploads.abort(this.#call(owner), { bucket: this.bucket, key }, id)));
  }

  /** Again and again while the gateway or the network is down. */
  async #persist<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        this.#excuse("", error);
        await this.service.owner.sleep(5_000);
      }
    }
  }

  /** Throws what nothing excuses. */
  #excuse(key: string, error: unknown): void {
    if (error instanceof ConnectionLost || isDeparture(error)) return;
    if (error instanceof S3Error && PASSING.includes(error.kind) && this.service.troubled()) return;
    throw error instanceof S3Error ? new Violation(`${this.#name(key)}: ${error.kind} ${error.message}`) : error;
  }
}

function isDeparture(error: unknown): boolean {
  return error instanceof Error && (error.message === "the client left" || error.name === "AbortError");
}
