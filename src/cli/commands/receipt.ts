import { z } from "zod";
import { deletionSchema, documentText, receiptSchema } from "../../receipts/document.js";
import { AdminClient, type AdminOptions } from "../admin-client.js";
import { CommandError } from "../command-error.js";

export interface ReceiptOptions extends AdminOptions {
  readonly versionId?: string;
  /** The FID of a file that was deleted, in place of an object. */
  readonly deleted?: string;
}

/** `cess-s3 receipt BUCKET KEY`, or `--deleted FID`: prints a document that the gateway has signed. */
export async function runReceipt(
  bucket: string | undefined,
  key: string | undefined,
  { versionId, deleted, ...options }: ReceiptOptions,
): Promise<void> {
  const client = AdminClient.open(options);
  if (deleted !== undefined) {
    if (bucket !== undefined || versionId !== undefined)
      throw new CommandError("--deleted FID is about a file: name no bucket, key or version with it");
    const certificates = await client.get(`/deletions/${encodeURIComponent(deleted)}`, z.array(deletionSchema).min(1));
    // Mostly there is one owner; each has a document of its own.
    console.log(certificates.map(documentText).join("\n"));
    return;
  }
  if (bucket === undefined || key === undefined)
    throw new CommandError("name the object: cess-s3 receipt BUCKET KEY; or a file that was deleted: --deleted FID");
  const query = versionId === undefined ? "" : `?versionId=${encodeURIComponent(versionId)}`;
  const path = `/receipts/${encodeURIComponent(bucket)}/${encodeURIComponent(key)}${query}`;
  console.log(documentText(await client.get(path, receiptSchema)));
}
