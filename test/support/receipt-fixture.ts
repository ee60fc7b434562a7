import { createHash } from "node:crypto";
import { fidOf } from "../../src/encoding/merkle.js";
import type { Hash } from "../../src/model/hash.js";
import { SEGMENT_SIZE } from "../../src/model/sizes.js";
import { signerFromMnemonic, type Signer } from "../../src/network/chain/accounts.js";
import type { ChainFile } from "../../src/network/chain/chain.js";
import { receiptSchema, type Receipt, type ReceiptFile, type Unsigned } from "../../src/receipts/document.js";
import { sign } from "../../src/receipts/signature.js";

export const GENESIS = `0x${"5e".repeat(32)}`;
export const OBSERVED = { block: 90, hash: `0x${"b1".repeat(32)}` };

export const hashOf = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex") as Hash;

/** Accounts with their keys. */
export interface Cast {
  readonly gateway: Signer;
  readonly owner: Signer;
  readonly nodes: readonly Signer[];
}

export async function cast(): Promise<Cast> {
  const nodes = Array.from({ length: 13 }, (_, n) => signerFromMnemonic(`//Node${n}`));
  return {
    gateway: await signerFromMnemonic("//Gateway"),
    owner: await signerFromMnemonic("//Owner"),
    nodes: await Promise.all(nodes),
  };
}

/** The segments of these bytes in the plain format; the fragments are made up. */
export function segmentsOfBytes(bytes: Buffer, { nodes }: Cast): ReceiptFile["segments"] {
  return Array.from({ length: Math.ceil(bytes.length / SEGMENT_SIZE) }, (_, s) => {
    const content = bytes.subarray(s * SEGMENT_SIZE, (s + 1) * SEGMENT_SIZE);
    const hash = createHash("sha256")
      .update(content)
      .update(Buffer.alloc(SEGMENT_SIZE - content.length));
    return {
      hash: hash.digest("hex") as Hash,
      fragments: Array.from({ length: 12 }, (__, index) => hashOf(`fragment ${s} ${index}`)),
      nodes: nodes.slice(0, 12).map(({ account }) => account),
    };
  });
}

/** The receipt of an object with these bytes, in a file of its own. */
export function receiptOf(
  bytes: Buffer,
  of: Cast,
  object: Partial<Receipt["object"]> = {},
  file: Partial<ReceiptFile> = {},
): Receipt {
  const segments = file.segments ?? segmentsOfBytes(bytes, of);
  const unsigned: Unsigned<Receipt> = {
    type: "cess-s3-receipt",
    version: 1,
    issuedAt: "2026-11-29T02:00:00.000Z",
    signer: of.gateway.account,
    network: { genesis: GENESIS },
    observed: OBSERVED,
    object: {
      bucketSha256: hashOf("photos"),
      keySha256: hashOf("ü/1.jpg"),
      versionId: "null",
      createdAt: "2026-11-29T01:00:00.000Z",
      size: bytes.length,
      etag: createHash("md5").update(bytes).digest("hex"),
      checksum: null,
      parts: null,
      encryption: "none",
      ...object,
    },
    files: [
      {
        fid: fidOf(segments.map(({ hash }) => hash)),
        owner: of.owner.account,
        format: "plain",
        declaredBlock: 70,
        completedBlock: 80,
        extent: { offset: 0, length: bytes.length, stored: null },
        segments,
        ...file,
      },
    ],
  };
  return receiptSchema.parse(signed(unsigned, of.gateway));
}

export function signed(unsigned: Unsigned<Receipt>, by: Signer): Receipt {
  return sign<Receipt>(unsigned, { sign: (message) => by.pair.sign(message) });
}

/** As the chain lists a file of a receipt. */
export function listed({ fid, owner, completedBlock, segments }: ReceiptFile): ChainFile {
  return {
    fid,
    size: 1,
    ...(completedBlock === null ? {} : { completed: completedBlock }),
    owners: [{ account: owner, territory: "home" }],
    segments: segments.map(({ hash, fragments, nodes }) => ({
      hash,
      fragments: fragments.map((fragment, index) => ({ hash: fragment, node: nodes[index]! })),
    })),
  };
}
