import { z } from "zod";
import { checksumAlgorithms } from "../model/checksum.js";
import type { CessAccount } from "../model/account.js";
import { isHash, type Fid } from "../model/hash.js";
import { FRAGMENTS } from "../model/sizes.js";
import { InvalidAccount, parseAccount } from "../network/chain/address.js";

/*
 * The documents that a gateway signs. docs/receipts.md describes each member. Whoever checks one has it from a stranger:
 * nothing but these members, of these forms, is a receipt.
 */

/** Segments of one receipt, 125 GiB: it has 1.7 KiB for each. */
export const MAX_RECEIPT_SEGMENTS = 4_000;
/** A document is never longer, in bytes. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
const MAX_PARTS = 10_000;

const hash = z
  .string()
  .refine(isHash, "is not 64 lower-case hex digits")
  .transform((text) => text);
const fid = hash.transform((text) => text as Fid);
const account = z.string().max(80).refine(isAccount, "is not a CESS account").transform(asAccount);
const blockHash = z.string().regex(/^0x[0-9a-f]{64}$/);
const block = z.int().min(0);
const bytes = z.int().min(0);

/** Only the form in which this program writes accounts: each has one. */
function isAccount(text: string): boolean {
  try {
    return parseAccount(text) === text;
  } catch (error) {
    if (error instanceof InvalidAccount) return false;
    throw error;
  }
}

function asAccount(text: string): CessAccount {
  return text as CessAccount;
}

/** What each document has: who says it, and what of which chain it rests on. */
const head = {
  version: z.literal(1),
  issuedAt: z.iso.datetime(),
  /** The gateway's account on the chain, which signs. */
  signer: account,
  network: z.strictObject({ genesis: blockHash }),
  /** The final block at which the chain was read. */
  observed: z.strictObject({ block, hash: blockHash }),
  signature: z.string().regex(/^0x[0-9a-f]{128}$/),
};

const object = z.strictObject({
  bucketSha256: hash,
  keySha256: hash,
  versionId: z.string().regex(/^[\x21-\x7e]{1,100}$/),
  createdAt: z.iso.datetime(),
  size: bytes.min(1),
  etag: z.string().regex(/^[\x21-\x7e]{1,100}$/),
  checksum: z
    .strictObject({
      algorithm: z.enum(checksumAlgorithms),
      type: z.enum(["COMPOSITE", "FULL_OBJECT"]),
      value: z.string().regex(/^[A-Za-z0-9+/]{4,100}={0,2}(-\d{1,5})?$/),
    })
    .nullable(),
  /** Sizes of its parts, in order. */
  parts: z.array(bytes).min(1).max(MAX_PARTS).nullable(),
  encryption: z.enum(["none", "AES256", "aws:kms", "customer", "cess-cbc"]),
});

const segment = z.strictObject({
  hash,
  fragments: z.array(hash).length(FRAGMENTS),
  /** Who keeps each of them, in the same order. */
  nodes: z.array(account).length(FRAGMENTS),
});

const file = z.strictObject({
  fid,
  owner: account,
  format: z.enum(["plain", "cess-cbc", "aes-256-gcm"]),
  declaredBlock: block.nullable(),
  completedBlock: block.nullable(),
  extent: z.strictObject({
    offset: bytes,
    length: bytes.min(1),
    /** Of an object in a pack: its bytes as they lie there. */
    stored: z.strictObject({ length: bytes.min(1), sha256: hash }).nullable(),
  }),
  segments: z.array(segment).min(1),
});

export const receiptSchema = z
  .strictObject({ type: z.literal("cess-s3-receipt"), ...head, object, files: z.array(file).min(1) })
  .refine(({ files }) => segmentsOf(files) <= MAX_RECEIPT_SEGMENTS, `has more than ${MAX_RECEIPT_SEGMENTS} segments`)
  .refine(
    ({ object: { size }, files }) => size === files.reduce((sum, { extent }) => sum + extent.length, 0),
    "has extents that do not add up to the object's size",
  )
  .refine(
    ({ object: { size, parts } }) => parts === null || size === parts.reduce((sum, each) => sum + each, 0),
    "has parts that do not add up to the object's size",
  );

export const deletionSchema = z.strictObject({
  type: z.literal("cess-s3-deletion"),
  ...head,
  fid,
  owner: account,
  deletedBlock: block.nullable(),
});

export const documentSchema = z.discriminatedUnion("type", [receiptSchema, deletionSchema]);

/** What a gateway says of a stored object. */
export type Receipt = z.output<typeof receiptSchema>;
export type ReceiptFile = Receipt["files"][number];
/** What a gateway says of a file that the chain does not list for an owner any more. */
export type DeletionCertificate = z.output<typeof deletionSchema>;
export type SignedDocument = Receipt | DeletionCertificate;
export type Unsigned<T extends SignedDocument> = Omit<T, "signature">;

export function segmentsOf(files: readonly { readonly segments: readonly unknown[] }[]): number {
  return files.reduce((sum, { segments }) => sum + segments.length, 0);
}

/** How documents are shown and sent. */
export function documentText(document: SignedDocument): string {
  return JSON.stringify(document, undefined, 2);
}
