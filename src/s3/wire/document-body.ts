import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { createCRC32, createCRC64 } from "hash-wasm";
import type { Body, Expected } from "../../gateway/gateway.js";
import type { ChecksumAlgorithm } from "../../model/checksum.js";
import { S3Error } from "../../model/errors.js";

/** CRC-32C (Castagnoli) and CRC-64/NVME, reflected, as hash-wasm wants them. */
const CRC32C_POLYNOMIAL = 0x82f63b78;
const CRC64NVME_POLYNOMIAL = "9a6c9329ac4bc9b5";

async function digest(algorithm: ChecksumAlgorithm, bytes: Buffer): Promise<string> {
  switch (algorithm) {
    case "SHA1":
    case "SHA256":
      return createHash(algorithm.toLowerCase()).update(bytes).digest("base64");
    case "CRC32": {
      const sum = Buffer.alloc(4);
      sum.writeUInt32BE(crc32(bytes));
      return sum.toString("base64");
    }
    case "CRC32C":
      return Buffer.from((await createCRC32(CRC32C_POLYNOMIAL)).update(bytes).digest("binary")).toString("base64");
    case "CRC64NVME":
      return Buffer.from((await createCRC64(CRC64NVME_POLYNOMIAL)).update(bytes).digest("binary")).toString("base64");
  }
}

async function verify(bytes: Buffer, expected: Expected): Promise<void> {
  const { md5, sha256, checksum } = expected;
  if (sha256 !== undefined && createHash("sha256").update(bytes).digest("hex") !== sha256) {
    throw new S3Error("XAmzContentSHA256Mismatch", { fields: { ClientComputedContentSHA256: sha256 } });
  }
  if (md5 !== undefined && createHash("md5").update(bytes).digest("base64") !== md5) throw new S3Error("BadDigest");
  if (checksum && (await digest(checksum.algorithm, bytes)) !== checksum.value) {
    throw new S3Error("BadDigest", { message: `The ${checksum.algorithm} you specified did not match the calculated checksum.` });
  }
}

/** A small body, whole, with its digests verified: XML documents. MaxMessageLengthExceeded above `limit` bytes. */
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
  const whole = Buffer.concat(pieces);
  await verify(whole, body.announced);
  await verify(whole, body.trailer());
  return whole.toString("utf8");
}
