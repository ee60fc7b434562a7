import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3ServiceException,
  type S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { MIB } from "../../src/model/sizes.js";
import { contentOf, mixedSize } from "../support/mixed-objects.js";
import { KeyState, type Content } from "./model.js";

export const BUCKET = "soak";
/** Keys in all: few, so that most writes replace something. */
const KEYS = 600;
/** Larger objects are uploaded in parts. */
const PART_BYTES = 5 * MIB;

/** What must never happen: wrong bytes, something acknowledged gone, something deleted back. */
export class Violation extends Error {}

export interface Counts {
  requests: number;
  /** Answered 5xx, or not at all. */
  failed: number;
  /** The last failure, for people. */
  lastFailure: string;
  readBytes: number;
  writtenBytes: number;
}

/** Clients that write, read, copy and delete, and know what each key may hold. */
export class SoakClients {
  readonly keys = new Map<string, KeyState>();
  readonly counts: Counts = { requests: 0, failed: 0, lastFailure: "", readBytes: 0, writtenBytes: 0 };
  private nextSeed = 1;

  constructor(
    /** Of the gateway that runs now; undefined while none does. */
    private readonly gateway: () => S3Client | undefined,
    private readonly random: () => number,
  ) {
    for (let n = 0; n < KEYS; n += 1) this.keys.set(`folder-${n % 7}/key-${n}`, new KeyState());
  }

  /** One request of the mix. Resolves false when it failed in a way that a gateway in trouble may fail. */
  async one(): Promise<boolean> {
    const free = [...this.keys].filter(([, state]) => !state.busy);
    const picked = free[Math.floor(this.random() * free.length)];
    const client = this.gateway();
    if (!picked || !client) return false;
    const [key, state] = picked;
    state.busy = true;
    try {
      this.counts.requests += 1;
      await this.act(client, key, state);
      return true;
    } catch (error) {
      if (!isTrouble(error)) throw error;
      this.counts.failed += 1;
      this.counts.lastFailure = `${key}: ${error.name}: ${error.message}`;
      return false;
    } finally {
      state.busy = false;
    }
  }

  /** Reads every key, and compares the listing. Throws Violation. */
  async checkAll(client: S3Client): Promise<void> {
    for (const [key, state] of this.keys) await this.read(client, key, state);
    const listed = new Set<string>();
    let ContinuationToken: string | undefined;
    do {
      const page = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, ContinuationToken }));
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) listed.add(Key);
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    for (const [key, { possible }] of this.keys)
      if (listed.has(key) !== (possible[0] !== null))
        throw new Violation(`${key} is ${listed.has(key) ? "listed, and was deleted" : "not listed, and is there"}`);
  }

  /** Keys that hold an object now. */
  get present(): string[] {
    return [...this.keys].flatMap(([key, { possible }]) => (possible[0] === null ? [] : [key]));
  }

  private async act(client: S3Client, key: string, state: KeyState): Promise<void> {
    const kind = this.random();
    if (kind < 0.45) return this.put(client, key, state);
    if (kind < 0.55) return this.remove(client, key, state);
    if (kind < 0.6) return this.copy(client, key, state);
    return this.random() < 0.5 ? this.read(client, key, state) : this.readRange(client, key, state);
  }

  private async put(client: S3Client, key: string, state: KeyState): Promise<void> {
    const content = { seed: this.nextSeed++, size: mixedSize(this.random) };
    const given = {
      Bucket: BUCKET,
      Key: key,
      Body: contentOf(content.seed, content.size),
      Metadata: metadata(content),
    };
    state.sent(content);
    if (content.size > 2 * PART_BYTES)
      await new Upload({ client, params: given, partSize: PART_BYTES, queueSize: 2 }).done();
    else await client.send(new PutObjectCommand(given));
    state.known(content);
    this.counts.writtenBytes += content.size;
  }

  private async remove(client: S3Client, key: string, state: KeyState): Promise<void> {
    state.sent(null);
    await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }));
    state.known(null);
  }

  /** From a key whose content is known. */
  private async copy(client: S3Client, key: string, state: KeyState): Promise<void> {
    const sources = [...this.keys].filter(
      ([, other]) => !other.busy && other.possible.length === 1 && other.possible[0],
    );
    const source = sources[Math.floor(this.random() * sources.length)];
    const content = source?.[1].possible[0];
    if (!source || !content) return;
    source[1].busy = true;
    try {
      state.sent(content);
      await client.send(new CopyObjectCommand({ Bucket: BUCKET, Key: key, CopySource: `${BUCKET}/${source[0]}` }));
      state.known(content);
    } finally {
      source[1].busy = false;
    }
  }

  private async read(client: S3Client, key: string, state: KeyState): Promise<void> {
    const answer = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key })).catch(missing);
    const content = settle(key, state, answer?.Metadata);
    if (!answer?.Body || content === null) return;
    const bytes = await answer.Body.transformToByteArray();
    this.counts.readBytes += bytes.length;
    if (!contentOf(content.seed, content.size).equals(bytes))
      throw new Violation(`${key}: ${bytes.length} bytes that are not those of content ${content.seed}`);
  }

  private async readRange(client: S3Client, key: string, state: KeyState): Promise<void> {
    const head = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key })).catch(missing);
    const content = settle(key, state, head?.Metadata);
    if (content === null || content.size === 0) return;
    const start = Math.floor(this.random() * content.size);
    const end = Math.min(content.size - 1, start + Math.floor(this.random() * MIB));
    const Range = `bytes=${start}-${end}`;
    const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key, Range }));
    const bytes = (await Body?.transformToByteArray()) ?? Buffer.alloc(0);
    this.counts.readBytes += bytes.length;
    if (
      !contentOf(content.seed, end + 1)
        .subarray(start)
        .equals(bytes)
    )
      throw new Violation(`${key}: the range ${Range} is not that of content ${content.seed}`);
  }
}

const metadata = ({ seed, size }: Content) => ({ seed: String(seed), size: String(size) });

/** A missing key is an answer like others. */
function missing(error: unknown): undefined {
  if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined;
  throw error;
}

/** Which of the possible contents a read has shown. */
function settle(key: string, state: KeyState, found: Readonly<Record<string, string>> | undefined): Content | null {
  const content = state.has(found ? Number(found["seed"]) : null);
  if (content === undefined) {
    const expected = state.possible.map((each) => (each ? `content ${each.seed}` : "nothing")).join(" or ");
    throw new Violation(`${key} holds ${found ? `content ${found["seed"]}` : "nothing"} instead of ${expected}`);
  }
  state.known(content);
  return content;
}

/** Refused for now, or cut: what a gateway may answer while nodes, the chain or itself are in trouble. */
function isTrouble(error: unknown): error is Error {
  if (error instanceof Violation || !(error instanceof Error)) return false;
  if (error instanceof S3ServiceException) {
    const status = error.$metadata.httpStatusCode;
    return status === undefined || status >= 500;
  }
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return /^(?:ECONN|EPIPE|UND_ERR|ERR_STREAM_PREMATURE)/.test(code) || /aborted|socket hang up/.test(error.message);
}
