import type { S3Request } from "../request.js";
import { encodeKey } from "./percent.js";

/**
 * The URL of an object, in the style in which the client addressed its bucket: by virtual host or by path.
 */
export function objectLocation({
  headers,
  virtual,
  bucket,
  key,
}: Pick<S3Request, "headers" | "virtual" | "bucket" | "key">): string {
  return `http://${headers.get("host") ?? ""}/${virtual ? "" : `${bucket}/`}${encodeKey(key)}`;
}
