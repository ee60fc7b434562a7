import { createHash } from "node:crypto";
import type { Catalog } from "../../catalog/catalog.js";
import type { Checksum } from "../../model/checksum.js";
import type { Clock } from "../../model/clock.js";
import { damageOf } from "../../model/damage.js";
import { isProblem } from "../../model/errors.js";
import { S3Error } from "../s3-error.js";
import { PLAIN } from "../../model/file.js";
import type { Fid } from "../../model/hash.js";
import type { Layout } from "../../model/layout.js";
import type { Part, Upload } from "../../model/object.js";
import type { UploadPreprocessing } from "../../preprocessing/preprocessing.js";
import type { ObjectLayout } from "../ingest/object-layout.js";
import type { StorageQuota } from "../ingest/storage-quota.js";
import type { QuotaCheck } from "../ingest/quota-check.js";
import { listedParts, totalSize } from "./completion-request.js";
import type { Expiries } from "../buckets/expiries.js";
import type { Account } from "../../model/account.js";
import type { BucketCall } from "../call.js";
import type { CompletedUpload, CompleteRequest, MultipartEtag } from "./uploads.js";
import type { NotificationService } from "../buckets/notification-service.js";
import { uploadLock } from "../objects/lock-service.js";
import { requirePreconditions } from "../objects/write-precondition.js";
import type { Staging } from "../ingest/staging.js";
import { wholeChecksum } from "./upload-checksum.js";
import { defined } from "../../model/defined.js";
import { newVersion } from "../objects/new-version.js";

export interface CompletionComponents {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly staging: Staging;
  readonly quota: QuotaCheck;
  readonly storageQuota: StorageQuota;
  readonly preprocessing: UploadPreprocessing;
  readonly expiries: Expiries;
  readonly layouts: ObjectLayout;
  readonly notifications: NotificationService;
  readonly onWork: () => void;
}

/** Limit of completions that run at the same time. Further ones get SlowDown. */
const MAX_RUNS = 1024;

/** A completion that was checked and can begin. */
interface Plan {
  readonly call: BucketCall;
  readonly payer: Account;
  readonly upload: Upload;
  readonly request: CompleteRequest;
  readonly parts: readonly Part[];
  readonly checksum: Checksum | undefined;
  readonly layout: Layout;
}

interface Run {
  readonly upload: string;
  readonly abort: AbortController;
  readonly result: Promise<CompletedUpload>;
}

/**
 * CompleteMultipartUpload. If the ETag has the FID, the segments are hashed that were not prepared while parts arrived;
 * the rest of the encoding is a job's, as it is for PutObject. It continues when its client hangs up, because the client
 * will send the request again. Equal requests share one run, and later ones get the result that the catalog keeps.
 * Because runs outlive their requests, they have a limit of their own.
 */
export class UploadCompletion {
  private readonly runs = new Map<string, Run>();

  constructor(
    private readonly components: CompletionComponents,
    private readonly settings: { readonly multipartEtag: MultipartEtag },
  ) {}

  /** See Uploads.complete. */
  async complete(
    call: BucketCall,
    payer: Account,
    upload: Upload,
    request: CompleteRequest,
  ): Promise<{ readonly result: Promise<CompletedUpload> }> {
    const { catalog } = this.components;
    const { id: uploadId, bucket, key: objectKey } = upload;
    if (upload.state !== "open") {
      const known = upload.state === "completed" ? await this.earlierResult(upload, request) : undefined;
      if (!known) throw noSuchUpload(uploadId);
      return { result: Promise.resolve(known) };
    }
    const key = JSON.stringify([uploadId, request]);
    const running = this.runs.get(key);
    if (running) return { result: running.result };
    const parts = listedParts(request, await catalog.uploads.parts(uploadId));
    const checksum = await wholeChecksum(upload, parts, request);
    await requirePreconditions(catalog, bucket, objectKey, request.preconditions);
    // The bytes count since the parts were uploaded.
    await this.components.storageQuota.requireObject(call.bucket, objectKey, 0);
    const layout = await this.layout(upload, this.form(request), totalSize(parts));
    const release = await this.components.quota.admit(payer, totalSize(parts), upload.format, layout, call.waits);
    return { result: this.start(key, { call, payer, upload, request, parts, checksum, layout }, release) };
  }

  /** Ends the runs of an upload that was aborted, with NoSuchUpload. */
  abort(uploadId: string): void {
    for (const run of this.runs.values()) if (run.upload === uploadId) run.abort.abort(noSuchUpload(uploadId));
  }

  private start(key: string, plan: Plan, release: () => void): Promise<CompletedUpload> {
    // Another request may have started the run meanwhile. From here to `set` nothing is awaited.
    const running = this.runs.get(key);
    if (running) {
      release();
      return running.result;
    }
    if (this.runs.size >= MAX_RUNS) {
      release();
      throw new S3Error("SlowDown", { message: "Too many uploads are being completed. Try again." });
    }
    const abort = new AbortController();
    const result = this.run(plan, abort.signal).finally(() => {
      this.runs.delete(key);
      release();
    });
    // If the client is gone, nothing else handles the rejection.
    result.catch(() => undefined);
    this.runs.set(key, { upload: plan.upload.id, abort, result });
    return result;
  }

  private async run(plan: Plan, signal: AbortSignal): Promise<CompletedUpload> {
    const { preprocessing, onWork } = this.components;
    const { upload, request } = plan;
    try {
      const completed = await this.store(plan, signal);
      preprocessing.forget(upload.id);
      onWork();
      return completed;
    } catch (error) {
      const raced = signal.aborted || isProblem(error, "noUpload");
      if (!raced) throw error;
      // Another request completed or aborted the upload meanwhile. An equal completion has the same result.
      const known = await this.earlierResult(upload, request);
      if (known) return known;
      throw noSuchUpload(upload.id);
    }
  }

  private async store(plan: Plan, signal: AbortSignal): Promise<CompletedUpload> {
    const { call, payer, upload, request, parts, checksum, layout } = plan;
    const { catalog, staging, preprocessing, expiries, notifications, storageQuota, quota } = this.components;
    const content = parts.filter(({ size }) => size > 0).map(({ blob, size }) => ({ blob, offset: 0, length: size }));
    const form = this.form(request);
    const promised = form !== "md5-parts" && content.length > 0;
    const settings = { format: upload.format ?? PLAIN };
    const fid = await this.checked(parts, async () => {
      if (promised) return preprocessing.rootOf(upload.id, content, settings, signal);
      await preprocessing.check(upload.id, content, signal);
      return undefined;
    });
    const { bucket, key, content: headers, metadata, tags, acl, encryption } = upload;
    const found = await catalog.buckets.get(bucket);
    if (!found) throw new S3Error("NoSuchBucket", { resource: bucket });
    const { lock } = await uploadLock(this.components, found, upload.lock);
    const { outboxEvent } = await notifications.outboxEvent(call, key, "s3:ObjectCreated:CompleteMultipartUpload");
    const version = newVersion(call, key, {
      size: totalSize(parts),
      layout,
      etag: etagOf(form, parts, fid),
      content: headers,
      metadata,
      tags,
      acl,
      lock,
      encryption,
      checksum,
      parts: parts.map(({ partNumber, size, checksum }) => defined({ partNumber, size, checksum })),
      fid,
      outboxEvent,
      accountQuota: storageQuota.ofAccount(call.bucket.owner),
      requireRoom: await quota.recheck(payer, totalSize(parts), upload.format, layout, call.waits),
    });
    const written = await staging.commit([], () =>
      catalog.uploads.complete(upload.id, version, parts, request.preconditions),
    );
    const { expiry } = await expiries.versionExpiry(written.version);
    const { versionId, durability } = written.version;
    const { chargedBytes } = durability;
    return defined({ etag: version.etag, versionId, checksum, encryption, expiry, chargedBytes });
  }

  /** Names the part whose bytes are damaged. */
  private async checked<T>(parts: readonly Part[], read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      const blobs = new Set<string>(damageOf(error)?.slices.map(({ blob }) => blob));
      const part = parts.find(({ blob }) => blobs.has(blob));
      if (!part) throw error;
      throw new S3Error("InternalError", {
        message: `The bytes of part ${part.partNumber} that are staged on the gateway's disk are damaged. Upload the part again.`,
        fields: { PartNumber: String(part.partNumber) },
        cause: error,
      });
    }
  }

  /** A FID that is the ETag is that of a file of its own. */
  private async layout({ bucket, metadata, format }: Upload, form: MultipartEtag, size: number): Promise<Layout> {
    if (form !== "md5-parts") return "own-file";
    return (await this.components.layouts.of(bucket, metadata, format))(size);
  }

  private form({ etag }: CompleteRequest): MultipartEtag {
    return etag ?? this.settings.multipartEtag;
  }

  /** The result of an earlier completion with the same parts. */
  private async earlierResult(
    { id, encryption }: Upload,
    request: CompleteRequest,
  ): Promise<CompletedUpload | undefined> {
    const result = await this.components.catalog.uploads.result(id);
    if (!result) return undefined;
    const { partEtags, ...completed } = result;
    const same =
      partEtags.length === request.parts.length &&
      request.parts.every(({ etag }, place) => etag.toLowerCase() === partEtags[place]);
    return same ? defined({ ...completed, encryption }) : undefined;
  }
}

function etagOf(form: MultipartEtag, parts: readonly Part[], fid: Fid | undefined): string {
  if (fid !== undefined) return form === "fid" ? fid : `${fid}-${parts.length}`;
  const md5 = createHash("md5");
  for (const { etag } of parts) md5.update(Buffer.from(etag, "hex"));
  return `${md5.digest("hex")}-${parts.length}`;
}

export function noSuchUpload(uploadId: string): S3Error {
  return new S3Error("NoSuchUpload", { resource: uploadId, fields: { UploadId: uploadId } });
}
