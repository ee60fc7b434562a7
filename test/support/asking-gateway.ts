import type {
  AccessRequest,
  BucketCall,
  Call,
  CompleteRequest,
  CopyPartRequest,
  CopyRequest,
  CreateUploadSettings,
  Gateway,
  ListRequest,
  NewBucket,
  ObjectName,
  PutSettings,
  ReadRequest,
  UploadCall,
  UploadListRequest,
  VersionListRequest,
  Body,
} from "../../src/gateway/gateway.js";
import type { DefaultEncryption } from "../../src/model/encryption.js";
import type { CustomerKey } from "../../src/model/encryption.js";
import type { Tag } from "../../src/model/tag.js";
import type { Preconditions } from "../../src/model/precondition.js";
import { deleteObjects } from "../../src/s3/operations/delete-objects.js";
import { DeferredResponse } from "../../src/s3/operation.js";
import { operations } from "../../src/s3/operations/table.js";

const rules = new Map(operations.map(({ name, access }) => [name, access]));

/** Asks a gateway as the wire does: what the operation's row says is decided first, then its service runs. */
export class AskingGateway {
  constructor(
    readonly gateway: Gateway,
    private readonly more: Partial<AccessRequest> = {},
  ) {}

  /** The same gateway, asked by requests that say more: no signature, a key with limits, an expected owner. */
  asking(more: Partial<AccessRequest>): AskingGateway {
    return new AskingGateway(this.gateway, { ...this.more, ...more });
  }

  private async permit(call: Call, operation: string, name: Partial<ObjectName>, uploadId?: string): Promise<Call> {
    const access: AccessRequest = {
      operation,
      rule: rules.get(operation)!,
      bucket: name.bucket ?? "",
      key: name.key ?? "",
      versionId: name.versionId,
      ...(uploadId === undefined ? {} : { uploadId }),
      furtherActions: [],
      anonymous: false,
      pays: false,
      conditions: () => undefined,
      ...this.more,
    };
    return this.gateway.access.permit({ ...call, access });
  }

  private async onBucket(call: Call, operation: string, name: Partial<ObjectName>): Promise<BucketCall> {
    return (await this.permit(call, operation, name)) as BucketCall;
  }

  private async onUpload(call: Call, operation: string, name: ObjectName, uploadId: string): Promise<UploadCall> {
    return (await this.permit(call, operation, name, uploadId)) as UploadCall;
  }

  readonly buckets = {
    create: async (call: Call, bucket: string, request?: NewBucket) =>
      this.gateway.buckets.create(await this.permit(call, "CreateBucket", { bucket }), bucket, request),
    get: async (call: Call, bucket: string) => (await this.onBucket(call, "HeadBucket", { bucket })).bucket,
    list: async (call: Call) => this.gateway.buckets.list(await this.permit(call, "ListBuckets", {})),
    delete: async (call: Call, bucket: string) =>
      this.gateway.buckets.delete(await this.onBucket(call, "DeleteBucket", { bucket })),
  };

  readonly encryption = {
    get: async (call: Call, bucket: string) =>
      this.gateway.documents.get(await this.onBucket(call, "GetBucketEncryption", { bucket }), "encryption"),
    set: async (call: Call, bucket: string, document: DefaultEncryption) =>
      this.gateway.documents.set(await this.onBucket(call, "PutBucketEncryption", { bucket }), "encryption", document),
  };

  readonly tagging = {
    set: async (call: Call, name: ObjectName, tags: readonly Tag[]) =>
      this.gateway.tagging.set(await this.onBucket(call, "PutObjectTagging", name), name, tags),
    setOfBucket: async (call: Call, bucket: string, tags: readonly Tag[]) =>
      this.gateway.documents.set(await this.onBucket(call, "PutBucketTagging", { bucket }), "tagging", tags),
  };

  readonly locks = {
    setLegalHold: async (call: Call, name: ObjectName, hold: "ON" | "OFF") =>
      this.gateway.locks.setLegalHold(await this.onBucket(call, "PutObjectLegalHold", name), name, hold),
  };

  readonly objects = {
    put: async (call: Call, name: ObjectName, body: Body, settings: PutSettings) =>
      this.gateway.objects.put(await this.onBucket(call, "PutObject", name), name.key, body, settings),
    head: async (call: Call, name: ObjectName, request: ReadRequest) =>
      this.gateway.objects.head(await this.onBucket(call, "HeadObject", name), name, request),
    get: async (call: Call, name: ObjectName, request: ReadRequest) =>
      this.gateway.objects.get(await this.onBucket(call, "GetObject", name), name, request),
    delete: async (call: Call, name: ObjectName, preconditions?: Preconditions) =>
      this.gateway.objects.delete(await this.onBucket(call, "DeleteObject", name), name, preconditions),
    /** The operation itself: it asks about each key. */
    deleteAll: async (
      call: Call,
      bucket: string,
      objects: readonly { readonly Key: string; readonly VersionId?: string }[],
      bypass = false,
    ) => {
      const output = await deleteObjects.run(
        this.gateway,
        { Delete: { Objects: [...objects] }, BypassGovernanceRetention: bypass },
        await this.onBucket(call, "DeleteObjects", { bucket }),
      );
      return output instanceof DeferredResponse ? output.result : output;
    },
    copy: async (call: Call, name: ObjectName, request: CopyRequest) =>
      this.gateway.objects.copy(await this.onBucket(call, "CopyObject", name), name.key, request),
    list: async (call: Call, bucket: string, request: ListRequest) =>
      this.gateway.objects.list(await this.onBucket(call, "ListObjectsV2", { bucket }), request),
  };

  readonly versions = {
    list: async (call: Call, bucket: string, request: VersionListRequest) =>
      this.gateway.versions.list(await this.onBucket(call, "ListObjectVersions", { bucket }), request),
  };

  readonly uploads = {
    create: async (call: Call, name: ObjectName, settings: CreateUploadSettings) =>
      this.gateway.uploads.create(await this.onBucket(call, "CreateMultipartUpload", name), name.key, settings),
    putPart: async (call: Call, name: ObjectName, id: string, part: number, body: Body, customer?: CustomerKey) =>
      this.gateway.uploads.putPart(await this.onUpload(call, "UploadPart", name, id), part, body, customer),
    copyPart: async (call: Call, name: ObjectName, id: string, part: number, request: CopyPartRequest) =>
      this.gateway.uploads.copyPart(await this.onUpload(call, "UploadPartCopy", name, id), part, request),
    complete: async (call: Call, name: ObjectName, id: string, request: CompleteRequest, customer?: CustomerKey) =>
      this.gateway.uploads.complete(await this.onUpload(call, "CompleteMultipartUpload", name, id), request, customer),
    abort: async (call: Call, name: ObjectName, id: string) =>
      this.gateway.uploads.abort(await this.onUpload(call, "AbortMultipartUpload", name, id)),
    parts: async (call: Call, name: ObjectName, id: string, after: number, limit: number) =>
      this.gateway.uploads.parts(await this.onUpload(call, "ListParts", name, id), after, limit),
    list: async (call: Call, bucket: string, request: UploadListRequest) =>
      this.gateway.uploads.list(await this.onBucket(call, "ListMultipartUploads", { bucket }), request),
  };
}
