import type { Catalog, ListedVersion, NewVersion } from "../../catalog/catalog.js";
import type { ByteStream } from "../../streams/byte-stream.js";
import { S3Error } from "../../model/errors.js";
import type { BlobId, ObjectVersion } from "../../model/object.js";
import { checkWrite, type Preconditions } from "../../model/precondition.js";
import { requireTags, TAG_LIMITS } from "../../model/tag.js";
import type { StorageComponents } from "../components.js";
import { payerOf, permittedBucket } from "../access/access.js";
import { actionOf } from "../access/actions.js";
import type {
  Body,
  Call,
  Copied,
  CopyRequest,
  Deletion,
  ListRequest,
  ListResult,
  ObjectName,
  Objects,
  PutSettings,
  ReadRequest,
  ReadResult,
  Written,
} from "../gateway.js";
import { newObjectAcl, withOwners } from "../access/object-acl.js";
import { ingest, type Ingested } from "../ingest/ingest.js";
import { requireKey, requireMetadata } from "../limits.js";
import type { NotificationService } from "../buckets/notification-service.js";
import type { NetworkBucket } from "./network-bucket.js";
import { newLock, requireBypassable, requireLockDigest } from "./lock-service.js";
import type { ObjectCopy } from "./object-copy.js";
import { readableVersion, resolveRead } from "./object-read.js";
import type { Redundancy } from "./redundancy.js";
import { shownVersionId } from "./version-service.js";

export interface ObjectComponents extends StorageComponents {
  readonly copy: ObjectCopy;
  readonly notifications: NotificationService;
  readonly onWork: () => void;
  /** The bucket of all files on the network, where there is one. */
  readonly network?: NetworkBucket | undefined;
  /** What HEAD says beside S3's own, where the chain can be asked. */
  readonly redundancy?: Redundancy | undefined;
}

/** AWS computes this one where the client sends none, and so do we. */
const DEFAULT_CHECKSUM = "CRC64NVME";

export class ObjectService implements Objects {
  constructor(private readonly components: ObjectComponents) {}

  async put(call: Call, name: ObjectName, body: Body, settings: PutSettings): Promise<Written> {
    const { catalog, accounts, quota, encryption, expiries, notifications } = this.components;
    requireKey(name.key);
    requireMetadata(settings.metadata);
    requireTags(settings.tags ?? [], TAG_LIMITS.object);
    const bucket = await permittedBucket(catalog, call, name.bucket);
    const payer = payerOf(accounts, call, bucket);
    const acl = await newObjectAcl(this.components, call, bucket, settings.acl);
    const lock = await newLock(this.components, bucket, settings.lock);
    requireLockDigest(lock.lock, body, "Put Object");
    const encrypted = await encryption.forNew(name.bucket, settings.encryption);
    await requireEarly(catalog, name, settings.preconditions);
    const releases = body.size === undefined ? [] : [await quota.admit(payer, body.size, encrypted.format)];
    const admit = async (size: number): Promise<void> => {
      if (body.size === undefined) releases.push(await quota.admit(payer, size, encrypted.format));
    };
    try {
      const chosen = body.announced.algorithm ?? body.announced.checksum?.algorithm;
      const algorithm = chosen ?? DEFAULT_CHECKSUM;
      const ingested = await ingest(this.components, body, { signal: call.signal, algorithm, admit });
      const { outboxEvent } = await notifications.outboxEvent(
        call,
        name,
        call.access?.operation === "PostObject" ? "s3:ObjectCreated:Post" : "s3:ObjectCreated:Put",
      );
      const version = await this.commit(
        { ...name, owner: payer.id, ...(acl ? { acl } : {}), ...encrypted, outboxEvent },
        ingested,
        { ...settings, ...lock },
      );
      return { ...version, ...(await expiries.of(version)) };
    } finally {
      for (const release of releases) release();
    }
  }

  private async commit(
    target: Pick<NewVersion, "bucket" | "key" | "owner" | "acl" | "encryption" | "format" | "outboxEvent">,
    ingested: Ingested,
    settings: PutSettings,
  ): Promise<ObjectVersion> {
    const { catalog, staging, onWork } = this.components;
    const { size, md5, blob, checksums, sent } = ingested;
    const algorithm = sent ?? DEFAULT_CHECKSUM;
    const value = checksums.get(algorithm);
    const version = {
      ...target,
      size,
      etag: md5,
      content: settings.content,
      metadata: settings.metadata,
      ...(settings.tags ? { tags: settings.tags } : {}),
      ...(settings.lock ? { lock: settings.lock } : {}),
      ...(value === undefined ? {} : { checksum: { algorithm, type: "FULL_OBJECT" as const, value } }),
    };
    const blobs = size === 0 ? [] : [{ blob, offset: 0, length: size }];
    const written = await staging.commit([blob], async () => {
      const put = await catalog.objects.put(version, { blobs }, settings.preconditions);
      // Nothing links the blob of an empty object.
      return size === 0 ? { ...put, orphans: [...put.orphans, blob] satisfies BlobId[] } : put;
    });
    onWork();
    return written.version;
  }

  async head(call: Call, name: ObjectName, request: ReadRequest): Promise<ReadResult> {
    const { network, redundancy } = this.components;
    const result =
      network?.serves(name.bucket) === true
        ? await network.head(call, name, await this.ofNetwork(request))
        : await this.resolve(call, name, request);
    return redundancy ? { ...result, version: await redundancy.added(result.version) } : result;
  }

  /** The network's files are nobody's to bring a key for. */
  private async ofNetwork(request: ReadRequest): Promise<ReadRequest> {
    await this.components.encryption.requireKey(undefined, request.customer);
    return request;
  }

  private async resolve(call: Call, name: ObjectName, request: ReadRequest): Promise<ReadResult> {
    const { catalog, encryption, expiries } = this.components;
    const bucket = await permittedBucket(catalog, call, name.bucket);
    const version = await readableVersion(catalog, name);
    await encryption.requireKey(version.encryption, request.customer);
    return {
      ...resolveRead(version, request),
      ...shownVersionId(bucket, version.versionId),
      ...(await expiries.of(version)),
    };
  }

  async get(call: Call, name: ObjectName, request: ReadRequest): Promise<ReadResult & { readonly body: ByteStream }> {
    const { network } = this.components;
    if (network?.serves(name.bucket) === true) return network.get(call, name, await this.ofNetwork(request));
    const result = await this.resolve(call, name, request);
    const key = await this.components.encryption.unlock(result.version.encryption, request.customer);
    const range = result.range ?? { start: 0, end: result.version.size };
    return { ...result, body: await this.components.bytes.open(result.version, range, call.signal, key) };
  }

  async delete(
    call: Call,
    { bucket, key, versionId }: ObjectName,
    preconditions?: Preconditions,
    bypassGovernance = false,
  ): Promise<Deletion> {
    const { catalog, staging, onWork, notifications } = this.components;
    requireKey(key);
    const { versioning } = await permittedBucket(catalog, call, bucket, {
      action: actionOf("DeleteObject", versionId),
      key,
      versionId,
    });
    if (bypassGovernance) await requireBypassable(catalog, bucket);
    const { outboxEvent } = await notifications.outboxEvent(call, { bucket, key }, "s3:ObjectRemoved:*");
    const request = {
      owner: call.account.id,
      bypassGovernance,
      outboxEvent,
      ...(versionId === undefined ? {} : { versionId }),
    };
    const deletion = await staging.commit([], () => catalog.objects.delete(bucket, key, preconditions, request));
    if (deletion.deleted) onWork();
    if (versioning === undefined && deletion.versionId === undefined) return {};
    const shown = deletion.versionId ?? versionId;
    return {
      ...(shown === undefined ? {} : { versionId: shown }),
      ...(deletion.deleteMarker ? { deleteMarker: true } : {}),
    };
  }

  copy(call: Call, name: ObjectName, request: CopyRequest): Promise<Copied> {
    return this.components.copy.run(call, name, request);
  }

  async list(call: Call, name: string, request: ListRequest): Promise<ListResult> {
    const { catalog } = this.components;
    const bucket = await permittedBucket(catalog, call, name);
    const { entries, truncated } = await catalog.objects.list({ bucket: name, owner: bucket.owner, ...request });
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

/**
 * Write preconditions before the body, so that 5 GiB are not sent in vain. The transaction that writes the version
 * checks them again, and its word is the last.
 */
export async function requireEarly(
  catalog: Catalog,
  { bucket, key }: ObjectName,
  preconditions: Preconditions | undefined,
): Promise<void> {
  if (!preconditions?.ifMatch && !preconditions?.ifNoneMatch) return;
  const current = await catalog.objects.get(bucket, key);
  const outcome = checkWrite(preconditions, current?.deleteMarker === true ? undefined : current);
  if (outcome === "missing") throw new S3Error("NoSuchKey", { resource: key, fields: { Key: key } });
  if (outcome === "failed") {
    const condition = preconditions.ifMatch ? "If-Match" : "If-None-Match";
    throw new S3Error("PreconditionFailed", { fields: { Condition: condition } });
  }
}
