import type { VersionBytes } from "../../catalog/catalog.js";
import type { Checksum, ChecksumAlgorithm } from "../../model/checksum.js";
import { isNetworkBucket, type Bucket } from "../../model/bucket.js";
import { S3Error } from "../s3-error.js";
import { PLAIN, type DataKey } from "../../model/file.js";
import type { Fid } from "../../model/hash.js";
import type { ContentHeaders, ObjectVersion } from "../../model/object.js";
import type { Layout } from "../../model/layout.js";
import { requireTags, TAG_LIMITS } from "../../model/tag.js";
import { payerOf } from "../access/accounts.js";
import { forVersion } from "../access/actions.js";
import type { BucketCall } from "../call.js";
import type { StorageComponents } from "./storage-components.js";
import type { Copied, CopyRequest, ObjectName } from "./objects.js";
import { readableSource, type SourceComponents } from "./copy-source.js";
import { isInterchangeable, packedFormat, sharesFid } from "./copied-format.js";
import { damagedObject } from "./damaged-object.js";
import { ingest, ingestedChecksum } from "../ingest/ingest.js";
import { LIMITS, requireKey, requireMetadata } from "../limits.js";
import { newLock } from "./lock-service.js";
import type { NewEncryption } from "./object-encryption.js";
import type { NotificationService } from "../buckets/notification-service.js";
import { newObjectAcl } from "../access/object-acl.js";
import { combinedChecksum } from "../ingest/combined-checksum.js";
import { pendingDeal } from "./network-bucket.js";
import type { NetworkCopy } from "./network-copy.js";
import { newVersion, type VersionMembers } from "./new-version.js";
import { whileReplaced } from "./while-replaced.js";

export interface CopyComponents extends StorageComponents, SourceComponents {
  readonly networkCopy: NetworkCopy;
  readonly notifications: NotificationService;
  readonly onWork: () => void;
}

/** A copy's source, and its data key if it has one. */
interface OpenedSource {
  readonly source: ObjectVersion;
  readonly key: DataKey | undefined;
}

/** CopyObject. A copy shares its source's bytes, staged or on the network, so no bytes are moved. */
export class ObjectCopy {
  constructor(private readonly components: CopyComponents) {}

  /** Rejects like a read of the source; InvalidRequest for a copy onto itself that changes nothing. */
  async run(call: BucketCall, key: string, request: CopyRequest): Promise<Copied> {
    requireKey(key);
    if (request.replaceMetadata) requireMetadata(request.replaceMetadata.metadata);
    requireTags(request.replaceTags ?? [], TAG_LIMITS.object);
    const { bucket } = call;
    const charged = { ...call, account: payerOf(this.components.accounts, call) };
    const acl = await newObjectAcl(this.components, call, request.acl);
    const { lock } = await newLock(this.components, bucket, request.lock);
    this.components.leases.require(call, "The object is locked", lock?.retention?.until);
    const { outboxEvent } = await this.components.notifications.outboxEvent(call, key, "s3:ObjectCreated:Copy");
    return whileReplaced(
      () => this.openSource(call, key, request),
      async ({ sourceVersionId, ...opened }) => {
        const written = await this.write(charged, key, request, opened, { acl, lock, outboxEvent });
        const version = { ...written, ...(await this.components.expiries.versionExpiry(written)) };
        return sourceVersionId === undefined ? version : { ...version, sourceVersionId };
      },
    );
  }

  private async openSource(
    call: BucketCall,
    key: string,
    request: CopyRequest,
  ): Promise<OpenedSource & { readonly sourceVersionId: string | undefined }> {
    const { version: source, sourceVersionId } = await readableSource(this.components, call, request);
    if (!request.replaceTags && (source.tags ?? []).length > 0) await this.requireTagging(call, key, request.source);
    if (isSelfCopy(key, call.bucket, request)) throw illegalSelfCopy();
    if (source.network && !source.network.file) throw pendingDeal(source.network);
    // Its copy would share the damaged bytes.
    if (source.durability.state === "damaged") throw damagedObject(source);
    const dataKey = await this.components.encryption.unlock(source.encryption, request.sourceCustomer);
    return { source, key: dataKey, sourceVersionId };
  }

  /** Copying tags needs permission to read them at the source and to set them on the copy, as on AWS. */
  private async requireTagging(call: BucketCall, key: string, source: ObjectName): Promise<void> {
    const { authorizer } = this.components;
    const reading = forVersion("s3:GetObjectTagging", source.versionId);
    await authorizer.require(call, { ...source, action: reading, source: true });
    await authorizer.require(call, { action: "s3:PutObjectTagging", bucket: call.bucket.name, key });
  }

  private async write(
    call: BucketCall,
    key: string,
    request: CopyRequest,
    opened: OpenedSource,
    common: Pick<VersionMembers, "acl" | "lock" | "outboxEvent">,
  ): Promise<ObjectVersion> {
    const { catalog, staging, onWork, encryption, layouts, storageQuota, networkCopy } = this.components;
    const { source } = opened;
    const bucket = call.bucket.name;
    await storageQuota.requireObject(call.bucket, key, source.size);
    const { content, metadata } = request.replaceMetadata ?? source;
    const fresh = await encryption.forNew(bucket, request.encryption);
    const layout = (await layouts.of(bucket, metadata, fresh.format))(source.size);
    const members = {
      size: source.size,
      layout,
      content: contentOfCopy(content, request.own),
      metadata,
      tags: request.replaceTags ?? source.tags,
      accountQuota: storageQuota.ofAccount(call.bucket.owner),
      ...common,
    };
    const file = source.network?.file;
    if (file && (await networkCopy.takesOver(bucket, request, file, fresh))) {
      const checksum = await this.checksum(call, opened, request.checksumAlgorithm);
      return networkCopy.run(call, key, { ...members, checksum }, request, source, file, fresh);
    }
    const shared = await this.sharedBytes(call, source, fresh, layout);
    if (!shared) return this.restage(call, key, { ...members, ...fresh }, request, opened);
    const { bytes, sameFiles } = shared;
    // A copy that shares encrypted files needs their data key, wrapped again for the copy.
    const rewrapped =
      sameFiles && opened.key !== undefined ? await encryption.forNew(bucket, request.encryption, opened.key) : fresh;
    const version = newVersion(call, key, {
      ...members,
      ...rewrapped,
      // A FID that is promised is that of a file of its own.
      layout: !bytes.extents && source.durability.fid !== undefined ? "own-file" : layout,
      etag: source.etag,
      checksum: await this.checksum(call, opened, request.checksumAlgorithm),
      fid: sameFiles ? await this.knownFid(source) : undefined,
    });
    const written = await staging.commit([], () => catalog.objects.put(version, bytes, request.preconditions));
    onWork();
    return written.version;
  }

  /** The source's FID. Its files may have become known since it was read. */
  private async knownFid({ id, durability }: ObjectVersion): Promise<Fid | undefined> {
    return durability.fid ?? (await this.components.catalog.objects.byId(id))?.durability.fid;
  }

  /**
   * The source's bytes, for the copy to link; `sameFiles`: its files are or will be the source's. Undefined if the source's
   * files are charged to another territory, or their format does not fit the copy's, or they are packs and the copy is to
   * have a file of its own.
   */
  private async sharedBytes(
    call: BucketCall,
    source: ObjectVersion,
    fresh: NewEncryption,
    layout: Layout,
  ): Promise<{ readonly bytes: VersionBytes; readonly sameFiles: boolean } | undefined> {
    const { catalog, layouts } = this.components;
    const { format = PLAIN } = fresh;
    if (source.size === 0) return { bytes: { blobs: [] }, sameFiles: false };
    // The catalog has no files of the network bucket to share.
    if (isNetworkBucket(source)) return undefined;
    // Sealed anew, the bytes become another file, which can be with other nodes. A plain file is one wherever it is from.
    if (format !== PLAIN && (await layouts.isPlacedApart(call.bucket.name, source.bucket))) return undefined;
    const [blobs, extents] = await Promise.all([catalog.objects.blobs(source.id), catalog.objects.extents(source.id)]);
    if (extents.length === 0) {
      const bytes = { blobs, copied: true };
      if (source.durability.fid === undefined) return { bytes, sameFiles: false };
      // Its ETag is a FID already, which must be true of the copy.
      const shares = sharesFid(source.encryption, fresh);
      return shares === undefined ? undefined : { bytes, sameFiles: shares };
    }
    for (const { file, length, packed } of extents) {
      const row = await catalog.files.get(file);
      if (!row) throw new S3Error("OperationAborted", { message: "The source was deleted while it was being copied." });
      if (
        row.territory !== call.account.territory ||
        row.owner !== call.account.id ||
        (packed && layout === "own-file") ||
        !isInterchangeable(packed ? packedFormat(packed.length > length) : row.format, format)
      )
        return undefined;
    }
    return { bytes: { blobs, extents, copied: true }, sameFiles: true };
  }

  /**
   * The copy's checksum, by the requested algorithm, else the source's. A copy has no parts, so the checksum is of the
   * whole object: the source's own, one combined from its parts', or one computed by reading the bytes once.
   */
  private async checksum(
    call: BucketCall,
    { source, key }: OpenedSource,
    asked: ChecksumAlgorithm | undefined,
  ): Promise<Checksum | undefined> {
    const { checksum, parts = [] } = source;
    const algorithm = asked ?? checksum?.algorithm;
    if (algorithm === undefined) return undefined;
    if (checksum?.algorithm === algorithm && checksum.type === "FULL_OBJECT") return checksum;
    const combined = combinedChecksum(algorithm, parts);
    if (combined) return combined;
    // S3 does not copy larger objects, and reading them would take hours.
    if (asked === undefined && source.size > LIMITS.putBytes) return checksum;
    const stream = await this.components.bytes.open(source, { start: 0, end: source.size }, call, key);
    const hashing = this.components.digests.over(stream, new Set([algorithm]), source.size);
    let step = await hashing.next();
    while (step.done !== true) step = await hashing.next();
    return { algorithm, type: "FULL_OBJECT", value: step.value.get(algorithm)?.toString("base64") ?? "" };
  }

  /** Stages the bytes again, charged to the call's territory and encrypted as requested for the copy. */
  private async restage(
    call: BucketCall,
    key: string,
    members: Omit<VersionMembers, "etag">,
    request: CopyRequest,
    { source, key: dataKey }: OpenedSource,
  ): Promise<ObjectVersion> {
    const { catalog, staging, quota, bytes, onWork } = this.components;
    if (source.size > LIMITS.putBytes) {
      throw new S3Error("InvalidRequest", {
        message: `The specified copy source is larger than the maximum allowable size for a copy source: ${LIMITS.putBytes}`,
      });
    }
    const release = await quota.admit(call.account, source.size, members.format, members.layout, call.waits);
    try {
      const stream = await bytes.open(source, { start: 0, end: source.size }, call, dataKey);
      const algorithm = request.checksumAlgorithm ?? source.checksum?.algorithm ?? "CRC64NVME";
      const body = { stream, size: source.size, announced: {}, trailer: () => ({}) };
      const ingested = await ingest(this.components, body, { signal: call.client.signal, algorithm });
      const { blob, md5 } = ingested;
      const checksum = ingestedChecksum(ingested, algorithm);
      const requireRoom = await quota.recheck(call.account, source.size, members.format, members.layout, call.waits);
      const written = await staging.commit([blob], () =>
        catalog.objects.put(
          newVersion(call, key, { ...members, etag: md5, checksum, requireRoom }),
          { blobs: [{ blob, offset: 0, length: source.size }] },
          request.preconditions,
        ),
      );
      onWork();
      return written.version;
    } finally {
      release();
    }
  }
}

/** The copy's headers: the source's, but storage class and website redirect only from the request. */
function contentOfCopy(content: ContentHeaders, own: CopyRequest["own"]): ContentHeaders {
  const kept = Object.entries(content).filter(
    ([name]) => name !== "storageClass" && name !== "websiteRedirectLocation",
  );
  const named = Object.entries(own ?? {}).filter(([, value]) => value !== "STANDARD");
  return Object.fromEntries([...kept, ...named]);
}

/**
 * Whether a copy onto itself changes nothing. A copy of an older version onto its own key is how S3 restores that
 * version.
 */
function isSelfCopy(
  key: string,
  { name, versioning }: Bucket,
  { source, replaceMetadata, own, encryption }: CopyRequest,
): boolean {
  const changes =
    replaceMetadata !== undefined ||
    encryption !== undefined ||
    own?.storageClass !== undefined ||
    own?.websiteRedirectLocation !== undefined;
  const restores = source.versionId !== undefined && versioning !== undefined;
  return source.bucket === name && source.key === key && !changes && !restores;
}

function illegalSelfCopy(): S3Error {
  return new S3Error("InvalidRequest", {
    message:
      "This copy request is illegal because it is trying to copy an object to itself without changing the " +
      "object's metadata, storage class, website redirect location or encryption attributes.",
  });
}
