import { toS3Error } from "../../src/gateway/s3-error.js";
import type { Account } from "../../src/model/account.js";
import { retentionModes } from "../../src/model/object-lock.js";
import { Client } from "./client.js";
import type { Content } from "./contents.js";
import { isDeparture, UNREADABLE } from "./reader.js";
import { ConnectionLost, Violation, type Service } from "./service.js";

const KEYS = ["x", "y", "z"];
/** Retention lasts for up to this, ms. */
const RETENTION_MS = 1_800_000;
/** A request takes no longer than this on a machine that is well, ms. */
const REQUEST_MS = 60_000;

interface Kept {
  readonly key: string;
  readonly versionId: string;
  readonly content: Content;
  /** Until when it is locked, ms since 1970; 0: it is not. */
  readonly until: number;
}

/**
 * The client of a bucket with versions and object lock, whose small objects share packs with all others of the account:
 * what was put stays as it is until this version of it is deleted, and a locked one is not deleted.
 */
export class Archivist extends Client {
  override readonly bucket: string;
  private kept: Kept[] = [];

  constructor(service: Service, account: Account) {
    super(service, account);
    this.bucket = `archive-${account.displayName}`;
  }

  override async createBucket(): Promise<void> {
    await this.persist(() =>
      this.service.request((gateway, { owner }) =>
        gateway.buckets.create(this.call(owner), this.bucket, { objectLock: true }),
      ),
    );
  }

  /** Small objects one after another, as versions of few keys. */
  async fill(): Promise<void> {
    const { packing, contents } = this.service;
    const count = 3 + Math.floor(6 * packing.random());
    for (const content of contents.drawSmall(count)) await this.keep(content);
    await this.flush();
  }

  /** Deletes about half of the versions, and hides others behind delete markers. */
  async thinOut(): Promise<void> {
    const { owner, packing } = this.service;
    for (const version of [...this.kept]) {
      await owner.sleep(5_000 * packing.random() ** 2);
      const dice = packing.random();
      if (dice < 0.5) await this.remove(version);
      else if (dice < 0.6) await this.delete(version.key);
    }
    await this.flush();
  }

  /** Reads one version after another, until it is told to end. */
  async readUntil(ended: () => boolean): Promise<void> {
    const { owner, packing } = this.service;
    while (!ended()) {
      await owner.sleep(20_000 * packing.random());
      const version = this.kept[Math.floor(this.kept.length * packing.random())];
      if (version) await this.read(version);
    }
  }

  /** All that was kept is there; then all goes, as soon as it may. */
  async end(): Promise<void> {
    for (const version of this.kept) await this.read(version);
    this.kept = [];
    // Also the lock of what was put without an answer ends.
    await this.service.owner.sleep(RETENTION_MS + 2 * REQUEST_MS);
    // With delete markers.
    const rows = await this.persist(() =>
      this.service.request((_, incarnation) =>
        Promise.resolve(
          incarnation.rows<{ key: string; versionId: string }>(
            `select key, version_id as versionId from versions where bucket = '${this.bucket}'`,
          ),
        ),
      ),
    );
    for (const { key, versionId } of rows) {
      if (await this.persist(() => this.ask(key, versionId)))
        throw new Violation(`version ${versionId} of ${this.name(key)} is locked after its time`);
    }
  }

  private async keep(content: Content): Promise<void> {
    const { service } = this;
    const { random } = service.packing;
    const key = KEYS[Math.floor(KEYS.length * random())]!;
    const mode = retentionModes[Math.floor(retentionModes.length * random())]!;
    const locked = random() < 0.4;
    // Which a lock asks for.
    const announced = { md5: Buffer.from(content.md5, "hex").toString("base64") };
    const { versionId, until } = await this.persist(async () => {
      const now = service.owner.now();
      const until = locked ? Math.ceil(now + REQUEST_MS + RETENTION_MS * random()) : 0;
      const version = await service.request((gateway, { owner }) =>
        gateway.objects.put(
          this.call(owner),
          { bucket: this.bucket, key },
          { ...this.body(owner, content.bytes), announced },
          {
            content: { contentType: "text/plain" },
            metadata: {},
            ...(locked && { lock: { retention: { mode, until } } }),
          },
        ),
      );
      return { versionId: version.versionId, until };
    });
    this.kept.push({ key, versionId, content, until });
    service.trace(() => `kept ${this.name(key)} ${versionId} = ${content.id}${locked ? ", locked" : ""}`);
  }

  private async read({ key, versionId, content }: Kept): Promise<void> {
    const isKept = () => this.kept.some((version) => version.versionId === versionId);
    try {
      const bytes = await this.service.request(async (gateway, { owner }) => {
        const { body } = await gateway.objects.get(
          this.call(owner),
          { bucket: this.bucket, key, versionId },
          {
            preconditions: {},
          },
        );
        const chunks: Uint8Array[] = [];
        for await (const chunk of body) chunks.push(Uint8Array.from(chunk));
        return Buffer.concat(chunks);
      });
      if (!bytes.equals(content.bytes))
        throw new Violation(`version ${versionId} of ${this.name(key)} reads back as other bytes than were put`);
    } catch (error) {
      if (error instanceof Violation) throw error;
      if (error instanceof ConnectionLost || isDeparture(error)) return;
      const kind = toS3Error(error)?.kind;
      if (kind === undefined) throw error;
      if (kind === "NoSuchVersion" && !isKept()) return;
      if (UNREADABLE.includes(kind) && this.service.troubled()) return;
      throw new Violation(`version ${versionId} of ${this.name(key)} cannot be read: ${kind}`);
    }
  }

  private async remove(version: Kept): Promise<void> {
    const { key, versionId, until } = version;
    const { owner } = this.service;
    // Nobody can say what becomes of one whose lock ends just now.
    if (Math.abs(until - owner.now()) < 5 * REQUEST_MS) return;
    const locked = until > owner.now();
    if (!locked) this.kept = this.kept.filter((other) => other !== version);
    const refused = await this.persist(() => this.ask(key, versionId));
    if (refused !== locked)
      throw new Violation(`version ${versionId} of ${this.name(key)} is ${locked ? "" : "not "}locked`);
  }

  /** Asks to delete the version. Resolves whether that was refused for its lock. */
  private async ask(key: string, versionId: string): Promise<boolean> {
    try {
      await this.service.request((gateway, { owner }) =>
        gateway.objects.delete(this.call(owner), { bucket: this.bucket, key, versionId }),
      );
      return false;
    } catch (error) {
      if (toS3Error(error)?.kind === "AccessDenied") return true;
      throw error;
    }
  }
}
