import { createHash } from "node:crypto";
import type { Body, Expected } from "../../gateway/gateway.js";
import { beginDigest } from "../../digests/digest.js";
import { incompleteBody } from "../../gateway/limits.js";
import { S3Error } from "../../gateway/s3-error.js";

async function verify(bytes: Buffer, expected: Expected): Promise<void> {
  const { md5, sha256, checksum } = expected;
  if (sha256 !== undefined && createHash("sha256").update(bytes).digest("hex") !== sha256) {
    throw new S3Error("XAmzContentSHA256Mismatch", { fields: { ClientComputedContentSHA256: sha256 } });
  }
  if (md5 !== undefined && createHash("md5").update(bytes).digest("base64") !== md5) throw new S3Error("BadDigest");
  if (!checksum) return;
  const digest = await beginDigest(checksum.algorithm);
  digest.update(bytes);
  if (digest.digest().toString("base64") !== checksum.value) {
    throw new S3Error("BadDigest", {
      message: `The ${checksum.algorithm} you specified did not match the calculated checksum.`,
    });
  }
}

/**
 * Reads a whole small body, such as an XML document, and verifies its size and digests. MaxMessageLengthExceeded above
 * `limit` bytes; IncompleteBody, BadDigest, XAmzContentSHA256Mismatch.
 */
export async function readDocument(body: Body, limit: number): Promise<string> {
  const tooLong = () => new S3Error("MaxMessageLengthExceeded", { fields: { MaxMessageLengthBytes: String(limit) } });
  if ((body.size ?? 0) > limit) throw tooLong();
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of body.stream) {
    size += bytes.length;
    if (size > limit) throw tooLong();
    pieces.push(bytes);
  }
  if (body.size !== undefined && size !== body.size) throw incompleteBody(body.size, size);
  const whole = Buffer.concat(pieces);
  await verify(whole, body.announced);
  await verify(whole, body.trailer());
  return whole.toString("utf8");
}
