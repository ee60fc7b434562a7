import type { ObjectName } from "../../gateway/gateway.js";
import type { S3Request } from "../request.js";
import { versionId } from "./paging.js";

/** The object, or the version of it, that a request addresses. */
export function requestedObject({ bucket, key, query }: Pick<S3Request, "bucket" | "key" | "query">): ObjectName {
  const version = versionId(query);
  return { bucket, key, ...(version === undefined ? {} : { versionId: version }) };
}
