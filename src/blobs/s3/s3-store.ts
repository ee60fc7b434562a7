import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import type { ByteRange } from "../../model/byte-range.js";
import { MIB } from "../../model/sizes.js";
import { Since } from "../fresh-blobs.js";
import { asStagingFailure, isMissingObject, isOutsideObject } from "./s3-errors.js";

/** Bytes of each part of a large body. A body of at most so many is one request. */
export const PART_BYTES = 8 * MIB;
/** Parts of one body on their way at a time. */
export const PARTS_AT_ONCE = 2;
/** Times that one request is tried. */
const ATTEMPTS = 4;
/** Times that a read goes on after it was cut off without having got a byte. */
const RESUMES = 3;
const CONNECT_MS = 5_000;
/** Until a store has answered a request. */
const REQUEST_MS = 30_000;
/** A connection on which nothing moves is given up; a slow reader's goes on with a new one. */
const SILENT_MS = 60_000;
const CONNECTIONS = 128;
/** A measurement of the store's clock is used for so long, ms. An old one makes things look younger: that is safe. */
const CLOCK_FRESH_MS = 5_000;

export interface S3Place {
  readonly bucket: string;
  /** Of all keys; empty, or ends with a slash. */
  readonly prefix: string;
  /** Undefined: AWS's of the region. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Undefined: where the AWS SDK finds them. */
  readonly credentials?: S3ClientConfig["credentials"];
}

export interface FoundObject {
  /** Without the prefix. */
  readonly key: string;
  readonly size: number;
  /** By the store's clock, ms; it may be older by what its clock does not tell, a second. */
  readonly ageMs: number;
}

/** Requests to the store since the start. */
export interface S3Counters {
  readonly requests: Record<string, number>;
  readonly failures: Record<string, number>;
}

/**
 * Objects below one prefix of a bucket. Requests have time limits, and are tried again a few times. What fails all the same
 * is a DomainError: `storageFull`, or `dependencyUnavailable`.
 */
export class S3Store {
  readonly counters: S3Counters = { requests: {}, failures: {} };
  private readonly client: S3Client;
  private measured: { readonly at: number; readonly since: Since } | undefined;

  constructor(readonly place: S3Place) {
    const { endpoint, region, credentials } = place;
    this.client = new S3Client({
      ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
      region: region ?? "us-east-1",
      ...(credentials && { credentials }),
      maxAttempts: ATTEMPTS,
      // Bodies are signed with their SHA-256; not every store knows the newer checksums.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler: {
        connectionTimeout: CONNECT_MS,
        requestTimeout: REQUEST_MS,
        throwOnRequestTimeout: true,
        socketTimeout: SILENT_MS,
        httpAgent: { keepAlive: true, maxSockets: CONNECTIONS },
        httpsAgent: { keepAlive: true, maxSockets: CONNECTIONS },
      },
    });
    this.client.middlewareStack.add(
      (next) => async (args) => {
        const since = new Since();
        const result = await next(args);
        const { headers } = result.response as { headers?: Record<string, string> };
        const at = Date.parse(headers?.["date"] ?? "");
        if (Number.isFinite(at)) this.measured = { at, since };
        return result;
      },
      { step: "deserialize", priority: "low", name: "storeClock" },
    );
  }

  /** For messages. */
  url(key = ""): string {
    const { bucket, prefix } = this.place;
    return `s3://${bucket}/${prefix}${key}`;
  }

  /** Whether the last answers had a Date. */
  get tellsTime(): boolean {
    return this.measured !== undefined;
  }

  /** The bytes of an object. Rejects with NoSuchKey (`isMissingObject`). Goes on where a connection was cut. */
  async *read(key: string, { start, end }: ByteRange): AsyncGenerator<Uint8Array, void> {
    let position = start;
    for (let failures = 0; position < end;) {
      try {
        const Range = `bytes=${position}-${end - 1}`;
        const { Body } = await this.send("get", () =>
          this.client.send(new GetObjectCommand({ ...this.at(key), Range })),
        );
        for await (const chunk of Body as AsyncIterable<Uint8Array>) {
          position += chunk.length;
          failures = 0;
          yield chunk;
        }
        if (position < end) throw new Error(`the answer for ${this.url(key)} ended at byte ${position}, before ${end}`);
      } catch (error) {
        if (isMissingObject(error) || isOutsideObject(error)) throw error;
        if (++failures > RESUMES) throw asStagingFailure(error);
      }
    }
  }

  /** An object as a whole; undefined if there is none. For small ones. */
  async whole(key: string): Promise<Buffer | undefined> {
    try {
      const { Body } = await this.send("get", () => this.client.send(new GetObjectCommand(this.at(key))));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    } catch (error) {
      if (isMissingObject(error)) return undefined;
      throw asStagingFailure(error);
    }
  }

  /** It is durable in the store when this resolves. */
  async put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.request("put", signal, () =>
      this.client.send(new PutObjectCommand({ ...this.at(key), Body: bytes, ContentLength: bytes.length }), {
        ...(signal && { abortSignal: signal }),
      }),
    );
  }

  /**
   * As `put`, for bodies of any size, which come in chunks of at most `PART_BYTES`. Passes the source's error on. Nothing is
   * left of a body that fails.
   */
  async upload(key: string, source: AsyncIterable<Uint8Array>): Promise<void> {
    const body: { error?: unknown } = {};
    const watched = async function* () {
      try {
        yield* source;
      } catch (error) {
        body.error = error;
        throw error;
      }
    };
    const stream = Readable.from(watched());
    const upload = new Upload({
      client: this.client,
      params: { ...this.at(key), Body: stream },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
    });
    try {
      await this.request("upload", undefined, () => upload.done());
    } catch (error) {
      throw body.error ?? error;
    } finally {
      // Where the store has failed, the source is told that no more is taken.
      stream.destroy();
    }
  }

  /** Makes an object young. Resolves false if it is missing. */
  async renew(key: string): Promise<boolean> {
    const { Bucket, Key } = this.at(key);
    const source = `${Bucket}/${Key.split("/").map(encodeURIComponent).join("/")}`;
    const renewed = {
      CopySource: source,
      MetadataDirective: "REPLACE" as const,
      Metadata: { renewed: `${Date.now()}` },
    };
    try {
      await this.send("copy", () => this.client.send(new CopyObjectCommand({ Bucket, Key, ...renewed })));
      return true;
    } catch (error) {
      if (isMissingObject(error)) return false;
      throw asStagingFailure(error);
    }
  }

  /** No error if there is no such object. */
  async delete(key: string): Promise<void> {
    await this.request("delete", undefined, () => this.client.send(new DeleteObjectCommand(this.at(key))));
  }

  /** Undefined if there is no such object. */
  async find(key: string): Promise<FoundObject | undefined> {
    try {
      const { ContentLength = 0, LastModified } = await this.send("head", () =>
        this.client.send(new HeadObjectCommand(this.at(key))),
      );
      return { key, size: ContentLength, ageMs: this.ageOf(LastModified) };
    } catch (error) {
      if (isMissingObject(error)) return undefined;
      throw asStagingFailure(error);
    }
  }

  /** The objects whose keys begin with this, in the order of their keys. */
  async *list(beginning: string): AsyncGenerator<FoundObject, void> {
    const { bucket, prefix } = this.place;
    let token: string | undefined;
    do {
      const page = {
        Bucket: bucket,
        Prefix: prefix + beginning,
        ...(token !== undefined && { ContinuationToken: token }),
      };
      const { Contents = [], NextContinuationToken } = await this.request("list", undefined, () =>
        this.client.send(new ListObjectsV2Command(page)),
      );
      for (const { Key = "", Size = 0, LastModified } of Contents)
        yield { key: Key.slice(prefix.length), size: Size, ageMs: this.ageOf(LastModified) };
      token = NextContinuationToken;
    } while (token !== undefined);
  }

  /** Gives up large bodies that were begun more than `ms` ago and never finished. */
  async abortLeftovers(ms: number): Promise<void> {
    const { bucket, prefix } = this.place;
    const { Uploads = [] } = await this.request("list", undefined, () =>
      this.client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix })),
    );
    for (const { Key, UploadId, Initiated } of Uploads)
      if (this.ageOf(Initiated) > ms)
        await this.request("delete", undefined, () =>
          this.client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId })),
        );
  }

  close(): void {
    this.client.destroy();
  }

  private at(key: string): { readonly Bucket: string; readonly Key: string } {
    const { bucket, prefix } = this.place;
    return { Bucket: bucket, Key: prefix + key };
  }

  /** Younger rather than older where the store did not tell its time. */
  private ageOf(modified: Date | undefined): number {
    return modified && this.measured && this.measured.since.ms < CLOCK_FRESH_MS
      ? this.measured.at - modified.getTime()
      : 0;
  }

  private async request<T>(operation: string, signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await this.send(operation, run);
    } catch (error) {
      signal?.throwIfAborted();
      throw asStagingFailure(error);
    }
  }

  private async send<T>(operation: string, run: () => Promise<T>): Promise<T> {
    const { requests, failures } = this.counters;
    requests[operation] = (requests[operation] ?? 0) + 1;
    try {
      return await run();
    } catch (error) {
      if (!isMissingObject(error)) failures[operation] = (failures[operation] ?? 0) + 1;
      throw error;
    }
  }
}
