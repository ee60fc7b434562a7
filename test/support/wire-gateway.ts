import type { CessGateway } from "../../src/gateway/cess-gateway.js";
import type { Gateway, Objects, Uploads } from "../../src/gateway/gateway.js";
import type { Durability, ObjectVersion } from "../../src/model/object.js";

/** The real gateway, where tests of the wire can hold up what takes long and say how far objects are on their way. */
export class WireGateway implements Gateway {
  /** What every object says of itself; what is so where undefined. */
  durability: Durability | undefined;
  /** How long CompleteMultipartUpload and copies take; a rejection becomes their late error. */
  completing: () => Promise<void> = () => Promise.resolve();
  /** The signal of the last call that was permitted, for tests of clients that go away. */
  signal: AbortSignal | undefined;

  constructor(private readonly cess: CessGateway) {}

  readonly access: Gateway["access"] = {
    permit: (call) => {
      this.signal = call.client.signal;
      return this.cess.access.permit(call);
    },
  };
  get buckets() {
    return this.cess.buckets;
  }
  get documents() {
    return this.cess.documents;
  }
  get acls() {
    return this.cess.acls;
  }
  get versions() {
    return this.cess.versions;
  }
  get tagging() {
    return this.cess.tagging;
  }
  get locks() {
    return this.cess.locks;
  }
  get accessLogs() {
    return this.cess.accessLogs;
  }

  readonly objects: Objects = {
    put: async (...call) => this.told(await this.cess.objects.put(...call)),
    head: async (...call) => {
      const result = await this.cess.objects.head(...call);
      return { ...result, version: this.told(result.version) };
    },
    get: async (...call) => {
      const result = await this.cess.objects.get(...call);
      return { ...result, version: this.told(result.version) };
    },
    receipt: (...call) => this.cess.objects.receipt(...call),
    delete: (...call) => this.cess.objects.delete(...call),
    copy: async (...call) => {
      await this.completing();
      return this.cess.objects.copy(...call);
    },
    list: (...call) => this.cess.objects.list(...call),
  };

  readonly uploads: Uploads = {
    create: (...call) => this.cess.uploads.create(...call),
    putPart: (...call) => this.cess.uploads.putPart(...call),
    copyPart: async (...call) => {
      await this.completing();
      return this.cess.uploads.copyPart(...call);
    },
    complete: async (...call) => {
      const { result } = await this.cess.uploads.complete(...call);
      return { result: this.completing().then(() => result) };
    },
    abort: (...call) => this.cess.uploads.abort(...call),
    parts: (...call) => this.cess.uploads.parts(...call),
    list: (...call) => this.cess.uploads.list(...call),
  };

  private told<Version extends ObjectVersion>(version: Version): Version {
    return this.durability ? { ...version, durability: this.durability } : version;
  }
}
