import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { createCRC32, createCRC64, type IHasher } from "hash-wasm";
import type { ChecksumAlgorithm } from "../model/checksum.js";

/** A digest over bytes that come piece by piece. */
export interface RunningDigest {
  update(chunk: Uint8Array): void;
  /** The raw digest, CRCs in network byte order; ends it. */
  digest(): Buffer;
}

/** The generator polynomials, least significant bit first. */
export const CRC_POLYNOMIALS = {
  CRC32: 0xedb88320n,
  CRC32C: 0x82f63b78n,
  CRC64NVME: 0x9a6c9329ac4bc9b5n,
} as const;

/** Raw digest lengths in bytes. */
export const DIGEST_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32,
};

/** Begins a digest by one of S3's checksum algorithms, or MD5. */
export async function beginDigest(algorithm: ChecksumAlgorithm | "MD5"): Promise<RunningDigest> {
  switch (algorithm) {
    case "MD5": return createHash("md5");
    case "SHA1": return createHash("sha1");
    case "SHA256": return createHash("sha256");
    case "CRC32": return new ZlibCrc32();
    case "CRC32C": return new SharedCrc(await (crc32cEngine ??= createCRC32(Number(CRC_POLYNOMIALS.CRC32C))));
    case "CRC64NVME": return new SharedCrc(await (crc64Engine ??= createCRC64(CRC_POLYNOMIALS.CRC64NVME.toString(16))));
  }
}

let crc32cEngine: Promise<IHasher> | undefined;
let crc64Engine: Promise<IHasher> | undefined;

class ZlibCrc32 implements RunningDigest {
  private value = 0;

  update(chunk: Uint8Array): void {
    this.value = crc32(chunk, this.value);
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.value);
    return bytes;
  }
}

/**
 * All bodies share one WebAssembly instance for each polynomial and keep only their state of a few bytes: an instance
 * for every body would reserve gigabytes of address space each, and a few hundred of them exhaust it.
 */
class SharedCrc implements RunningDigest {
  private state: Uint8Array;

  constructor(private readonly engine: IHasher) {
    this.state = engine.init().save();
  }

  update(chunk: Uint8Array): void {
    this.state = this.engine.load(this.state).update(chunk).save();
  }

  digest(): Buffer {
    return Buffer.from(this.engine.load(this.state).digest("binary"));
  }
}
