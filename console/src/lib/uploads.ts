import { batch, computed, signal, type Signal } from "@preact/signals";
import { Failure, isAbort, words } from "./failure.js";
import { checksumHeader, hexToBase64, type S3 } from "./s3.js";
import { endedBy } from "./session.js";
import { childrenOf, escapeXml, textOf, XMLNS } from "./xml.js";
import { Slots } from "./slots.js";
import { BegunUploads, partBytes, partsOf, WHOLE_BYTES, type Begun, type Part } from "./upload-plan.js";

export type UploadState = "waiting" | "running" | "paused" | "done" | "failed";

/** Requests at a time, and parts of one file. Browsers have six connections for an origin; some are for the page. */
const REQUESTS = new Slots(5);
const FILES = new Slots(5);
/** Waits before further tries of one request, ms. */
const RETRIES_MS = [500, 1000, 2000, 4000, 8000];

export const begun = new BegunUploads(localStorage);
export const uploads = signal<readonly UploadTask[]>([]);

/** All together, for the bar at the edge. */
export const totals = computed(() => {
  let [size, sent, open, done, failed] = [0, 0, 0, 0, 0];
  for (const each of uploads.value) {
    size += each.file.size;
    sent += each.sent.value;
    const state = each.state.value;
    if (state === "done") done++;
    else if (state === "failed") failed++;
    else open++;
  }
  return { size, sent, open, done, failed, count: uploads.value.length };
});

/** Counts uploads that have ended, so that listings can look again. */
export const finished = signal(0);

/** One file on its way. */
export class UploadTask {
  readonly state: Signal<UploadState> = signal<UploadState>("waiting");
  readonly sent = signal(0);
  /** Bytes that the gateway had already, when the upload went on after a reload. */
  readonly skipped = signal(0);
  readonly failure = signal("");
  private abort = new AbortController();
  private upload: Begun | undefined;

  constructor(
    private readonly s3: S3,
    readonly bucket: string,
    readonly key: string,
    readonly file: File,
  ) {}

  start(): void {
    if (this.state.value === "running" || this.state.value === "done") return;
    this.abort = new AbortController();
    batch(() => {
      this.state.value = "waiting";
      this.failure.value = "";
    });
    const { signal } = this.abort;
    void FILES.run(() => this.run(signal));
  }

  /** What was sent stays with the gateway. */
  pause(): void {
    if (this.state.value !== "running" && this.state.value !== "waiting") return;
    this.state.value = "paused";
    this.abort.abort();
  }

  /** The gateway forgets the parts. */
  async cancel(): Promise<void> {
    this.abort.abort();
    uploads.value = uploads.value.filter((each) => each !== this);
    if (this.upload) await discard(this.s3, this.upload);
  }

  private async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.state.value = "running";
    try {
      if (this.file.size <= WHOLE_BYTES) await this.sendWhole(signal);
      else await this.sendParts(signal);
      batch(() => {
        this.sent.value = this.file.size;
        this.state.value = "done";
        finished.value++;
      });
    } catch (error) {
      if (isAbort(error)) return;
      endedBy(error);
      batch(() => {
        this.state.value = "failed";
        this.failure.value = words(error);
      });
    }
  }

  private async sendWhole(signal: AbortSignal): Promise<void> {
    const { bucket, key, file } = this;
    const type = file.type === "" ? {} : { "content-type": file.type };
    await REQUESTS.run(() =>
      retried(signal, async () => {
        const digest = await digestOf(file);
        const headers = { ...type, ...(digest !== undefined && checksumHeader(digest)) };
        const onProgress = (sent: number) => (this.sent.value = sent);
        await this.s3.upload({
          bucket,
          key,
          headers,
          body: file,
          onProgress,
          signal,
          ...(digest !== undefined && { digest }),
        });
      }),
    );
  }

  private async sendParts(signal: AbortSignal): Promise<void> {
    const { file } = this;
    this.upload ??= begun.find({ ...this.place, size: file.size, modified: file.lastModified });
    let there = this.upload && (await this.listParts(this.upload, signal));
    if (!there) {
      this.upload = await this.create();
      there = new Map();
    }
    const upload = this.upload as Begun;
    const progress = new Map<number, number>();
    const tell = (part: Part, sent: number) => {
      progress.set(part.number, sent);
      this.sent.value = [...progress.values()].reduce((sum, each) => sum + each, 0);
    };
    const kept = there;
    const sent = await Promise.all(
      partsOf(file.size, upload.partBytes).map((part) =>
        REQUESTS.run(async () => {
          signal.throwIfAborted();
          const body = file.slice(part.start, part.end);
          const digest = await digestOf(body);
          const old = kept.get(part.number);
          if (
            old?.size === body.size &&
            (!upload.hashed || (digest !== undefined && old.sha256 === hexToBase64(digest)))
          ) {
            tell(part, body.size);
            this.skipped.value += body.size;
            return { part, etag: old.etag, digest };
          }
          const etag = await this.sendPart(upload, part, body, digest, (count) => tell(part, count), signal);
          tell(part, body.size);
          return { part, etag, digest };
        }),
      ),
    );
    const list = sent.map(
      ({ part, etag, digest }) =>
        `<Part><PartNumber>${part.number}</PartNumber><ETag>${escapeXml(etag)}</ETag>${
          upload.hashed && digest !== undefined ? `<ChecksumSHA256>${hexToBase64(digest)}</ChecksumSHA256>` : ""
        }</Part>`,
    );
    const { bucket, key } = this;
    const query = { uploadId: upload.uploadId };
    const body = `<CompleteMultipartUpload ${XMLNS}>${list.join("")}</CompleteMultipartUpload>`;
    await retried(signal, () => this.s3.xml({ method: "POST", bucket, key, query, body, signal }));
    begun.remove(upload.uploadId);
  }

  private get place() {
    return { accessKeyId: this.s3.credentials.accessKeyId, bucket: this.bucket, key: this.key };
  }

  private async create(): Promise<Begun> {
    const { bucket, key, file } = this;
    const hashed = canHash;
    const headers = {
      ...(file.type === "" ? {} : { "content-type": file.type }),
      ...(hashed && { "x-amz-checksum-algorithm": "SHA256" }),
    };
    const root = await this.s3.xml({ method: "POST", bucket, key, query: { uploads: "" }, headers });
    const made: Begun = {
      ...this.place,
      uploadId: textOf(root, "UploadId"),
      size: file.size,
      modified: file.lastModified,
      partBytes: partBytes(file.size),
      hashed,
      started: Date.now(),
    };
    begun.add(made);
    return made;
  }

  /** What the gateway has of an upload; undefined when it knows it no more. */
  private async listParts(upload: Begun, signal: AbortSignal) {
    const parts = new Map<number, { size: number; etag: string; sha256: string }>();
    const { bucket, key } = this;
    let marker: string | undefined;
    try {
      do {
        const query = { uploadId: upload.uploadId, "part-number-marker": marker };
        const root = await this.s3.xml({ method: "GET", bucket, key, query, signal });
        for (const part of childrenOf(root, "Part"))
          parts.set(Number(textOf(part, "PartNumber")), {
            size: Number(textOf(part, "Size")),
            etag: textOf(part, "ETag"),
            sha256: textOf(part, "ChecksumSHA256"),
          });
        marker = textOf(root, "IsTruncated") === "true" ? textOf(root, "NextPartNumberMarker") : undefined;
      } while (marker !== undefined);
      return parts;
    } catch (error) {
      if (!(error instanceof Failure && error.code === "NoSuchUpload")) throw error;
      begun.remove(upload.uploadId);
      return undefined;
    }
  }

  private async sendPart(
    upload: Begun,
    part: Part,
    body: Blob,
    digest: string | undefined,
    onProgress: (sent: number) => void,
    signal: AbortSignal,
  ): Promise<string> {
    const { bucket, key } = this;
    const headers = await retried(signal, () =>
      this.s3.upload({
        bucket,
        key,
        query: { partNumber: String(part.number), uploadId: upload.uploadId },
        headers: upload.hashed && digest !== undefined ? checksumHeader(digest) : {},
        body,
        onProgress,
        signal,
        ...(digest !== undefined && { digest }),
      }),
    );
    return headers.get("etag") ?? "";
  }
}

/** Ends an upload that was begun: its parts are removed. */
export async function discard(s3: S3, { bucket, key, uploadId }: Begun): Promise<void> {
  begun.remove(uploadId);
  await s3.ask({ method: "DELETE", bucket, key, query: { uploadId } }).catch(() => undefined);
}

/** Adds files, and starts them. `name` of each is its path below the prefix. */
export function upload(s3: S3, bucket: string, prefix: string, files: readonly { name: string; file: File }[]): void {
  const tasks = files.map(({ name, file }) => new UploadTask(s3, bucket, `${prefix}${name}`, file));
  uploads.value = [...uploads.value, ...tasks];
  for (const task of tasks) task.start();
}

/** WebCrypto is there on secure origins alone: elsewhere bodies are not covered by the signature. */
const canHash = (crypto as Partial<Crypto>).subtle !== undefined;

async function digestOf(body: Blob): Promise<string | undefined> {
  if (!canHash) return undefined;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await body.arrayBuffer()));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Tries again what may go better later. */
async function retried<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const wait = RETRIES_MS[attempt];
      const worth = error instanceof Failure && (error.status === 0 || error.status >= 500);
      if (!worth || wait === undefined) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
      signal.throwIfAborted();
    }
  }
}

addEventListener("beforeunload", (event) => {
  if (totals.value.open > 0) event.preventDefault();
});
