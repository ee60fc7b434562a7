import type { Blobs } from "../../blobs/blobs.js";
import type { Checksum, ChecksumAlgorithm } from "../../model/checksum.js";
import { DIGEST_BYTES } from "../../digests/digest.js";
import { S3Error } from "../s3-error.js";
import type { BlobId } from "../../model/object.js";
import type { Digests, DigestValues } from "./digests.js";
import type { Body, Expected } from "./body.js";
import { incompleteBody, LIMITS, tooLarge } from "../limits.js";
import { defined } from "../../model/defined.js";

export interface IngestComponents {
  readonly blobs: Blobs;
  readonly digests: Digests;
}

export interface IngestOptions {
  readonly signal: AbortSignal;
  /** A checksum to compute in addition to those that the client announced. */
  readonly algorithm?: ChecksumAlgorithm;
  /** Called with the size, in bytes, once all digests match and before the blob exists. It may throw to refuse the body. */
  readonly admit?: (size: number) => Promise<void>;
}

export interface Ingested {
  readonly blob: BlobId;
  readonly size: number;
  /** In hex. */
  readonly md5: string;
  /** Base64 values by every algorithm that was requested or announced. */
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, string>;
  /** The algorithm of the checksum that the client sent; absent if it sent none. */
  readonly sent?: ChecksumAlgorithm;
}

/**
 * Stages a body in one pass: its bytes flow through the digests into a blob, as fast as the disk takes them. Size and
 * digests are checked before the blob is finished, so a wrong body never becomes a blob. Rejects with IncompleteBody,
 * EntityTooLarge, BadDigest, InvalidDigest, XAmzContentSHA256Mismatch, InvalidRequest (an announced checksum did not
 * come), SlowDown, or the error of the stream, of `admit` or of the disk. Nothing is left behind then.
 */
export async function ingest(
  { blobs, digests }: IngestComponents,
  body: Body,
  options: IngestOptions,
): Promise<Ingested> {
  if (body.size !== undefined && body.size > LIMITS.putBytes) throw tooLarge(body.size, LIMITS.putBytes);
  checkShape(body.announced);
  const reading = new BodyReading(body, options, digests);
  const { id, size } = await blobs.write(reading.bytes(), { signal: options.signal, size: body.size });
  return { blob: id, size, ...reading.results() };
}

/** The checksum of an ingested body by this algorithm; undefined if it was neither requested nor announced. */
export function ingestedChecksum({ checksums }: Ingested, algorithm: ChecksumAlgorithm): Checksum | undefined {
  const value = checksums.get(algorithm);
  return value === undefined ? undefined : { algorithm, type: "FULL_OBJECT", value };
}

/** Reads one body: counts its bytes, computes its digests, and compares them with the expected ones. */
class BodyReading {
  private size = 0;
  private md5 = "";
  private readonly checksums = new Map<ChecksumAlgorithm, string>();
  private sent: ChecksumAlgorithm | undefined;

  constructor(
    private readonly body: Body,
    private readonly options: IngestOptions,
    private readonly digests: Digests,
  ) {}

  async *bytes(): AsyncGenerator<Uint8Array> {
    const { size: declared } = this.body;
    const raw = yield* this.digests.over(this.counted(), this.wanted(), declared);
    if (declared !== undefined && this.size !== declared) throw incompleteBody(declared, this.size);
    this.finish(raw);
    await this.options.admit?.(this.size);
  }

  private wanted(): ReadonlySet<ChecksumAlgorithm> {
    const { announced } = this.body;
    // One SHA-256 serves both the checksum and the signature's payload hash.
    const sha256 = announced.sha256 === undefined ? undefined : "SHA256";
    const wanted = ["MD5", this.options.algorithm, announced.algorithm, announced.checksum?.algorithm, sha256] as const;
    return new Set(wanted.filter((algorithm) => algorithm !== undefined));
  }

  private async *counted(): AsyncGenerator<Uint8Array> {
    const { size: declared, stream } = this.body;
    for await (const chunk of stream) {
      this.size += chunk.byteLength;
      if (declared !== undefined && this.size > declared) throw incompleteBody(declared, this.size);
      if (this.size > LIMITS.putBytes) throw tooLarge(this.size, LIMITS.putBytes);
      yield chunk;
    }
  }

  results(): Omit<Ingested, "blob" | "size"> {
    const { md5, checksums, sent } = this;
    return defined({ md5, checksums, sent });
  }

  private finish(raw: DigestValues): void {
    for (const [algorithm, value] of raw) {
      if (algorithm === "MD5") this.md5 = value.toString("hex");
      this.checksums.set(algorithm, value.toString("base64"));
    }
    const trailer = this.body.trailer();
    checkShape(trailer);
    for (const expected of [this.body.announced, trailer]) this.compare(expected, raw.get("SHA256")?.toString("hex"));
    const promised = this.body.announced.algorithm;
    if (promised !== undefined && this.sent === undefined) {
      throw new S3Error("InvalidRequest", {
        message: `The request announced a ${promised} checksum, but did not send one`,
      });
    }
  }

  private compare(expected: Expected, sha256: string | undefined): void {
    const md5 = Buffer.from(this.md5, "hex").toString("base64");
    if (expected.md5 !== undefined && !sameBytes(expected.md5, md5)) {
      throw new S3Error("BadDigest", {
        message: "The Content-MD5 you specified did not match what we received",
        fields: { ExpectedDigest: expected.md5, CalculatedDigest: md5 },
      });
    }
    if (expected.sha256 !== undefined && expected.sha256.toLowerCase() !== sha256) {
      throw new S3Error("XAmzContentSHA256Mismatch", {
        message: "The provided x-amz-content-sha256 header does not match what was computed",
        fields: { ClientComputedContentSHA256: expected.sha256, S3ComputedContentSHA256: sha256 ?? "" },
      });
    }
    if (expected.checksum) this.compareChecksum(expected.checksum);
  }

  private compareChecksum(expected: NonNullable<Expected["checksum"]>): void {
    const { algorithm, value } = expected;
    const computed = this.checksums.get(algorithm);
    if (computed === undefined) {
      throw new S3Error("InvalidRequest", {
        message: `The trailer has a ${algorithm} checksum, but no header announced it`,
      });
    }
    if (!sameBytes(value, computed)) {
      throw new S3Error("BadDigest", {
        message: `The ${algorithm} you specified did not match the calculated checksum`,
      });
    }
    this.sent = algorithm;
  }
}

/** Refuses expected digests that cannot match any body. InvalidDigest, InvalidRequest. */
function checkShape(expected: Expected): void {
  if (expected.md5 !== undefined && !isBase64Of(expected.md5, 16)) {
    throw new S3Error("InvalidDigest", { message: "The Content-MD5 you specified is not valid" });
  }
  const { checksum } = expected;
  if (checksum && !isBase64Of(checksum.value, DIGEST_BYTES[checksum.algorithm])) {
    throw new S3Error("InvalidRequest", {
      message: `Value for x-amz-checksum-${checksum.algorithm.toLowerCase()} header is invalid.`,
    });
  }
}

/** Whether the text is base64 of exactly `bytes` bytes. The padding may be missing: some clients leave it out. */
function isBase64Of(text: string, bytes: number): boolean {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && Buffer.from(text, "base64").byteLength === bytes;
}

function sameBytes(left: string, right: string): boolean {
  return Buffer.from(left, "base64").equals(Buffer.from(right, "base64"));
}
