import { fidOf } from "../../encoding/merkle.js";
import type { ChecksumAlgorithm } from "../../model/checksum.js";
import { beginDigest } from "../../digests/digest.js";
import type { Hash } from "../../model/hash.js";
import { SEGMENT_SIZE } from "../../model/sizes.js";
import type { Receipt } from "../document.js";
import { judged, note, type Check } from "./check.js";
import { filledPieces, PieceDigests, type Piece } from "./piece-digests.js";

/** A digest that is computed as the bytes pass, and what it is compared with at the end. */
interface Running {
  readonly digests: PieceDigests;
  /** `whole`: there were as many bytes as there should be. */
  readonly judge: (values: readonly Buffer[], whole: boolean) => Promise<Check>;
}

/**
 * Holds an object's bytes against a receipt: its size and digests, and, of an object that is not encrypted, whether its
 * bytes are those that the chain lists. `about`: whose bytes they are, such as a file's name.
 */
export class ContentChecks {
  private size = 0;
  private readonly running: readonly Running[];
  /** What cannot be compared. */
  private readonly notes: Check[] = [];

  constructor(
    private readonly receipt: Receipt,
    private readonly about: string,
  ) {
    this.running = [...this.etag(), ...this.checksum(), ...this.onChain()];
  }

  async update(chunk: Uint8Array): Promise<void> {
    this.size += chunk.length;
    for (const { digests } of this.running) await digests.update(chunk);
  }

  async finish(): Promise<Check[]> {
    const { size } = this.receipt.object;
    const checks = [
      judged(this.about, this.size === size, `has ${size} bytes`, `has ${this.size} bytes, and the receipt ${size}`),
    ];
    for (const { digests, judge } of this.running) {
      const whole = await digests.finish();
      checks.push(await judge(digests.done, whole && this.size === size));
    }
    return [...checks, ...this.notes];
  }

  private etag(): Running[] {
    const { etag, parts } = this.receipt.object;
    const name = `ETag ${etag}`;
    if (/^[0-9a-f]{32}$/.test(etag)) return [this.one(name, "MD5", (value) => value.toString("hex") === etag)];
    if (/^[0-9a-f]{32}-\d+$/.test(etag) && parts)
      return [this.ofParts(name, "MD5", parts, (value) => `${value.toString("hex")}-${parts.length}` === etag)];
    // A FID, as on CESS; a version of it may have the number of parts behind it.
    if (!/^[0-9a-f]{64}(-\d+)?$/.test(etag) || !isPlain(this.receipt)) return this.cannot(name);
    return [
      this.pieces(name, wholeSegments(this.receipt), "SHA256", (values) => {
        const root = fidOf(values.map((value) => value.toString("hex") as Hash));
        return etag === root || etag === `${root}-${parts?.length ?? 0}`;
      }),
    ];
  }

  private checksum(): Running[] {
    const { checksum, parts } = this.receipt.object;
    if (!checksum) return [];
    const { algorithm, type, value } = checksum;
    const name = `${algorithm} ${value}`;
    if (type === "FULL_OBJECT") return [this.one(name, algorithm, (found) => found.toString("base64") === value)];
    if (!parts) return this.cannot(name);
    return [this.ofParts(name, algorithm, parts, (found) => `${found.toString("base64")}-${parts.length}` === value)];
  }

  /** Of an object that is not encrypted, the stored bytes are its own. */
  private onChain(): Running[] {
    const { files } = this.receipt;
    if (!isPlain(this.receipt)) {
      this.notes.push(
        note(this.about, "the bytes on the network are encrypted: only the gateway's keys tell that they are these"),
      );
      return [];
    }
    const [first] = files;
    const { stored = null } = first?.extent ?? {};
    if (files.length === 1 && stored)
      return [this.one("SHA-256 of its run in the pack", "SHA256", (value) => value.toString("hex") === stored.sha256)];
    if (files.some(({ extent }) => extent.stored !== null || extent.offset !== 0))
      return this.cannot("that these are the bytes on the network");
    const wanted = files.flatMap(({ segments }) => segments.map(({ hash }) => hash));
    return [
      this.pieces("hashes of the segments on the chain", wholeSegments(this.receipt), "SHA256", (values) =>
        wanted.every((hash, n) => hash === values[n]?.toString("hex")),
      ),
    ];
  }

  private one(name: string, algorithm: ChecksumAlgorithm, good: (value: Buffer) => boolean): Running {
    const length = this.receipt.object.size;
    return this.pieces(name, [{ length }], algorithm, ([value]) => value !== undefined && good(value));
  }

  /** A digest of the parts' digests. */
  private ofParts(
    name: string,
    algorithm: ChecksumAlgorithm,
    parts: readonly number[],
    good: (value: Buffer) => boolean,
  ): Running {
    const pieces = parts.map((length) => ({ length }));
    return {
      digests: new PieceDigests(pieces, () => beginDigest(algorithm)),
      judge: async (values, whole) => {
        const digest = await beginDigest(algorithm);
        for (const value of values) digest.update(value);
        return this.judged(name, whole && good(digest.digest()));
      },
    };
  }

  private pieces(
    name: string,
    pieces: readonly Piece[],
    algorithm: ChecksumAlgorithm,
    good: (values: readonly Buffer[]) => boolean,
  ): Running {
    return {
      digests: new PieceDigests(pieces, () => beginDigest(algorithm)),
      judge: (values, whole) => Promise.resolve(this.judged(name, whole && good(values))),
    };
  }

  private judged(name: string, good: boolean): Check {
    return judged(this.about, good, `agrees with the receipt: ${name}`, `does not agree with the receipt: ${name}`);
  }

  private cannot(name: string): Running[] {
    this.notes.push(note(this.about, `not compared, since it does not follow from these bytes: ${name}`));
    return [];
  }
}

/** Whether the bytes on the network are the object's own. */
export function isPlain({ object, files }: Receipt): boolean {
  return object.encryption === "none" && files.every(({ format }) => format === "plain");
}

/** The object's bytes cut into segments, each file's from its first byte. */
function wholeSegments({ files }: Receipt): Piece[] {
  return files.flatMap(({ extent }) => filledPieces(extent.length, SEGMENT_SIZE));
}
