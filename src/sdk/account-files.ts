import type { FileUse } from "../catalog/catalog.js";
import type { Body, BucketCall, Call, Client, Gateway, StoredPart, UploadCall } from "../gateway/gateway.js";
import { LIMITS } from "../gateway/limits.js";
import type { Account } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import type { Bucket } from "../model/bucket.js";
import { segmentCapacity } from "../model/file.js";
import type { Fid } from "../model/hash.js";
import type { LifecycleConfiguration } from "../model/lifecycle.js";
import { PUBLIC_TAG } from "../model/sharing.js";
import { MAX_SEGMENTS_PER_FILE, MIB } from "../model/sizes.js";
import type { OfferedFile } from "../peers/stored-file.js";
import { Refusal } from "../peers/refusal.js";
import { notOffered } from "./not-offered.js";
import { PartSource } from "./part-source.js";

export interface AccountFilesComponents {
  readonly gateway: Pick<Gateway, "buckets" | "documents" | "objects" | "uploads">;
  readonly findBucket: (name: string) => Promise<Bucket | undefined>;
  /** The versions with this FID, of all accounts. */
  readonly uses: (fid: Fid) => Promise<readonly FileUse[]>;
  /** Whether there is a file with this FID by now: its fragments have been hashed. */
  readonly isEncoded: (fid: Fid) => Promise<boolean>;
  readonly clock: Pick<Clock, "now" | "sleep">;
}

export interface AccountFilesSettings {
  /** The beginning of each account's bucket's name. */
  readonly bucket: string;
  /** `none`: files are as they come, so that others read them by FID; `default`: as the bucket or the operator says. */
  readonly encryption: "none" | "default";
  /** Whether everyone may read the files by their FIDs: new buckets get the tag that says so. */
  readonly public: boolean;
  /** The bucket of all files on the network; empty: there is none. */
  readonly networkBucket: string;
}

/** Bodies become parts of so many bytes: their segments are hashed while the next ones arrive. */
const PART_BYTES = 256 * MIB;
/** Hex digits of an account's ID in its bucket's name: enough that no two of a gateway have the same. */
const ID_DIGITS = 16;
/** Uploads in chunks that were not finished. */
const ABANDONED: LifecycleConfiguration = {
  rules: [{ id: "abandoned-uploads", enabled: true, filter: { form: "filter", prefix: "" }, abortUploadsAfterDays: 2 }],
  transitionDefaultMinimumObjectSize: "all_storage_classes_128K",
};
/** How long an upload waits until everyone may read it, and between two looks, ms. */
const READABLE = { waitMs: 10_000, pollMs: 50 };
/** A read that nobody ends. */
const STAYING: Client = { signal: new AbortController().signal };

/**
 * The files of an account that come and go by the API of the CESS SDKs: objects in a bucket of its own, whose keys are the
 * files' names. The bucket keeps versions, since these files are known by their FIDs: one of the same name is another file.
 */
export class AccountFiles {
  constructor(
    private readonly components: AccountFilesComponents,
    private readonly settings: AccountFilesSettings,
  ) {}

  /** Bytes that one file, with one FID, may have. */
  get maxBytes(): number {
    const format = this.settings.encryption === "none" ? undefined : ({ name: "aes-256-gcm", first: 0 } as const);
    return MAX_SEGMENTS_PER_FILE * segmentCapacity(format ?? { name: "plain" });
  }

  bucketName({ id }: Account): string {
    return `${this.settings.bucket}-${id.slice(0, ID_DIGITS)}`;
  }

  /** The account's bucket; made if need be. S3Error BucketAlreadyExists where another account has it. */
  async bucketCall(account: Account, signal: AbortSignal): Promise<BucketCall> {
    const { gateway, findBucket } = this.components;
    const name = this.bucketName(account);
    const found = await findBucket(name);
    const own = found?.owner === account.id ? found : await this.create({ account, client: { signal } }, name);
    const call = { account, client: { signal }, bucket: own };
    // Undefined also after a crash between the two.
    if (own.versioning === undefined) {
      await gateway.documents.set(call, "lifecycle", ABANDONED);
      await gateway.documents.set(call, "versioning", "Enabled");
    }
    return call;
  }

  private create(call: Call, name: string): Promise<Bucket> {
    const tags = this.settings.public ? [{ key: PUBLIC_TAG, value: "yes" }] : [];
    return this.components.gateway.buckets.create(call, name, { tags });
  }

  /** Stages a file and says its FID. `size`: bytes, if it is known. Rejects with Refusal or S3Error, and leaves nothing. */
  async put(
    account: Account,
    key: string,
    content: AsyncIterable<Uint8Array>,
    size: number | undefined,
    signal: AbortSignal,
  ): Promise<Fid> {
    if (size !== undefined) this.requireSize(size);
    const call = await this.begin(account, key, signal);
    const source = new PartSource(content);
    try {
      const parts: StoredPart[] = [];
      while (await source.more()) {
        const stream = source.part(PART_BYTES);
        const known = size === undefined ? undefined : Math.min(size - source.size, PART_BYTES);
        parts.push(await this.components.gateway.uploads.putPart(call, parts.length + 1, bodyOf(stream, known)));
        this.requireSize(source.size);
      }
      if (parts.length === 0) throw new Refusal(400, "an empty file has no FID");
      return await this.complete(call, parts);
    } catch (error) {
      await this.abort(call);
      throw error;
    } finally {
      await source.close().catch(() => undefined);
    }
  }

  /** Makes a file of the network the account's, without its bytes. S3Error AccessDenied unless it may read the network. */
  async takeOver(account: Account, fid: Fid, key: string, signal: AbortSignal): Promise<void> {
    const { networkBucket } = this.settings;
    if (networkBucket === "") throw notOffered("uploads by FID (light orders)");
    const call = await this.bucketCall(account, signal);
    const source = { bucket: networkBucket, key: fid };
    await this.components.gateway.objects.copy(call, key, { source, sourcePreconditions: {} });
  }

  /** Opens an upload whose parts come by themselves. */
  async begin(account: Account, key: string, signal: AbortSignal): Promise<UploadCall> {
    const call = await this.bucketCall(account, signal);
    const { encryption } = this.settings;
    const upload = await this.components.gateway.uploads.create(call, key, {
      content: {},
      metadata: {},
      ...(encryption === "none" && { encryption: { algorithm: "none" as const } }),
    });
    return { ...call, upload };
  }

  async complete(call: UploadCall, parts: readonly Pick<StoredPart, "partNumber" | "etag">[]): Promise<Fid> {
    const { uploads } = this.components.gateway;
    const listed = parts.map(({ partNumber, etag }) => ({ partNumber, etag }));
    const { result } = await uploads.complete(call, { parts: listed, etag: "fid", anyPartSize: true });
    const fid = (await result).etag as Fid;
    if (this.settings.public) await this.untilReadable(fid, call.client.signal);
    return fid;
  }

  /** Before it is encoded nobody is given it without a token. When that takes long, it goes on by itself. */
  private async untilReadable(fid: Fid, signal: AbortSignal): Promise<void> {
    const { isEncoded, clock } = this.components;
    const until = clock.now() + READABLE.waitMs;
    while (!(await isEncoded(fid)) && clock.now() < until && !signal.aborted)
      await clock.sleep(READABLE.pollMs, signal).catch(() => undefined);
  }

  /** Refusal 413. */
  requireSize(bytes: number): void {
    if (bytes > this.maxBytes) throw new Refusal(413, `a file may have at most ${this.maxBytes} bytes`);
  }

  /** The account's file by its FID, whichever bucket it is in, decrypted; undefined when it has none. */
  async find(account: Account, fid: Fid): Promise<OfferedFile | undefined> {
    for (const use of await this.components.uses(fid)) {
      const bucket = use.whole ? await this.components.findBucket(use.bucket) : undefined;
      if (bucket?.owner === account.id) return this.offered({ account, client: STAYING, bucket }, use, fid);
    }
    return undefined;
  }

  /** Deletes the account's files with this FID that came this way. Returns how many there were. S3Error for locked ones. */
  async delete(account: Account, fid: Fid, signal: AbortSignal): Promise<number> {
    const bucket = await this.components.findBucket(this.bucketName(account));
    if (bucket?.owner !== account.id) return 0;
    const uses = (await this.components.uses(fid)).filter((use) => use.bucket === bucket.name && use.whole);
    for (const { key, versionId } of uses)
      await this.components.gateway.objects.delete({ account, client: { signal }, bucket }, { key, versionId });
    return uses.length;
  }

  private async offered(call: BucketCall, { key, versionId }: FileUse, fid: Fid): Promise<OfferedFile | undefined> {
    const { objects } = this.components.gateway;
    const name = { key, versionId };
    const { version } = await objects.head(call, name, { preconditions: {} });
    const { size } = version;
    return {
      fid,
      size,
      name: key.split("/").at(-1),
      segments: [],
      open: async ({ start, end }, _reach, signal) => {
        const range = start === 0 && end === size ? {} : { range: { first: start, last: end - 1 } };
        return (await objects.get({ ...call, client: { signal } }, name, { ...range, preconditions: {} })).body;
      },
      metadata: () =>
        Promise.resolve({
          fid,
          size,
          owner: [{ user: call.account.cessAccount, file_name: key.split("/").at(-1) ?? "" }],
        }),
    };
  }

  /** Also when its client is gone. */
  private async abort(call: UploadCall): Promise<void> {
    await this.components.gateway.uploads.abort({ ...call, client: STAYING }).catch(() => undefined);
  }
}

/** A body as S3's services take it. */
export function bodyOf(stream: AsyncIterable<Uint8Array>, size: number | undefined): Body {
  if (size !== undefined && size > LIMITS.putBytes)
    throw new Refusal(413, `a part may have at most ${LIMITS.putBytes} bytes`);
  return { stream, announced: {}, trailer: () => ({}), ...(size === undefined ? {} : { size }) };
}
