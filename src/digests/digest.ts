import { createHash } from "node:crypto";
import { crc32, crc32c } from "@node-rs/crc32";
import { createXXHash128, createXXHash3, createXXHash64, type IHasher } from "hash-wasm";
import type { ChecksumAlgorithm } from "../model/checksum.js";
import { ReflectedCrc } from "./reflected-crc.js";

/** A digest that is computed chunk by chunk. */
export interface RunningDigest {
  update(chunk: Uint8Array): void;
  /** The raw digest, numbers in network byte order; ends it. */
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
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  MD5: 16,
  SHA1: 20,
  SHA256: 32,
  SHA512: 64,
  XXHASH3: 8,
  XXHASH64: 8,
  XXHASH128: 16,
};

/** Begins a digest by one of S3's checksum algorithms. */
export async function beginDigest(algorithm: ChecksumAlgorithm): Promise<RunningDigest> {
  switch (algorithm) {
    case "MD5":
    case "SHA1":
    case "SHA256":
    case "SHA512":
      return createHash(algorithm.toLowerCase());
    case "CRC32":
      return new NativeCrc(crc32);
    case "CRC32C":
      return new NativeCrc(crc32c);
    case "CRC64NVME":
      return new TableCrc();
    default:
      return new SharedDigest(await engine(algorithm));
  }
}

const makers = {
  XXHASH3: () => createXXHash3(),
  XXHASH64: () => createXXHash64(),
  XXHASH128: () => createXXHash128(),
};
const engines = new Map<keyof typeof makers, Promise<IHasher>>();

function engine(algorithm: keyof typeof makers): Promise<IHasher> {
  const made = engines.get(algorithm) ?? makers[algorithm]();
  engines.set(algorithm, made);
  return made;
}

/** 32 bits, by the processor's own instructions: several times as fast as node:zlib. */
class NativeCrc implements RunningDigest {
  private value = 0;

  constructor(private readonly extend: (chunk: Uint8Array, crc: number) => number) {}

  update(chunk: Uint8Array): void {
    this.value = this.extend(chunk, this.value);
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.value);
    return bytes;
  }
}

let crc64Nvme: ReflectedCrc | undefined;

class TableCrc implements RunningDigest {
  private readonly crc = (crc64Nvme ??= new ReflectedCrc(CRC_POLYNOMIALS.CRC64NVME));
  private value = 0n;

  update(chunk: Uint8Array): void {
    this.value = this.crc.extend(this.value, chunk);
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(this.value);
    return bytes;
  }
}

/**
 * All bodies share one WebAssembly instance for each algorithm and keep only their own small state. An instance for
 * each body would reserve gigabytes of address space, and a few hundred would exhaust it.
 */
class SharedDigest implements RunningDigest {
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
