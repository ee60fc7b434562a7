import { createHash, randomUUID } from "node:crypto";
import { crc32 } from "node:zlib";
import type {
  AccessLogs,
  Body,
  Buckets,
  Call,
  CompletedUpload,
  CompleteRequest,
  CopyRequest,
  Expected,
  Gateway,
  Lifecycles,
  Notifications,
  ListRequest,
  Locks,
  ObjectName,
  Objects,
  Permissions,
  PutSettings,
  ReadRequest,
  ReadResult,
  Tagging,
  Uploads,
  Versions,
  Websites,
} from "../../src/gateway/gateway.js";
import type { Bucket } from "../../src/model/bucket.js";
import { resolveRange } from "../../src/model/byte-range.js";
import { ByteStream } from "../../src/streams/byte-stream.js";
import type { Checksum } from "../../src/model/checksum.js";
import type { CorsRule } from "../../src/model/cors.js";
import { S3Error, type ErrorKind } from "../../src/gateway/s3-error.js";
import type { BlobId, Durability, ObjectVersion, Part, Upload } from "../../src/model/object.js";
import { checkRead, checkWrite, type Preconditions } from "../../src/model/precondition.js";

interface Stored {
  readonly version: ObjectVersion;
  readonly bytes: Buffer;
}
interface OpenUpload {
  readonly upload: Upload;
  readonly parts: Map<number, { readonly part: Part; readonly bytes: Buffer }>;
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const md5 = (bytes: Buffer, as: "hex" | "base64" = "hex") => createHash("md5").update(bytes).digest(as);

function checksumOf(algorithm: string, bytes: Buffer): string | undefined {
  if (algorithm === "SHA1" || algorithm === "SHA256")
    return createHash(algorithm.toLowerCase()).update(bytes).digest("base64");
  if (algorithm !== "CRC32") return undefined;
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString("base64");
}

function verify(bytes: Buffer, expected: Expected): void {
  if (expected.md5 !== undefined && md5(bytes, "base64") !== expected.md5) throw new S3Error("BadDigest");
  if (expected.sha256 !== undefined && createHash("sha256").update(bytes).digest("hex") !== expected.sha256)
    throw new S3Error("XAmzContentSHA256Mismatch");
  const computed = expected.checksum && checksumOf(expected.checksum.algorithm, bytes);
  if (computed !== undefined && computed !== expected.checksum?.value) throw new S3Error("BadDigest");
}

async function readBody(body: Body): Promise<{ bytes: Buffer; checksum: Checksum | undefined }> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body.stream) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  verify(bytes, body.announced);
  verify(bytes, body.trailer());
  const sent = body.announced.checksum ?? body.trailer().checksum;
  return { bytes, checksum: sent && { ...sent, type: "FULL_OBJECT" } };
}

/** A service of which only these reads are there. */
function onlyWith(reads: Readonly<Record<string, unknown>>): object {
  return new Proxy(reads, {
    get: (_, name) =>
      reads[String(name)] ?? (() => Promise.reject(new S3Error("NotImplemented", { message: String(name) }))),
  });
}

/** S3's meaning over maps: small, but it stores, lists and checks for real. For tests of the wire. */
export class MemoryGateway implements Gateway {
  /** What every object says of itself. */
  durability: Durability = { state: "staged", reports: 0 };
  /** How long CompleteMultipartUpload and copies take; a rejection becomes its late error. */
  completing: () => Promise<void> = () => Promise.resolve();
  /** The last call's signal, for tests of clients that go away. */
  signal: AbortSignal | undefined;
  corsRules: readonly CorsRule[] | undefined;
  private readonly bucketsByName = new Map<string, Bucket>();
  private readonly objectsByBucket = new Map<string, Map<string, Stored>>();
  private readonly openUploads = new Map<string, OpenUpload>();

  private objectsOf(call: Call, bucket: string): Map<string, Stored> {
    this.signal = call.signal;
    const found = this.objectsByBucket.get(bucket);
    if (!found) throw new S3Error("NoSuchBucket");
    if (this.bucketsByName.get(bucket)?.owner !== call.account.id) throw new S3Error("AccessDenied");
    return found;
  }

  readonly buckets: Buckets = {
    create: (call, name) => {
      if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) return Promise.reject(new S3Error("InvalidBucketName"));
      const found = this.bucketsByName.get(name);
      if (found && found.owner !== call.account.id) return Promise.reject(new S3Error("BucketAlreadyExists"));
      const bucket = found ?? { name, owner: call.account.id, region: "us-east-1", createdAt: Date.now() };
      this.bucketsByName.set(name, bucket);
      if (!found) this.objectsByBucket.set(name, new Map());
      return Promise.resolve(bucket);
    },
    permit: async (call, name) => {
      if (call.access?.operation !== "CreateBucket") await Promise.resolve(this.objectsOf(call, name));
    },
    get: async (call, name) => {
      await Promise.resolve(this.objectsOf(call, name));
      return this.bucketsByName.get(name)!;
    },
    list: (call) =>
      Promise.resolve(
        [...this.bucketsByName.values()]
          .filter(({ owner }) => owner === call.account.id)
          .sort((a, b) => byBytes(a.name, b.name)),
      ),
    delete: async (call, name) => {
      if (this.objectsOf(call, name).size > 0) throw new S3Error("BucketNotEmpty");
      this.bucketsByName.delete(name);
      await Promise.resolve(this.objectsByBucket.delete(name));
    },
  };

  private write(
    call: Call,
    { bucket, key }: ObjectName,
    bytes: Buffer,
    settings: PutSettings,
    etag: string,
    checksum?: Checksum,
  ): ObjectVersion {
    const objects = this.objectsOf(call, bucket);
    const outcome = checkWrite(settings.preconditions ?? {}, objects.get(key)?.version);
    if (outcome !== "proceed") throw new S3Error(outcome === "missing" ? "NoSuchKey" : "PreconditionFailed");
    const version: ObjectVersion = {
      id: randomUUID(),
      bucket,
      key,
      versionId: "null",
      isLatest: true,
      deleteMarker: false,
      size: bytes.length,
      etag,
      content: settings.content,
      metadata: settings.metadata,
      owner: call.account.id,
      createdAt: Date.now(),
      extents: [],
      durability: this.durability,
      ...(checksum ? { checksum } : {}),
    };
    objects.set(key, { version, bytes });
    return version;
  }

  private read(
    call: Call,
    { bucket, key, versionId }: ObjectName,
    request: ReadRequest,
  ): ReadResult & { bytes: Buffer } {
    const found = this.objectsOf(call, bucket).get(key);
    if (!found) throw new S3Error(versionId === undefined ? "NoSuchKey" : "NoSuchVersion");
    const { version, bytes } = found;
    const outcome = checkRead(request.preconditions, version);
    if (outcome !== "proceed")
      throw new S3Error(outcome === "failed" ? "PreconditionFailed" : "NotModified", {
        headers: { ETag: `"${version.etag}"` },
      });
    if (!request.range) return { version, bytes };
    const range = resolveRange(request.range, bytes.length);
    if (!range) throw new S3Error("InvalidRange", { headers: { "Content-Range": `bytes */${bytes.length}` } });
    return { version, range, bytes: bytes.subarray(range.start, range.end) };
  }

  readonly objects: Objects = {
    put: async (call, name, body, settings) => {
      this.objectsOf(call, name.bucket);
      const { bytes, checksum } = await readBody(body);
      return this.write(call, name, bytes, settings, md5(bytes), checksum);
    },
    head: async (call, name, request) => Promise.resolve(this.read(call, name, request)),
    get: async (call, name, request) => {
      const result = await Promise.resolve(this.read(call, name, request));
      return { ...result, body: ByteStream.of(result.bytes) };
    },
    delete: async (call, { bucket, key }, preconditions?: Preconditions) => {
      const objects = this.objectsOf(call, bucket);
      const outcome = checkWrite(preconditions ?? {}, objects.get(key)?.version);
      if (outcome !== "proceed") throw new S3Error(outcome === "missing" ? "NoSuchKey" : "PreconditionFailed");
      await Promise.resolve(objects.delete(key));
      return {};
    },
    copy: async (call, name, request: CopyRequest) => {
      await this.completing();
      const { version, bytes } = this.source(call, request.source, request.sourcePreconditions);
      const unchanged =
        !request.replaceMetadata &&
        request.own?.storageClass === undefined &&
        request.own?.websiteRedirectLocation === undefined;
      if (unchanged && request.source.bucket === name.bucket && request.source.key === name.key)
        throw new S3Error("InvalidRequest");
      const settings = request.replaceMetadata ?? { content: version.content, metadata: version.metadata };
      return this.write(
        call,
        name,
        bytes,
        { ...settings, ...(request.preconditions ? { preconditions: request.preconditions } : {}) },
        md5(bytes),
      );
    },
    list: async (call, bucket, request) => Promise.resolve(this.list(this.objectsOf(call, bucket), request)),
  };

  private source(call: Call, source: ObjectName, preconditions: Preconditions) {
    try {
      return this.read(call, source, { preconditions });
    } catch (failure) {
      if (failure instanceof S3Error && failure.kind === "NotModified") throw new S3Error("PreconditionFailed");
      throw failure;
    }
  }

  private list(objects: Map<string, Stored>, { prefix, delimiter, after, limit }: ListRequest) {
    const keys: ObjectVersion[] = [];
    const prefixes: string[] = [];
    let last = after;
    for (const key of [...objects.keys()].sort(byBytes)) {
      if (!key.startsWith(prefix)) continue;
      const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
      const entry = cut < 0 ? key : key.slice(0, cut + delimiter.length);
      if (byBytes(entry, after) <= 0 || entry === prefixes.at(-1)) continue;
      if (keys.length + prefixes.length >= limit) return { keys, prefixes, truncated: limit > 0, last };
      if (cut < 0) keys.push(objects.get(key)!.version);
      else prefixes.push(entry);
      last = entry;
    }
    return { keys, prefixes, truncated: false };
  }

  private open({ bucket, key }: ObjectName, id: string): OpenUpload {
    const found = this.openUploads.get(id);
    if (found?.upload.bucket !== bucket || found.upload.key !== key) throw new S3Error("NoSuchUpload");
    return found;
  }

  private putPart(name: ObjectName, id: string, partNumber: number, bytes: Buffer, checksum?: Checksum): Part {
    const part: Part = {
      partNumber,
      size: bytes.length,
      etag: md5(bytes),
      blob: randomUUID() as string as BlobId,
      createdAt: Date.now(),
      ...(checksum ? { checksum } : {}),
    };
    this.open(name, id).parts.set(partNumber, { part, bytes });
    return part;
  }

  private complete(call: Call, name: ObjectName, id: string, request: CompleteRequest): Promise<CompletedUpload> {
    const { upload, parts } = this.open(name, id);
    const pieces = request.parts.map(({ partNumber, etag }, i) => {
      if (i > 0 && partNumber <= request.parts[i - 1]!.partNumber) throw new S3Error("InvalidPartOrder");
      const found = parts.get(partNumber);
      if (found?.part.etag !== etag) throw new S3Error("InvalidPart");
      return found.bytes;
    });
    const bytes = Buffer.concat(pieces);
    this.signal = call.signal;
    return this.completing().then(() => {
      const version = this.write(
        call,
        name,
        bytes,
        { content: upload.content, metadata: upload.metadata },
        createHash("sha256").update(bytes).digest("hex"),
      );
      return { etag: version.etag, versionId: "null" };
    });
  }

  /** Buckets here are as they were created: nothing was ever configured. */
  private readonly unset = (refused: ErrorKind) => async (call: Call, bucket: string) => {
    await Promise.resolve(this.objectsOf(call, bucket));
    throw new S3Error(refused);
  };
  readonly permissions = onlyWith({
    policy: this.unset("NoSuchBucketPolicy"),
    policyIsPublic: this.unset("NoSuchBucketPolicy"),
    requestPayment: (call: Call, bucket: string) => this.buckets.get(call, bucket).then(() => "BucketOwner"),
    publicAccessBlock: this.unset("NoSuchPublicAccessBlockConfiguration"),
    ownership: this.unset("OwnershipControlsNotFoundError"),
  }) as Permissions;
  readonly versions = onlyWith({
    state: async (call: Call, bucket: string) => {
      await Promise.resolve(this.objectsOf(call, bucket));
      return undefined;
    },
  }) as Versions;
  readonly tagging = onlyWith({
    ofBucket: this.unset("NoSuchTagSet"),
    ofObject: async (call: Call, name: ObjectName) => {
      await Promise.resolve(this.read(call, name, { preconditions: {} }));
      return { tags: [] };
    },
  }) as Tagging;
  readonly locks = onlyWith({ configuration: this.unset("ObjectLockConfigurationNotFoundError") }) as Locks;
  readonly encryption = onlyWith({
    get: this.unset("ServerSideEncryptionConfigurationNotFoundError"),
  }) as Gateway["encryption"];
  readonly notifications = onlyWith({
    get: (call: Call, bucket: string) => this.buckets.get(call, bucket).then(() => ({ rules: [] })),
  }) as Notifications;
  readonly accessLogs = onlyWith({
    get: (call: Call, bucket: string) => this.buckets.get(call, bucket).then(() => undefined),
  }) as AccessLogs;
  readonly websites = onlyWith({ get: this.unset("NoSuchWebsiteConfiguration") }) as Websites;
  readonly lifecycles = onlyWith({ get: this.unset("NoSuchLifecycleConfiguration") }) as Lifecycles;

  readonly cors: Gateway["cors"] = {
    rules: () => Promise.reject(new S3Error("NoSuchCORSConfiguration")),
    set: (_call, _bucket, rules) => Promise.resolve(void (this.corsRules = rules)),
    delete: () => Promise.resolve(void (this.corsRules = undefined)),
    of: () => Promise.resolve(this.corsRules),
  };

  readonly uploads: Uploads = {
    create: async (call, { bucket, key }, { content, metadata }) => {
      await Promise.resolve(this.objectsOf(call, bucket));
      const upload: Upload = {
        id: randomUUID(),
        bucket,
        key,
        owner: call.account.id,
        createdAt: Date.now(),
        state: "open",
        content,
        metadata,
      };
      this.openUploads.set(upload.id, { upload, parts: new Map() });
      return upload;
    },
    putPart: async (call, name, id, partNumber, body) => {
      this.objectsOf(call, name.bucket);
      this.open(name, id);
      const { bytes, checksum } = await readBody(body);
      return this.putPart(name, id, partNumber, bytes, checksum);
    },
    copyPart: async (call, name, id, partNumber, { source, range, sourcePreconditions }) => {
      await this.completing();
      const { bytes } = this.source(call, source, sourcePreconditions);
      const wanted = range && resolveRange(range, bytes.length);
      if (range && !wanted) throw new S3Error("InvalidRange");
      return this.putPart(name, id, partNumber, wanted ? bytes.subarray(wanted.start, wanted.end) : bytes);
    },
    complete: async (call, name, id, request) => Promise.resolve({ result: this.complete(call, name, id, request) }),
    abort: async (_call, name, id) => {
      this.open(name, id);
      await Promise.resolve(this.openUploads.delete(id));
    },
    parts: async (_call, name, id, after, limit) => {
      const { upload, parts } = await Promise.resolve(this.open(name, id));
      const rest = [...parts.values()]
        .map(({ part }) => part)
        .filter(({ partNumber }) => partNumber > after)
        .sort((a, b) => a.partNumber - b.partNumber);
      return { upload, parts: rest.slice(0, limit), truncated: rest.length > limit };
    },
    list: async (call, bucket, request) => {
      await Promise.resolve(this.objectsOf(call, bucket));
      const found = [...this.openUploads.values()]
        .map(({ upload }) => upload)
        .filter((upload) => upload.bucket === bucket && upload.key.startsWith(request.prefix))
        .sort((a, b) => byBytes(a.key, b.key))
        .filter(({ key }) => byBytes(key, request.keyMarker) > 0);
      const uploads = found.slice(0, request.limit);
      const last = uploads.at(-1);
      const truncated = found.length > uploads.length;
      return {
        uploads,
        prefixes: [],
        truncated,
        ...(truncated && last ? { nextKeyMarker: last.key, nextUploadIdMarker: last.id } : {}),
      };
    },
  };
}
