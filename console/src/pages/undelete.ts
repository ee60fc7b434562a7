import { signal } from "@preact/signals";
import { number } from "../lib/format.js";
import { DELETE_BATCH, type KeyVersion, type S3 } from "../lib/s3.js";
import { t } from "../texts.js";
import { toast } from "../ui/parts.js";

/** Counts what came back, so that listings can look again. */
export const undeleted = signal(0);

/** Removing their delete markers brings objects back. Throws at the first that does not come back. */
export async function undelete(s3: S3, bucket: string, markers: readonly KeyVersion[]): Promise<void> {
  try {
    for (let at = 0; at < markers.length; at += DELETE_BATCH) {
      const { failures } = await s3.remove(bucket, markers.slice(at, at + DELETE_BATCH));
      const [failed] = failures;
      if (failed) throw new Error(`${failed.key}: ${failed.text}`);
    }
  } finally {
    undeleted.value++;
  }
  toast(t.undeleted(number(markers.length)));
}
