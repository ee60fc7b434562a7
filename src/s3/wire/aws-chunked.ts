import { createHash } from "node:crypto";
import { S3Error } from "../../gateway/s3-error.js";
import { sameSignature } from "../auth/signature.js";
import { ByteReader } from "../../streams/byte-reader.js";

/** Every signed chunk but the last has at least this many bytes of data, as on AWS. */
const MIN_SIGNED_CHUNK = 8192;
/** Longest chunk header or trailer line, and all trailers together, in bytes. */
const MAX_LINE = 4096;
const MAX_TRAILERS = 16 * 1024;

/** Computes the signature of one chunk after the other; see auth/signature.ts. */
export interface ChunkSignatures {
  chunk(sha256: string): string;
  trailer(lines: string): string;
}

export interface ChunkedSettings {
  /** Where present, every chunk and the trailer must be signed. */
  readonly signatures?: ChunkSignatures;
  /** The body ends with trailing headers. */
  readonly trailer: boolean;
}

const refusals = {
  incomplete: () => new S3Error("IncompleteBody"),
  tooLong: () => new S3Error("IncompleteBody", { message: "The aws-chunked body has a line that is too long." }),
};
const malformed = (why: string) =>
  new S3Error("IncompleteBody", { message: `The aws-chunked body is malformed: ${why}.` });
const wrongSignature = () =>
  new S3Error("SignatureDoesNotMatch", { message: "The signature of a chunk does not match." });

/**
 * Removes the aws-chunked framing from a body: `size[;chunk-signature=…]\r\n data \r\n` … `0…\r\n trailers \r\n`. Data
 * is passed on as it arrives, and the signature is checked at the end of each chunk, so that no chunk is held in
 * memory. A wrong signature fails the stream before its end, and the reader discards what it has stored so far.
 */
export class AwsChunked {
  private readonly reader: ByteReader;
  private readonly settings: ChunkedSettings;
  private readonly trailerLines = new Map<string, string>();

  constructor(source: AsyncIterable<Uint8Array>, settings: ChunkedSettings) {
    this.reader = new ByteReader(source, refusals);
    this.settings = settings;
  }

  /** Names in lower case. Complete when the stream has ended. */
  get trailers(): ReadonlyMap<string, string> {
    return this.trailerLines;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      let before: number | undefined;
      for (let number = 1; ; number++) {
        const { size, signature } = this.chunkHeader(await this.reader.line(MAX_LINE));
        if (size > 0) this.requireChunkSize(before, number);
        before = size;
        yield* this.chunkData(size, signature);
        if (size === 0) break;
        if ((await this.reader.line(MAX_LINE)) !== "")
          throw malformed("a chunk does not have the size that its header says");
      }
      await this.readTrailers();
    } finally {
      await this.reader.close();
    }
  }

  private chunkHeader(line: string): { size: number; signature: string | undefined } {
    const match = /^([0-9a-fA-F]{1,13})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line);
    if (!match) throw malformed("a chunk header is not `size;chunk-signature=signature`");
    if (this.settings.signatures && match[2] === undefined) throw malformed("a chunk has no signature");
    return { size: parseInt(match[1] ?? "", 16), signature: match[2] };
  }

  /**
   * InvalidChunkSizeError for a small chunk that another one follows: `before` is its size in bytes, `number` the next
   * one's number. AWS refuses small unsigned chunks, too. They are taken here: AWS's JavaScript SDK makes a chunk of
   * each piece that a stream gives, however small it is.
   */
  private requireChunkSize(before: number | undefined, number: number): void {
    if (!this.settings.signatures || before === undefined || before >= MIN_SIGNED_CHUNK) return;
    throw new S3Error("InvalidChunkSizeError", { fields: { Chunk: String(number), BadChunkSize: String(before) } });
  }

  private async *chunkData(size: number, signature: string | undefined): AsyncGenerator<Uint8Array> {
    const { signatures } = this.settings;
    const hash = signatures && createHash("sha256");
    for (let left = size; left > 0;) {
      const bytes = await this.reader.some(left);
      left -= bytes.length;
      hash?.update(bytes);
      // The signature is checked before the chunk's last piece is passed on: a chunk with a wrong one is never passed
      // on whole.
      if (left === 0 && hash && !sameSignature(signatures.chunk(hash.digest("hex")), signature)) throw wrongSignature();
      yield bytes;
    }
    if (size === 0 && hash && !sameSignature(signatures.chunk(hash.digest("hex")), signature)) throw wrongSignature();
  }

  private async readTrailers(): Promise<void> {
    let lines = "";
    let signature: string | undefined;
    for (;;) {
      // Some clients leave out the empty line at the end.
      const line = (await this.reader.lineOrEnd(MAX_LINE))?.trim();
      if (line === undefined) break;
      if (line === "") continue;
      if (!this.settings.trailer) throw malformed("it goes on after its last chunk");
      const colon = line.indexOf(":");
      if (colon <= 0) throw new S3Error("MalformedTrailerError");
      const name = line.slice(0, colon).trim().toLowerCase();
      const value = line.slice(colon + 1).trim();
      if (name === "x-amz-trailer-signature") signature = value;
      else {
        this.trailerLines.set(name, value);
        lines += `${name}:${value}\n`;
      }
      if (lines.length > MAX_TRAILERS) throw new S3Error("MalformedTrailerError");
    }
    const { signatures, trailer } = this.settings;
    if (!signatures || !trailer) return;
    if (signature === undefined) throw malformed("its trailer has no signature");
    if (!sameSignature(signatures.trailer(lines), signature)) throw wrongSignature();
  }
}
