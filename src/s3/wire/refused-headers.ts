import { S3Error } from "../../gateway/s3-error.js";
import type { Headers } from "./headers.js";

/** Asks S3 Express to append to an object. Ignoring it would replace the object instead. */
const APPEND = "x-amz-write-offset-bytes";

/** NotImplemented for a header that is not offered and must not be ignored. */
export function screenHeaders(headers: Headers): void {
  if (headers.get(APPEND) === undefined) return;
  throw new S3Error("NotImplemented", {
    message: "A header you provided implies functionality that is not implemented.",
    fields: { Header: APPEND },
  });
}
