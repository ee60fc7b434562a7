import { randomBytes } from "node:crypto";
import { resolveRange, type RangeRequest } from "../../model/byte-range.js";
import type { CustomerKey } from "../../model/encryption.js";
import { S3Error } from "../s3-error.js";
import { PLAIN } from "../../model/file.js";
import type { AbortSchedule } from "../../model/lifecycle.js";
import { NO_USAGE } from "../../model/quota.js";
import type { ObjectVersion, Part, Upload } from "../../model/object.js";
import type { UploadPreprocessing } from "../../preprocessing/preprocessing.js";
import { requireTags, TAG_LIMITS } from "../../model/tag.js";
import type { StorageComponents } from "../objects/storage-components.js";
import { payerOf } from "../access/accounts.js";
import type { BucketCall, UploadCall } from "../call.js";
import type { Body } from "../ingest/body.js";
import type {
  CompletedUpload,
  CompleteRequest,
  CopyPartRequest,
  CreateUploadSettings,
  PartListResult,
  StoredPart,
  UploadListRequest,
  UploadListResult,
  Uploads,
} from "./uploads.js";
import { ingest, ingestedChecksum, type Ingested } from "../ingest/ingest.js";
import { requireKey, requireMetadata, requirePartNumber } from "../limits.js";
import { newLock, requireLockDigest, uploadLock } from "../objects/lock-service.js";
import { newObjectAcl } from "../access/object-acl.js";
import { readableSource, type SourceComponents } from "../objects/copy-source.js";
import { whileReplaced } from "../objects/while-replaced.js";
import { requireChecksumType, uploadAlgorithm } from "./upload-checksum.js";
import { noSuchUpload, type UploadCompletion } from "./upload-completion.js";
import { defined } from "../../model/defined.js";

export interface UploadComponents extends StorageComponents, SourceComponents {
  readonly preprocessing: UploadPreprocessing;
  readonly completion: UploadCompletion;
}

/** Long enough that upload IDs cannot be guessed. */
const UPLOAD_ID_BYTES = 24;

export class UploadService implements Uploads {
  constructor(private readonly components: UploadComponents) {}

  async create(call: BucketCall, key: string, settings: CreateUploadSettings): Promise<Upload & AbortSchedule> {
    const { catalog, accounts, quota, encryption, expiries } = this.components;
    const { bucket } = call;
    requireKey(key);
    requireMetadata(settings.metadata);
    requireChecksumType(settings);
    requireTags(settings.tags ?? [], TAG_LIMITS.object);
    const acl = await newObjectAcl(this.components, call, settings.acl);
    const { lock: planned } = await newLock(this.components, bucket, settings.lock);
    this.components.leases.require(call, "The object is locked", planned?.retention?.until);
    const encrypted = await encryption.forNew(bucket.name, settings.encryption);
    // If the territory is full, the client learns it now and not after the first part.
    (await quota.admit(payerOf(accounts, call), 1, undefined, undefined, call.waits))();

    const { checksumAlgorithm, checksumType, content, metadata, tags, lock } = settings;
    const upload = await catalog.uploads.create(
      defined({
        id: randomBytes(UPLOAD_ID_BYTES).toString("base64url"),
        bucket: bucket.name,
        key,
        owner: call.account.id,
        content,
        metadata,
        tags,
        lock,
        acl,
        checksumAlgorithm,
        checksumType,
        ...encrypted,
      }),
    );
    return { ...upload, ...(await expiries.abortSchedule(upload)) };
  }

  async putPart(call: UploadCall, partNumber: number, body: Body, customer?: CustomerKey): Promise<StoredPart> {
    requirePartNumber(partNumber);
    const upload = openUpload(call);
    await this.components.encryption.requirePartKey(upload.encryption, customer);
    requireSameAlgorithm(upload, body);
    requireLockDigest((await uploadLock(this.components, call.bucket, upload.lock)).lock, body, "Put Part");
    return this.stage(this.charged(call), upload, partNumber, body);
  }

  async copyPart(
    call: UploadCall,
    partNumber: number,
    request: CopyPartRequest,
  ): Promise<StoredPart & { readonly sourceVersionId?: string }> {
    requirePartNumber(partNumber);
    const upload = openUpload(call);
    await this.components.encryption.requirePartKey(upload.encryption, request.customer);
    const { stream, size, sourceVersionId } = await this.openSource(call, request);
    try {
      const body = { stream, size, announced: {}, trailer: () => ({}) };
      const part = await this.stage(this.charged(call), upload, partNumber, body);
      return sourceVersionId === undefined ? part : { ...part, sourceVersionId };
    } finally {
      // If the part was refused before it was read, the source's blobs must not stay pinned.
      stream.close();
    }
  }

  private async openSource(call: UploadCall, request: CopyPartRequest) {
    const { bytes, encryption } = this.components;
    return whileReplaced(
      () => readableSource(this.components, call, request),
      async ({ version, sourceVersionId }) => {
        const key = await encryption.unlock(version.encryption, request.sourceCustomer);
        const { start, end } = copiedRange(version, request.range);
        const stream = await bytes.open(version, { start, end }, call, key);
        return { stream, size: end - start, sourceVersionId };
      },
    );
  }

  async complete(
    call: UploadCall,
    request: CompleteRequest,
    customer?: CustomerKey,
  ): Promise<{ readonly result: Promise<CompletedUpload> }> {
    const upload = requireUpload(call);
    const { accounts, completion, encryption } = this.components;
    if (customer) await encryption.requirePartKey(upload.encryption, customer);
    return completion.complete(call, payerOf(accounts, call), upload, request);
  }

  async abort(call: UploadCall): Promise<void> {
    const { catalog, staging, preprocessing, completion } = this.components;
    const { id } = requireUpload(call);
    await staging.commit([], () => catalog.uploads.abort(id));
    completion.abort(id);
    preprocessing.forget(id);
  }

  async parts(call: UploadCall, after: number, limit: number): Promise<PartListResult> {
    const open = openUpload(call);
    const upload = { ...open, ...(await this.components.expiries.abortSchedule(open)) };
    if (limit <= 0) return { upload, parts: [], truncated: false };
    // One more part than requested shows whether the page is truncated.
    const parts = await this.components.catalog.uploads.parts(open.id, after, limit + 1);
    return { upload, parts: parts.slice(0, limit), truncated: parts.length > limit };
  }

  async list({ bucket }: BucketCall, request: UploadListRequest): Promise<UploadListResult> {
    const { entries, truncated } = await this.components.catalog.uploads.list({ bucket: bucket.name, ...request });
    const last = entries.at(-1);
    const next =
      last?.kind === "upload"
        ? { nextKeyMarker: last.upload.key, nextUploadIdMarker: last.upload.id }
        : { nextKeyMarker: last?.prefix ?? "", nextUploadIdMarker: "" };
    return {
      uploads: entries.flatMap((entry) => (entry.kind === "upload" ? [entry.upload] : [])),
      prefixes: entries.flatMap((entry) => (entry.kind === "prefix" ? [entry.prefix] : [])),
      truncated,
      ...(truncated && last ? next : {}),
    };
  }

  /** The call with the account that pays for the upload: the bucket owner's. */
  private charged<Permitted extends BucketCall>(call: Permitted): Permitted {
    return { ...call, account: payerOf(this.components.accounts, call) };
  }

  /** Stages the part's bytes, writes its row, and lets preprocessing continue. */
  private async stage(call: BucketCall, upload: Upload, partNumber: number, body: Body): Promise<StoredPart> {
    const { catalog, staging, quota, storageQuota, preprocessing } = this.components;
    const releases: (() => void)[] = [];
    const admit = async (size: number): Promise<void> => {
      await storageQuota.require(call.bucket, { uploadBytes: size }, async () => {
        const [part] = await catalog.uploads.parts(upload.id, partNumber - 1, 1);
        return part?.partNumber === partNumber ? { ...NO_USAGE, uploadBytes: part.size } : undefined;
      });
      const bytes = (await catalog.uploads.size(upload.id)) + size;
      releases.push(await quota.admit(call.account, bytes, upload.format, undefined, call.waits));
    };
    try {
      if (body.size !== undefined) await admit(body.size);
      const algorithm = uploadAlgorithm(upload);
      const late = body.size === undefined ? admit : undefined;
      const options = defined({ signal: call.client.signal, algorithm, admit: late });
      const ingested = await ingest(this.components, body, options);
      const { blob, size, md5 } = ingested;
      const checksum = ingestedChecksum(ingested, algorithm);
      const { part } = await staging.commit([blob], () =>
        catalog.uploads.putPart(
          upload.id,
          defined({ partNumber, size, etag: md5, blob, checksum }),
          storageQuota.ofAccount(call.bucket.owner),
        ),
      );
      preprocessing.advance(upload.id, upload.format ?? PLAIN, partNumber);
      return defined({ ...withSentChecksum(part, ingested), encryption: upload.encryption });
    } finally {
      for (const release of releases) release();
    }
  }
}

/** The upload of a call, in any state. NoSuchUpload. */
function requireUpload({ access, upload }: UploadCall): Upload {
  if (!upload) throw noSuchUpload(access?.uploadId ?? "");
  return upload;
}

/** The open upload of a call. NoSuchUpload. */
function openUpload(call: UploadCall): Upload {
  const upload = requireUpload(call);
  if (upload.state !== "open") throw noSuchUpload(upload.id);
  return upload;
}

/** InvalidRequest for a part whose checksum has another algorithm than its upload was created with, as in S3. */
function requireSameAlgorithm({ checksumAlgorithm: expected }: Upload, { announced }: Body): void {
  const actual = announced.checksum?.algorithm ?? announced.algorithm;
  if (expected === undefined || actual === undefined || actual === expected) return;
  throw new S3Error("InvalidRequest", {
    message: `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ${actual.toLowerCase()}`,
  });
}

/** The part with the checksum that the client sent, for the answer. The catalog keeps one by the upload's algorithm. */
function withSentChecksum(part: Part, ingested: Ingested): Part {
  const checksum = ingested.sent && ingestedChecksum(ingested, ingested.sent);
  return checksum ? { ...part, checksum } : part;
}

/** x-amz-copy-source-range must be `bytes=first-last`, with both inside the source. InvalidArgument. */
function copiedRange(
  { size }: ObjectVersion,
  request: RangeRequest | undefined,
): { readonly start: number; readonly end: number } {
  if (!request) return { start: 0, end: size };
  const range = resolveRange(request, size);
  if (!range || "suffix" in request || request.last === undefined || request.last >= size) {
    throw new S3Error("InvalidArgument", {
      message: `Range specified is not valid for source object of size: ${size}`,
      fields: { ArgumentName: "x-amz-copy-source-range" },
    });
  }
  return range;
}
