import { createHash } from "node:crypto";
import { S3Error } from "../../model/errors.js";
import { ByteReader } from "../../streams/byte-reader.js";

/** Longest chunk header or trailer line, and all trailers together, in bytes. */
const MAX_LINE = 4096;
const MAX_TRAILERS = 16 * 1024;

/** Signs chunk after chunk; see auth/signature.ts. */
export interface ChunkSignatures {
  chunk(sha256: string): string;
  trailer(lines: string): string;
}

export interface ChunkedSettings {
  /** Present: every chunk and the trailer must be signed. */
  readonly signatures?: ChunkSignatures;
  /** The body ends with trailing headers. */
  readonly trailer: boolean;
}

const refusals = {
  incomplete: () => new S3Error("IncompleteBody"),
  tooLong: () => new S3Error("InvalidRequest", { message: "The aws-chunked body has a line that is too long." }),
};
const goesOn = () => new S3Error("InvalidRequest", { message: "The aws-chunked body goes on after its end." });
const malformed = (why: string) =>
  new S3Error("InvalidRequest", { message: `The aws-chunked body is malformed: ${why}.` });
const wrongSignature = () =>
  new S3Error("SignatureDoesNotMatch", { message: "The signature of a chunk does not match." });

/**
 * Takes the aws-chunked framing off a body: `size[;chunk-signature=…]\r\n data \r\n` … `0…\r\n trailers \r\n`.
 * Data passes on as it arrives and its signature is checked at the chunk's end, so nothing is held in memory; a wrong
 * one fails the stream before it ends, and what was stored so far is not kept by anyone.
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
      for (;;) {
        const { size, signature } = this.chunkHeader(await this.reader.line(MAX_LINE));
        yield* this.chunkData(size, signature);
        if (size === 0) break;
        if ((await this.reader.line(MAX_LINE)) !== "") throw malformed("a chunk is longer than its header says");
      }
      await this.readTrailers();
      if (!(await this.reader.ended())) throw goesOn();
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

  private async *chunkData(size: number, signature: string | undefined): AsyncGenerator<Uint8Array> {
    const { signatures } = this.settings;
    const hash = signatures && createHash("sha256");
    for (let left = size; left > 0;) {
      const bytes = await this.reader.some(left);
      left -= bytes.length;
      hash?.update(bytes);
      // The last piece waits for the signature that covers it: a chunk that fails is never handed over whole.
      if (left === 0 && hash && signatures.chunk(hash.digest("hex")) !== signature) throw wrongSignature();
      yield bytes;
    }
    if (size === 0 && hash && signatures.chunk(hash.digest("hex")) !== signature) throw wrongSignature();
  }

  private async readTrailers(): Promise<void> {
    let lines = "";
    let signature: string | undefined;
    for (;;) {
      // The empty line at the end is missing in some clients' bodies.
      const line = (await this.reader.lineOrEnd(MAX_LINE))?.trim();
      if (line === undefined) break;
      if (line === "") continue;
      if (!this.settings.trailer) throw malformed("a trailer that was not announced");
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
    if (this.settings.signatures && this.settings.trailer && this.settings.signatures.trailer(lines) !== signature) {
      throw wrongSignature();
    }
  }
}
