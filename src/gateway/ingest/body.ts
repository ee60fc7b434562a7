import type { ChecksumAlgorithm } from "../../model/checksum.js";

/** A request body: decoded bytes, and what the client says they must be. */
export interface Body {
  /** Framing removed, chunk signatures verified; fails with an S3Error (IncompleteBody, SignatureDoesNotMatch, …). */
  readonly stream: AsyncIterable<Uint8Array>;
  /** Decoded bytes announced before the body, when they were. */
  readonly size?: number;
  /** What is known before the body. */
  readonly announced: Expected & { readonly algorithm?: ChecksumAlgorithm; readonly signedChunks?: true };
  /** What the trailer added; valid after the stream has ended. */
  trailer(): Expected;
}

export interface Expected {
  /** Content-MD5, base64. BadDigest when it differs. */
  readonly md5?: string;
  /** x-amz-content-sha256 in hex, when it is a digest. XAmzContentSHA256Mismatch when it differs. */
  readonly sha256?: string;
  /** x-amz-checksum-*, base64 in `value`. BadDigest when it differs. */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
}
