import type { S3Request } from "../request.js";
import { encodeKey } from "./percent.js";

/**
 * Where an object is, as the client reached its bucket: in virtual-host style the host names it, else the path does.
 */
export function objectLocation({
  headers,
  virtual,
  bucket,
  key,
}: Pick<S3Request, "headers" | "virtual" | "bucket" | "key">): string {
  return `http://${headers.get("host") ?? ""}/${virtual ? "" : `${bucket}/`}${encodeKey(key)}`;
}
