import type { ChecksumAlgorithm } from "../../model/checksum.js";

/** A request body: its decoded bytes, and the size and digests that the client announced for them. */
export interface Body {
  /** Bytes without framing; chunk signatures are verified. Fails with an S3Error (IncompleteBody, SignatureDoesNotMatch, …). */
  readonly stream: AsyncIterable<Uint8Array>;
  /** The announced number of decoded bytes; absent if the headers do not name it. */
  readonly size?: number;
  /** What the headers announce. */
  readonly announced: Expected & { readonly algorithm?: ChecksumAlgorithm; readonly signedChunks?: true };
  /** What the trailer announces. Valid after the stream has ended. */
  trailer(): Expected;
}

/** Digests that the body must have. */
export interface Expected {
  /** Content-MD5, base64. BadDigest when it differs. */
  readonly md5?: string;
  /** x-amz-content-sha256 in hex, when it is a digest. XAmzContentSHA256Mismatch when it differs. */
  readonly sha256?: string;
  /** x-amz-checksum-*, base64 in `value`. BadDigest when it differs. */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
}
