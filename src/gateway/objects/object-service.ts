import type { ListedVersion, NewVersion } from "../../catalog/catalog.js";
import { isNetworkBucket } from "../../model/bucket.js";
import type { Receipt } from "../../receipts/document.js";
import type { Receipts } from "../../receipts/receipts.js";
import type { ByteStream } from "../../streams/byte-stream.js";
import type { BlobId, ObjectVersion } from "../../model/object.js";
import type { Preconditions } from "../../model/precondition.js";
import { waitFor } from "../../model/waits.js";
import { requireTags, TAG_LIMITS } from "../../model/tag.js";
import type { StorageComponents } from "./storage-components.js";
import { payerOf } from "../access/accounts.js";
import { forVersion } from "../access/actions.js";
import type { Authorizer } from "../access/authorizer.js";
import type { BucketCall } from "../call.js";
import type { Body } from "../ingest/body.js";
import type {
  Copied,
  CopyRequest,
  Deletion,
  ListRequest,
  ListResult,
  ObjectKey,
  Objects,
  PutSettings,
  ReadRequest,
  ReadResult,
  Written,
} from "./objects.js";
import { newObjectAcl, withOwners } from "../access/object-acl.js";
import { ingest, ingestedChecksum, type Ingested } from "../ingest/ingest.js";
import { requireKey, requireMetadata } from "../limits.js";
import { S3Error } from "../s3-error.js";
import type { NotificationService } from "../buckets/notification-service.js";
import { newLock, requireLockDigest, requireBypassable } from "./lock-service.js";
import type { NetworkBucket } from "./network-bucket.js";
import { newVersion, type VersionMembers } from "./new-version.js";
import type { ObjectCopy } from "./object-copy.js";
import { resolveRead } from "./object-read.js";
import type { Redundancy } from "./redundancy.js";
import { visibleVersionId } from "./visible-version-id.js";
import { whileReplaced } from "./while-replaced.js";
import { requirePreconditions } from "./write-precondition.js";
import { defined } from "../../model/defined.js";

export interface ObjectComponents extends StorageComponents {
  readonly copy: ObjectCopy;
  readonly notifications: NotificationService;
  readonly onWork: () => void;
  readonly authorizer: Authorizer;
  /** Adds the number of fragments left to HEAD. Absent without a chain. */
  readonly redundancy?: Redundancy | undefined;
  /** The bucket of all files on the network, where there is one. */
  readonly network?: NetworkBucket | undefined;
  /** Absent without a chain. */
  readonly receipts?: Pick<Receipts, "of"> | undefined;
  /** HEAD tells whether a rebuild would have the object. */
  readonly recoverable: boolean;
}

/** Computed if the client sends no checksum, as on AWS. */
const DEFAULT_CHECKSUM = "CRC64NVME";

export class ObjectService implements Objects {
  constructor(private readonly components: ObjectComponents) {}

  async put(call: BucketCall, key: string, body: Body, settings: PutSettings): Promise<Written> {
    const { catalog, accounts, storageQuota, quota, leases, encryption, expiries, layouts, notifications } =
      this.components;
    const { bucket } = call;
    requireKey(key);
    requireMetadata(settings.metadata);
    requireTags(settings.tags ?? [], TAG_LIMITS.object);
    const charged = { ...call, account: payerOf(accounts, call) };
    const acl = await newObjectAcl(this.components, call, settings.acl);
    const { lock } = await newLock(this.components, bucket, settings.lock);
    leases.require(call, "The object is locked", lock?.retention?.until);
    requireLockDigest(lock, body, "Put Object");
    const encrypted = await encryption.forNew(bucket.name, settings.encryption);
    await requirePreconditions(catalog, bucket.name, key, settings.preconditions);
    const layout = await layouts.of(bucket.name, settings.metadata, encrypted.format);
    const reserve = async (size: number) => {
      await storageQuota.requireObject(bucket, key, size);
      return quota.admit(charged.account, size, encrypted.format, layout(size), call.waits);
    };
    const releases = body.size === undefined ? [] : [await reserve(body.size)];
    const admit = async (size: number): Promise<void> => {
      if (body.size === undefined) releases.push(await reserve(size));
    };
    try {
      const chosen = body.announced.algorithm ?? body.announced.checksum?.algorithm;
      const algorithm = chosen ?? DEFAULT_CHECKSUM;
      const ingested = await ingest(this.components, body, { signal: call.client.signal, algorithm, admit });
      const { outboxEvent } = await notifications.outboxEvent(
        call,
        key,
        call.access?.operation === "PostObject" ? "s3:ObjectCreated:Post" : "s3:ObjectCreated:Put",
      );
      const { content, metadata, tags, preconditions } = settings;
      const own = { layout: layout(ingested.size), ...bodyMembers(ingested) };
      const limits = {
        accountQuota: storageQuota.ofAccount(bucket.owner),
        requireRoom: await quota.recheck(charged.account, ingested.size, encrypted.format, own.layout, call.waits),
      };
      const members = { content, metadata, tags, acl, lock, ...encrypted, ...own, outboxEvent, ...limits };
      const version = await this.commit(newVersion(charged, key, members), ingested.blob, preconditions);
      return { ...version, ...(await expiries.versionExpiry(version)) };
    } finally {
      for (const release of releases) release();
    }
  }

  private async commit(
    version: NewVersion,
    blob: BlobId,
    preconditions: Preconditions | undefined,
  ): Promise<ObjectVersion> {
    const { catalog, staging, onWork, bytes } = this.components;
    const { size } = version;
    const blobs = size === 0 ? [] : [{ blob, offset: 0, length: size }];
    const written = await staging.commit([blob], async () => {
      const put = await catalog.objects.put(version, { blobs }, preconditions);
      // An empty object links no blob.
      return size === 0 ? { ...put, orphans: [...put.orphans, blob] satisfies BlobId[] } : put;
    });
    onWork();
    bytes.wrote(written.version, blob);
    return written.version;
  }

  async head(call: BucketCall, name: ObjectKey, request: ReadRequest): Promise<ReadResult> {
    const { redundancy } = this.components;
    const result = await this.recoverability(await this.resolve(call, name, request, true));
    return redundancy
      ? { ...result, version: await waitFor(call.waits, "chain", redundancy.withRedundancy(result.version)) }
      : result;
  }

  private async recoverability(result: ReadResult): Promise<ReadResult> {
    const { version } = result;
    if (!this.components.recoverable || version.network) return result;
    const stored = version.durability.state === "stored";
    return { recoverable: stored && (await this.components.catalog.journal.covers(version.id)), ...result };
  }

  private async resolve(
    { bucket, client, waits }: BucketCall,
    name: ObjectKey,
    request: ReadRequest,
    recent = false,
  ): Promise<ReadResult> {
    const { lookup, encryption, expiries, leases } = this.components;
    const version = await lookup.find(bucket, name, defined({ client, waits, cipher: request.cipher, recent }));
    await encryption.requireKey(version.encryption, request.customer);
    return {
      ...resolveRead(version, request),
      ...visibleVersionId(bucket, version.versionId),
      ...(await expiries.versionExpiry(version)),
      ...leases.paid(version.owner),
    };
  }

  async get(
    call: BucketCall,
    name: ObjectKey,
    request: ReadRequest,
  ): Promise<ReadResult & { readonly body: ByteStream }> {
    return whileReplaced(
      () => this.resolve(call, name, request),
      async (result) => {
        const key = await this.components.encryption.unlock(result.version.encryption, request.customer);
        const range = result.range ?? { start: 0, end: result.version.size };
        return { body: await this.components.bytes.open(result.version, range, call, key), ...result };
      },
    );
  }

  async receipt(
    call: BucketCall,
    name: ObjectKey,
    request: ReadRequest,
  ): Promise<Pick<ReadResult, "versionId"> & { readonly receipt: Receipt }> {
    const { receipts } = this.components;
    const { version, versionId } = await this.resolve(call, name, request);
    if (!receipts || version.network)
      throw new S3Error("InvalidRequest", {
        message: receipts
          ? "The network bucket's files are not this gateway's: what the chain lists of them needs no receipt. HEAD tells it."
          : "This gateway issues no receipts.",
      });
    const receipt = await waitFor(call.waits, "chain", receipts.of(version.id, call.client.signal));
    return { receipt, ...(versionId === undefined ? {} : { versionId }) };
  }

  async delete(
    call: BucketCall,
    { key, versionId }: ObjectKey,
    preconditions?: Preconditions,
    bypassGovernance = false,
  ): Promise<Deletion> {
    const { catalog, staging, onWork, notifications, authorizer } = this.components;
    const { bucket } = call;
    requireKey(key);
    if (call.access?.rule.resource === "objects") {
      const target = { bucket: bucket.name, key, versionId };
      await authorizer.require(call, { ...target, action: forVersion("s3:DeleteObject", versionId) });
      if (bypassGovernance) await authorizer.require(call, { ...target, action: "s3:BypassGovernanceRetention" });
    }
    if (bypassGovernance) await requireBypassable(catalog, bucket.name);
    const { outboxEvent } = await notifications.outboxEvent(call, key, "s3:ObjectRemoved:*");
    const request = defined({ owner: call.account.id, bypassGovernance, outboxEvent, versionId });
    const deletion = await staging.commit([], () => catalog.objects.delete(bucket.name, key, preconditions, request));
    if (deletion.deleted) onWork();
    if (bucket.versioning === undefined && deletion.versionId === undefined) return {};
    return defined({
      versionId: deletion.versionId ?? versionId,
      deleteMarker: deletion.deleteMarker ? true : undefined,
    });
  }

  copy(call: BucketCall, key: string, request: CopyRequest): Promise<Copied> {
    return this.components.copy.run(call, key, request);
  }

  async list(call: BucketCall, request: ListRequest): Promise<ListResult> {
    const { catalog, network } = this.components;
    const { bucket } = call;
    if (network && isNetworkBucket(bucket)) return network.list(call, request);
    const { entries, truncated } = await catalog.objects.list({ bucket: bucket.name, owner: bucket.owner, ...request });
    const last = entries.at(-1);
    const keys: ListedVersion[] = [];
    const prefixes: string[] = [];
    for (const entry of entries) {
      if (entry.kind === "key") keys.push(entry.version);
      else prefixes.push(entry.prefix);
    }
    return {
      keys: await withOwners(catalog, bucket, keys),
      prefixes,
      truncated,
      ...(truncated && last ? { last: last.kind === "key" ? last.version.key : last.prefix } : {}),
    };
  }
}

/** The members of a version that its body decides. */
function bodyMembers(ingested: Ingested): Pick<VersionMembers, "size" | "etag" | "checksum"> {
  const { size, md5, sent } = ingested;
  return { size, etag: md5, checksum: ingestedChecksum(ingested, sent ?? DEFAULT_CHECKSUM) };
}
