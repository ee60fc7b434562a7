import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { CIPHER_BLOCK, decryptRange } from "../encoding/segment-cipher.js";
import { DomainError } from "../model/errors.js";
import { type CessFile, type SegmentFormat, segmentCount } from "../model/file.js";
import { ZERO_FRAGMENT_HASH } from "../model/hash.js";
import { DATA_FRAGMENTS, FRAGMENT_SIZE, SEGMENT_SIZE } from "../model/sizes.js";
import type { FragmentSource } from "./fragment-source.js";

/** Findings that are remembered, of files and of ciphers for them (about 150 bytes each). */
const REMEMBERED = 100_000;
const ZEROS = new Uint8Array(FRAGMENT_SIZE);
const LAST_FRAGMENT = DATA_FRAGMENTS - 1;

/**
 * How files of the network are read, of which the chain says only the segments and a size. Whether a file is encrypted
 * is seen behind its size: there a plain file has the zeros that fill its last segment, and an encrypted one has other
 * bytes, at least 16 in each segment. It costs one fragment at most, and is found out once for each file.
 */
export class StoredForm {
  /**
   * FID and size → whether the bytes behind are zeros; with the cipher's digest → whether the cipher opens the file. The
   * same segments may be there in another size when a file was deleted and declared again.
   */
  private readonly findings = new LRUCache<string, boolean>({ max: REMEMBERED });

  constructor(private readonly fragments: Pick<FragmentSource, "get">) {}

  /**
   * The file as it is stored: a plain one ends at its size, of an encrypted one all segments are given, since cut off it
   * could not be decrypted. Rejects with DomainError `objectUnavailable` when the fragment that shows it cannot be had.
   */
  async asStored(file: CessFile, signal?: AbortSignal): Promise<CessFile> {
    return (await this.isPlain(file, signal)) ? file : { ...file, size: storedSize(file) };
  }

  /**
   * The file in DeOSS's scheme, to be decrypted with this cipher. A wrong one is seen at the padding that ends each
   * segment: DomainError `wrongCipher`, or `noCipherNeeded` for a file that is not encrypted. `objectUnavailable` as above.
   */
  async decrypted(file: CessFile, cipher: string, signal?: AbortSignal): Promise<CessFile> {
    const format: SegmentFormat = { name: "cess-cbc", cipher };
    const key = `${nameOf(file)} ${createHash("sha256").update(cipher).digest("base64")}`;
    const opens = this.findings.get(key) ?? (await this.opens(file, format, signal));
    this.findings.set(key, opens);
    if (opens) return { ...file, format };
    if (await this.isPlain(file, signal))
      throw new DomainError(
        { kind: "noCipherNeeded" },
        "The file is not encrypted: send the request without a cipher.",
      );
    throw new DomainError(
      { kind: "wrongCipher" },
      "The cipher does not open this file: with it, the file's segments do not end as those of cess-cbc do.",
    );
  }

  private async opens(
    file: CessFile,
    format: SegmentFormat & { readonly name: "cess-cbc" },
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const segment = file.segments.length - 1;
    const isZero = file.segments[segment]?.fragments[LAST_FRAGMENT] === ZERO_FRAGMENT_HASH;
    if (isZero || segmentCount(file.size, format) > file.segments.length) return false;
    const fragment = await this.fragments.get({ file, segment, fragment: LAST_FRAGMENT }, "peers", signal);
    const end = fragment.subarray(-2 * CIPHER_BLOCK);
    // PKCS#7 of a full segment: one block of sixteen 16s.
    const padding = decryptRange(format.cipher, end.subarray(0, CIPHER_BLOCK), end.subarray(CIPHER_BLOCK));
    return padding.every((byte) => byte === CIPHER_BLOCK);
  }

  private async isPlain(file: CessFile, signal: AbortSignal | undefined): Promise<boolean> {
    const known = this.findings.get(nameOf(file));
    if (known !== undefined) return known;
    const found = await this.endsInZeros(file, signal);
    this.findings.set(nameOf(file), found);
    return found;
  }

  private async endsInZeros(file: CessFile, signal: AbortSignal | undefined): Promise<boolean> {
    const { size, segments } = file;
    const count = segments.length * DATA_FRAGMENTS;
    const hashAt = (place: number) => segments[Math.floor(place / DATA_FRAGMENTS)]?.fragments[place % DATA_FRAGMENTS];
    // Most are told apart by the hashes on chain: nothing is fetched.
    for (let place = Math.ceil(size / FRAGMENT_SIZE); place < count; place++)
      if (hashAt(place) !== ZERO_FRAGMENT_HASH) return false;
    const offset = size % FRAGMENT_SIZE;
    const place = Math.floor(size / FRAGMENT_SIZE);
    if (offset === 0 || hashAt(place) === ZERO_FRAGMENT_HASH) return true;
    const segment = Math.floor(place / DATA_FRAGMENTS);
    const bytes = await this.fragments.get({ file, segment, fragment: place % DATA_FRAGMENTS }, "peers", signal);
    const behind = bytes.subarray(offset);
    return Buffer.compare(behind, ZEROS.subarray(0, behind.length)) === 0;
  }
}

function nameOf({ fid, size }: CessFile): string {
  return `${fid} ${size}`;
}

/** Bytes in all segments of a file. */
function storedSize({ segments }: CessFile): number {
  return segments.length * SEGMENT_SIZE;
}
