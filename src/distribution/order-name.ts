import { createCipheriv, createDecipheriv } from "node:crypto";

/** In the order of their codes. */
const KINDS = ["own-file", "pack", "journal", "snapshot", "journal-part", "snapshot-part"] as const;

/** What a name on chain says to whoever has the master key. */
export interface OrderedFile {
  readonly kind: (typeof KINDS)[number];
  /** The id of the file's row in the catalog, or the number of the journal or snapshot; below 2^48. */
  readonly number: number;
  /** Of a journal or snapshot, or of one that the next journal goes on with: eight hex digits, of the catalog that it tells of. */
  readonly stream?: string;
}

/** What the keys are derived for (Keys.derive). */
export const ORDER_NAMES = "names on chain";

/** Sixteen, one for each hex digit. The runtime at spec 100 chokes on j and J where the name is a bucket's. */
const LETTERS = "abcdefghiklmnopq";
const NAME = /^[a-ik-q]{32}$/;
/** Of AES. A name is one block. */
const BLOCK = 16;
const NUMBER_BYTES = 6;
const STREAM_FROM = 1 + NUMBER_BYTES;
const STREAM_BYTES = 4;

/**
 * The names that files have on chain, where everybody can read them: 32 letters that say nothing to others. The runtime
 * wants 3 to 63 bytes. With the key, a name tells which file it is (docs/encryption.md has it byte by byte).
 *
 * It is a block of AES-256, written in letters: the kind, the number, and nine bytes of zeros, of which a
 * journal has four for its catalog. Without the key the block
 * is a random permutation's, so equal files have equal names (an order that is sent twice is the same), different ones
 * look unrelated, and what somebody else makes up opens with a probability below 2^-46. A name can be copied, though: who
 * opens one has to compare the FID beside it with that of the file.
 */
export class OrderNames {
  /** `keys`: each 32 bytes, for nothing else; at least one. The first makes names, the others only open them. */
  constructor(private readonly keys: readonly Uint8Array[]) {}

  /** Throws RangeError from the number 2^48 on. */
  name({ kind, number, stream }: OrderedFile): string {
    const [key] = this.keys;
    if (!key) throw new RangeError("there is no key for names");
    const block = Buffer.alloc(BLOCK);
    block.writeUInt8(KINDS.indexOf(kind));
    block.writeUIntBE(number, 1, NUMBER_BYTES);
    if (stream !== undefined) block.write(stream, STREAM_FROM, STREAM_BYTES, "hex");
    const cipher = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
    const sealed = Buffer.concat([cipher.update(block), cipher.final()]);
    return Array.from(sealed.toString("hex"), (digit) => LETTERS.charAt(parseInt(digit, 16))).join("");
  }

  /** Undefined for a name that none of the keys made. */
  open(name: string): OrderedFile | undefined {
    if (!NAME.test(name)) return undefined;
    const digits = Array.from(name, (letter) => LETTERS.indexOf(letter).toString(16)).join("");
    for (const key of this.keys) {
      const decipher = createDecipheriv("aes-256-ecb", key, null).setAutoPadding(false);
      const block = Buffer.concat([decipher.update(digits, "hex"), decipher.final()]);
      const kind = KINDS[block.readUInt8()];
      if (kind === undefined) continue;
      const isJournal = kind !== "own-file" && kind !== "pack";
      const end = isJournal ? STREAM_FROM + STREAM_BYTES : STREAM_FROM;
      if (block.subarray(end).some((byte) => byte !== 0)) continue;
      const stream = isJournal ? { stream: block.toString("hex", STREAM_FROM, end) } : {};
      return { kind, number: block.readUIntBE(1, NUMBER_BYTES), ...stream };
    }
    return undefined;
  }
}
