import { S3Error } from "../../model/errors.js";
import type { Headers } from "./headers.js";

/** Asks to append to an object (S3 Express). A write that ignored it would replace what was to grow. */
const APPEND = "x-amz-write-offset-bytes";

/** NotImplemented for a header that asks for what is not offered and that must not be ignored. */
export function screenHeaders(headers: Headers): void {
  if (headers.get(APPEND) === undefined) return;
  throw new S3Error("NotImplemented", {
    message: "A header you provided implies functionality that is not implemented.",
    fields: { Header: APPEND },
  });
}
