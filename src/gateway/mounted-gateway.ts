import { ANONYMOUS, type Account } from "../model/account.js";
import type { Bucket } from "../model/bucket.js";
import type { BucketCall, Call, RequestCall } from "./call.js";
import type { Access, AccessLogs, Acls, BucketDocumentStore, Buckets, Gateway, Locks } from "./gateway.js";
import type { Objects, Tagging, Uploads, Versions } from "./gateway.js";
import { S3Error, toS3Error } from "./s3-error.js";

/** The buckets of another gateway, for reading. */
export interface Mount {
  /** The CESS account whose journals have them. */
  readonly account: string;
  /** Over the mount's catalog: nothing can be written to that. */
  readonly gateway: Gateway;
  /** Whom requests on its buckets are decided for, where that is not who asks. */
  readonly requester?: (account: Account) => Account;
  /** Whether it has the bucket, as of now. */
  has(bucket: string): Promise<boolean>;
}

/**
 * A gateway's own buckets, and those of mounts behind them: a bucket that it does not have itself is that of the first mount
 * that has it. Where a call goes is decided once, when it is permitted; what it may do there follows the mounted bucket's
 * own policy and ACLs, and nothing is changed. Requests on own buckets cost what they cost without mounts.
 */
export class MountedGateway implements Gateway {
  readonly access: Access;
  readonly buckets: Buckets;
  readonly documents: BucketDocumentStore;
  readonly acls: Acls;
  readonly objects: Objects;
  readonly uploads: Uploads;
  readonly versions: Versions;
  readonly tagging: Tagging;
  readonly locks: Locks;
  readonly accessLogs: AccessLogs;
  /** Buckets that calls were permitted on, by the catalog's own objects. */
  private readonly permitted = new WeakMap<Bucket, Gateway>();

  constructor(
    private readonly own: Gateway,
    /** The first one that has a bucket wins. */
    private readonly mounts: readonly Mount[],
  ) {
    this.access = { permit: (call) => this.permit(call) };
    this.accessLogs = own.accessLogs;
    this.acls = this.routed((gateway) => gateway.acls);
    this.versions = this.routed((gateway) => gateway.versions);
    this.tagging = this.routed((gateway) => gateway.tagging);
    this.locks = this.routed((gateway) => gateway.locks);
    this.documents = this.routed((gateway) => gateway.documents, {
      published: (bucket, name) =>
        this.ownOr(
          bucket,
          () => own.documents.published(bucket, name),
          (mount) => mount.gateway.documents.published(bucket, name),
        ),
    });
    this.buckets = this.routed((gateway) => gateway.buckets, { list: (call) => this.list(call) });
    this.objects = this.routed((gateway) => gateway.objects, {
      copy: (call, key, request) => this.copying(request.source.bucket, () => own.objects.copy(call, key, request)),
    });
    this.uploads = this.routed((gateway) => gateway.uploads, {
      copyPart: (call, part, request) =>
        this.copying(request.source.bucket, () => own.uploads.copyPart(call, part, request)),
    });
  }

  /** A service whose methods go where their call's bucket is, but for those that are given. */
  private routed<Service extends object>(of: (gateway: Gateway) => Service, given: Partial<Service> = {}): Service {
    const own = of(this.own);
    return new Proxy(own, {
      get: (_target, name) => {
        if (name in given) return Reflect.get(given, name) as unknown;
        return (...args: readonly unknown[]) => {
          const { bucket } = (args[0] ?? {}) as Partial<BucketCall>;
          const service = of((bucket && this.permitted.get(bucket)) ?? this.own);
          return Reflect.apply(Reflect.get(service, name) as (...args: unknown[]) => unknown, service, args);
        };
      },
    });
  }

  private async permit(call: RequestCall): Promise<Call> {
    const { rule, bucket } = call.access;
    if (rule.resource === "service") return this.own.access.permit(call);
    if (rule.resource === "newBucket") return this.permitCreation(call);
    return this.ownOr(
      bucket,
      () => this.own.access.permit(call),
      async (mount) => {
        const permitted = (await mount.gateway.access.permit(requesting(mount, call))) as BucketCall;
        if (!isRead(rule.action)) throw readOnly(bucket, mount);
        this.permitted.set(permitted.bucket, mount.gateway);
        return permitted;
      },
    );
  }

  /** What would hide a mounted bucket is not made. */
  private async permitCreation(call: RequestCall): Promise<Call> {
    const permitted = await this.own.access.permit(call);
    const { bucket } = call.access;
    const mount = await this.mountOf(bucket);
    if (!mount || (await this.has(bucket, call))) return permitted;
    throw new S3Error("BucketAlreadyExists", {
      resource: bucket,
      fields: { BucketName: bucket },
      message: `The bucket ${bucket} is mounted for reading from ${mount.account}. Choose another name.`,
    });
  }

  /** Whether the bucket is among the own ones: of whom it is shows when it is created again. */
  private async has(bucket: string, { account, client }: Call): Promise<boolean> {
    return (await this.own.buckets.list({ account, client })).some(({ name }) => name === bucket);
  }

  private async ownOr<T>(bucket: string, own: () => Promise<T>, mounted: (mount: Mount) => Promise<T>): Promise<T> {
    try {
      return await own();
    } catch (error) {
      if (!isMissing(error)) throw error;
      const mount = await this.mountOf(bucket);
      if (!mount) throw error;
      return mounted(mount);
    }
  }

  private async mountOf(bucket: string): Promise<Mount | undefined> {
    for (const mount of this.mounts) if (await mount.has(bucket)) return mount;
    return undefined;
  }

  private async list(call: Call): Promise<readonly Bucket[]> {
    const found = new Map<string, Bucket>();
    for (const bucket of await this.own.buckets.list(call)) found.set(bucket.name, bucket);
    for (const mount of this.mounts)
      for (const bucket of await mount.gateway.buckets.list(requesting(mount, call)))
        if (!found.has(bucket.name)) found.set(bucket.name, bucket);
    return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Files are not shared between catalogs: a copy out of a mount would have to be sent to the network anew. */
  private async copying<T>(source: string, copy: () => Promise<T>): Promise<T> {
    return this.ownOr(source, copy, (mount) =>
      Promise.reject(
        new S3Error("NotImplemented", {
          message: `The bucket ${source} is mounted for reading from ${mount.account}, and nothing is copied out of it on the gateway: get the object, and put it.`,
        }),
      ),
    );
  }
}

function requesting<C extends Call>({ requester }: Mount, call: C): C {
  // Nobody is not somebody.
  return requester && call.account.id !== ANONYMOUS.id ? { ...call, account: requester(call.account) } : call;
}

function isMissing(error: unknown): boolean {
  return toS3Error(error)?.kind === "NoSuchBucket";
}

function isRead(action: string): boolean {
  return action.startsWith("s3:Get") || action.startsWith("s3:List");
}

function readOnly(bucket: string, { account }: Mount): S3Error {
  return new S3Error("AccessDenied", {
    resource: bucket,
    message: `The bucket ${bucket} is mounted for reading from ${account}: nothing is changed here. Change it at the gateway that writes it.`,
  });
}
